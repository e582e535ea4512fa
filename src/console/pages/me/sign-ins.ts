// Where one is signed in to the console, and one's own password: a session that is not one's own is ended, a password that others may know is changed.

import { html } from 'hono/html';
import type { OwnSession } from '../../../administration/console-sessions.ts';
import type { MyAccount } from '../../../administration/my-account.ts';
import { UseCaseFailure } from '../../../administration/failure.ts';
import { safe } from '../../../base/safe-text.ts';
import { state } from '../../fate.ts';
import type { Act, Asked, Html } from '../../page.ts';
import { tableHead, unseen } from '../../table-head.ts';
import { moment } from '../../words.ts';
import { tokenField } from '../../token-field.ts';
import { passwordField, revisionProven } from '../own-forms.ts';

const DEVICES = '/me/devices';
const SESSIONS = '/me/sessions';
const PASSWORD = '/me/password';

export function sessionsCard(asked: Asked, sessions: readonly OwnSession[]): Html {
  return html`<section class="card">
    <h2>Signed in here</h2>
    <table class="rows">
      ${tableHead('Since', 'From', 'Last used', unseen('End'))}
      <tbody>
        ${sessions.map((one) => row(asked, one))}
      </tbody>
    </table>
  </section>`;
}

function row(asked: Asked, { name, beganAt, by, address, browser, usedAt }: OwnSession): Html {
  const isThis = name === asked.session.name;
  return html`<tr>
    <td data-name="Since"><span>${moment(beganAt)}, by ${by}</span></td>
    <td data-name="From">
      <span>${safe(address)}<br /><span class="soft small">${safe(browser)}</span></span>
    </td>
    <td data-name="Last used"><span>${isThis ? state('good', 'this one') : moment(usedAt)}</span></td>
    <td data-name="">
      ${
        isThis
          ? html`<span></span>`
          : html`<form method="post" action="${SESSIONS}">
              ${tokenField(asked.session.formToken)}<input type="hidden" name="session" value="${name}" />
              <button class="bad">End<span class="hidden"> the session from ${safe(address)}</span></button>
            </form>`
      }
    </td>
  </tr>`;
}

export const endMySession: Act = {
  path: SESSIONS,
  async carryOut({ administration }, form) {
    await administration().endMySession({ session: form.get('session') ?? '' });
    return { to: DEVICES, notice: 'That session is over.' };
  },
};

export function passwordCard(asked: Asked, { password, keptIn, login }: MyAccount): Html {
  if (keptIn !== undefined)
    return card(html`<p>Your password is kept in the directory ${safe(keptIn)}: change it there.</p>`);
  if (password === undefined) return card(html`<p>You have none: your administrator sets one.</p>`);
  const { since, lastUse } = password;
  return card(
    html`<p>
        Set
        ${moment(since)}${lastUse === undefined ? '' : html`, last used ${moment(lastUse.at)} from ${lastUse.address}`}.
        It opens this console too: give each device an app password of its own.
      </p>
      <form method="post" action="${PASSWORD}" class="stack">
        ${tokenField(asked.session.formToken)}
        <input type="hidden" name="username" autocomplete="username" value="${login}" />
        ${passwordField('present', 'The present password', 'current-password')}
        ${passwordField('password', 'The new one', 'new-password')}
        ${passwordField('again', 'The new one again', 'new-password')}
        <p><button>Change the password</button></p>
      </form>`,
  );
}

const card = (content: Html): Html =>
  html`<section class="card">
    <h2>Password</h2>
    ${content}
  </section>`;

export const changeMyPassword: Act = {
  path: PASSWORD,
  async carryOut(asked, form) {
    const password = form.get('password') ?? '';
    if (password !== form.get('again'))
      throw new UseCaseFailure('the new password was not typed twice alike: nothing was changed', 'usage');
    const provenAt = await revisionProven(asked, form.get('present') ?? '');
    await asked.administration().changeMyPassword({ password, provenAt });
    return {
      to: DEVICES,
      changedOwnSignIn: true,
      notice: 'Your password is changed. Mail programs that use it have to be told; other sessions are over.',
    };
  },
};
