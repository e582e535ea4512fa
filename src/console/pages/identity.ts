// Identity: the list of accounts, or one of them: may it send, with what, as whom, how much; where its credentials were used last; and the way to stop it, or to let it go on.

import { html } from 'hono/html';
import type { ShownAccount } from '../../administration/accounts.ts';
import { safe } from '../../base/safe-text.ts';
import type { IdentityState } from '../../record/identity.ts';
import { state } from '../fate.ts';
import type { Asked, Html, Page } from '../page.ts';
import { limitMeter } from '../limit-meter.ts';
import { reasonField } from '../reason-field.ts';
import { counted, moment, pageOf } from '../words.ts';
import { accountsNamed, searchBox, wordsOf } from './identities.ts';
import { credentials, places } from './identity-credentials.ts';
import { ACCOUNT, actForm } from './identity-forms.ts';
import { fourWeeks, lastMail, whoLooked } from './identity-mail.ts';
import { limitForm, mayItSend, rights, roleAndEnd, roleText, undoWindowForm } from './identity-rights.ts';

const LOGIN_LENGTH_MAX = 320;
const LOOKS = 10;

export const identity: Page = {
  path: ACCOUNT,
  title: 'Identity',
  inMenu: true,
  needs: ['pageAccounts'],
  async show(asked) {
    const named = (asked.query.get('login') ?? '').trim().slice(0, LOGIN_LENGTH_MAX);
    const found = named === '' ? await accountsNamed(asked) : { login: named };
    if ('list' in found)
      return html`<h1>Identity</h1>
        ${searchBox(wordsOf(asked.query), asked)} ${found.list}`;
    const administration = asked.administration();
    // The days take as long as all the others together.
    const [days, { shown, queued, mail }] = await Promise.all([
      administration.accountDays(found),
      accountAndMail(asked, found),
    ]);
    const { account } = shown;
    const { login } = account;
    // The look of now is told too.
    const looked = asked.may('accountLooks')
      ? await administration.accountLooks({ login, max: LOOKS })
      : undefined;
    return html`<h1>Identity</h1>
      ${searchBox(found.login, asked)} ${stateOf(asked, shown, queued)}
      <div class="pair">${fourWeeks(days)} ${limits(asked, shown)}</div>
      ${mail} ${credentials(asked, shown)}
      <div class="pair">${rights(asked, shown)} ${await mayItSend(asked, account)}</div>
      <div class="pair">
        ${places(shown)}
        ${looked === undefined ? '' : whoLooked(login, looked.looks, looked.next !== undefined)}
        ${roleAndEnd(asked, account)}
      </div>`;
  },
};

async function accountAndMail(asked: Asked, of: { readonly login: string }) {
  const administration = asked.administration();
  const shown = await administration.showAccount(of);
  const [queued, mail] = await Promise.all([
    administration.countQueue({ part: { identity: shown.account.login } }),
    lastMail(asked, shown.account),
  ]);
  return { shown, queued, mail };
}

const states: Readonly<Record<IdentityState, Html>> = {
  active: state('good', 'may send'),
  suspended: state('hold', 'suspended: sends nothing, its queue is held'),
  removed: state('fail', 'removed'),
};

function stateOf(asked: Asked, { account }: ShownAccount, queued: number): Html {
  const { login, displayName, createdAt, removedAt, undoSeconds } = account;
  return html`<section class="card">
    <div class="head">
      <h2>${login}</h2>
      ${states[account.state]}
    </div>
    <dl class="facts">
      ${
        displayName === undefined
          ? ''
          : html`<dt>Name</dt>
              <dd>${safe(displayName)}</dd>`
      }
      <dt>Mailbox</dt>
      <dd>${account.mailbox ? 'yes' : 'none: a service'}</dd>
      <dt>Role</dt>
      <dd>${roleText(account)}</dd>
      ${
        undoSeconds === undefined
          ? ''
          : html`<dt>Undo window</dt>
              <dd>${counted(undoSeconds, 'second')}</dd>`
      }
      <dt>Made</dt>
      <dd>${moment(createdAt)}</dd>
      ${
        removedAt === undefined
          ? ''
          : html`<dt>Removed</dt>
              <dd>${moment(removedAt)}</dd>`
      }
      <dt>In the queue</dt>
      <dd><a href="${pageOf('/queue', { identity: login })}">${counted(queued, 'recipient')}</a></dd>
    </dl>
    ${actForm(
      asked,
      { login },
      html`<a class="button" href="${pageOf('/trace', { q: login })}">Its mail and refusals</a> ${
          account.state === 'removed'
            ? ''
            : html`${reasonField()}
              ${
                account.state === 'active'
                  ? html`<button class="bad" name="action" value="suspend">Suspend</button>`
                  : html`<button class="main" name="action" value="resume">Let it send again</button>`
              }`
        }`,
    )}
  </section>`;
}

function limits(asked: Asked, { account, limitUse }: ShownAccount): Html {
  const told = limitUse.filter(({ name, used }) => used > 0 || !name.startsWith('nullSender'));
  return html`<section class="card">
    <h2>Limits</h2>
    <ul class="meters">
      ${told.map(limitMeter)}
    </ul>
    ${limitForm(asked, account)} ${undoWindowForm(asked, account)}
  </section>`;
}
