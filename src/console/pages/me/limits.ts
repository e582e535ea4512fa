// My limits: how much one may send, and has sent; and as whom one may send.

import { html } from 'hono/html';
import type { MyAccount } from '../../../administration/my-account.ts';
import { limitMeter } from '../../limit-meter.ts';
import type { Html, Page } from '../../page.ts';

export const myLimits: Page = {
  path: '/me/limits',
  title: 'My limits',
  inMenu: true,
  ofOneself: true,
  needs: ['myAccount'],
  async show({ administration }) {
    const account = await administration().myAccount();
    return html`<h1>My limits</h1>
      <div class="pair">${limitsOf(account)} ${rightsOf(account)}</div>`;
  },
};

function limitsOf({ limits }: MyAccount): Html {
  // Who never sends without a sender need not know what that is.
  const told = limits.filter(({ name, used }) => used > 0 || !name.startsWith('nullSender'));
  return html`<section class="card">
    <h2>How much I may send</h2>
    <ul class="meters">
      ${told.map(limitMeter)}
    </ul>
    <p class="soft small">
      Windows slide: what is older than an hour, or a day, counts no more. Over the limit of an hour a mail
      program is told to try later; over that of a day mail is refused.
    </p>
  </section>`;
}

function rightsOf({ login, rights }: MyAccount): Html {
  const others = rights.flatMap((right) =>
    right.kind === 'domain'
      ? [`any address of ${right.domain}`]
      : right.address === login
        ? []
        : [right.address],
  );
  return html`<section class="card">
    <h2>As whom I may send</h2>
    <ul class="fates">
      <li><span>${login}</span> <span class="soft">your login</span></li>
      ${others.map((text) => html`<li><span>${text}</span></li>`)}
    </ul>
    <p class="soft small">
      Mail from any other address is refused, in the envelope and in the header. Your administrator gives
      more.
    </p>
  </section>`;
}
