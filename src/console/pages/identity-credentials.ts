// Of an account: with what it logs in, where that was used last, and how it is taken away; a new app password.

import { html } from 'hono/html';
import type { Account, ShownAccount } from '../../administration/accounts.ts';
import { safe } from '../../base/safe-text.ts';
import type { CredentialUse } from '../../store/lookups.ts';
import { isSecondFactor } from '../../identity/second-factor-changes.ts';
import { state } from '../fate.ts';
import type { Asked, Html } from '../page.ts';
import { pageOfPart } from '../queue-words.ts';
import { tableHead, unseen } from '../table-head.ts';
import { counted, figure, LAST_USE, moment, pageOf } from '../words.ts';
import { ACCOUNT, actForm } from './identity-forms.ts';
import { passwordField } from './own-forms.ts';

type Kept = Account['credentials'][number];

/** More of them stand on a page of their own. */
const ROWS = 15;
const ALL = 'credentials';

const kinds: Readonly<Record<Kept['kind'], string>> = {
  ...{ password: 'password', appPassword: 'app password', token: 'token of the API' },
  ...{ totp: 'second factor', passkey: 'passkey', recoveryCode: 'recovery codes' },
};

const revokedBy: Readonly<
  Partial<Record<Kept['kind'], 'revokePassword' | 'revokeAppPassword' | 'revokeToken'>>
> = { password: 'revokePassword', appPassword: 'revokeAppPassword', token: 'revokeToken' };

export function credentials(asked: Asked, { account, uses }: ShownAccount): Html {
  const all = account.credentials.toSorted(
    (one, other) => Number(one.disabled !== undefined) - Number(other.disabled !== undefined),
  );
  const rows = asked.query.get('all') === ALL ? all : all.slice(0, ROWS);
  return html`<section class="card">
    <h2>Credentials</h2>
    ${
      all.length === 0
        ? html`<p class="empty">None: nobody can log in.</p>`
        : html`<table class="rows">
              ${tableHead('Label', 'State', 'Last used', unseen('Revoke'))}
              <tbody>
                ${rows.map((one) => row(asked, account, one, uses))}
              </tbody>
            </table>
            <p class="soft small">${LAST_USE} Sign-ins with a second factor are in the access record.</p>`
    }
    ${moreOf(account.login, ALL, all.length, rows.length)} ${whatElse(asked, account)}
  </section>`;
}

/** `all`: by which the page is asked for all of them. */
export function moreOf(login: string, all: string, count: number, shown: number): Html | '' {
  if (count === shown) return '';
  return html`<p>
    <a class="button" href="${pageOf(ACCOUNT, { login, all })}">All ${figure(count)}</a>
  </p>`;
}

function row(
  asked: Asked,
  { login, state: isNow }: Account,
  { id, kind, label, createdAt, expiresAt, disabled }: Kept,
  uses: readonly CredentialUse[],
): Html {
  const last = uses.find(({ credentialId }) => credentialId === id);
  const act = disabled === undefined && isNow !== 'removed' ? revokedBy[kind] : undefined;
  return html`<tr>
    <td data-name="Label">
      <span
        >${safe(label)}<br /><span class="soft"
          >${kinds[kind]}${kind === 'appPassword' || kind === 'token' ? html` <span class="id">${id}</span>` : ''},
          made ${moment(createdAt)}</span
        >${asked.may('countQueue') && sends(kind) ? html`<br /><a href="${pageOfPart({ identity: login, credential: id })}">Its mail in the queue</a>` : ''}</span
      >
    </td>
    <td data-name="State">
      <span
        >${
          disabled === undefined
            ? state('good', 'counts')
            : html`${state('fail', 'revoked')} ${moment(disabled.at)} by ${safe(disabled.by)}`
        }${expiresAt === undefined ? '' : html`, until ${moment(expiresAt)}`}</span
      >
    </td>
    <td data-name="Last used">
      <span>${lastUsed(kind, last)}</span>
    </td>
    <td data-name="">
      ${
        act === undefined || !asked.may(act)
          ? html`<span></span>`
          : actForm(
              asked,
              { login, action: act, credential: id, label },
              html`<button class="bad" aria-label="Revoke ${safe(label)}">Revoke …</button>`,
            )
      }
    </td>
  </tr>`;
}

/** Mail is submitted with it. */
const sends = (kind: Kept['kind']): boolean => kind === 'appPassword' || kind === 'password';

/** Of a second factor no use is noted with the account. */
function lastUsed(kind: Kept['kind'], last: CredentialUse | undefined): Html | string {
  if (isSecondFactor({ kind })) return 'not noted here';
  return last === undefined ? 'not lately' : html`${moment(last.at)} from ${last.address}`;
}

/** A new one, and what ends all of them. */
function whatElse(asked: Asked, { login, state: isNow, credentials: all }: Account): Html | '' {
  if (isNow === 'removed') return '';
  const counting = all.filter(({ kind, disabled }) => kind === 'appPassword' && disabled === undefined);
  return html`${
    asked.may('addAppPassword')
      ? actForm(
          asked,
          { login, action: 'addAppPassword' },
          html`<label>
              New app password for the device
              <input name="label" maxlength="100" placeholder="phone" autocomplete="off" required />
            </label>
            <label>
              Ends after
              <input name="expires" maxlength="12" placeholder="never, or 365d" autocomplete="off" />
            </label>
            <button>Make it</button>`,
        )
      : ''
  }
  ${
    asked.may('setPassword')
      ? actForm(
          asked,
          { login, action: 'setPassword' },
          html`${passwordField('password', 'New password of its person, for the console and for mail', 'new-password')}
            <button>Set it</button>`,
        )
      : ''
  }
  ${
    counting.length > 1 && asked.may('revokeAppPasswords')
      ? actForm(
          asked,
          { login, action: 'revokeAppPasswords' },
          html`<button class="bad">Revoke all ${counted(counting.length, 'app password')} …</button>`,
        )
      : ''
  }
  ${
    all.some(({ kind }) => kind === 'totp') && asked.may('resetSecondFactor')
      ? actForm(
          asked,
          { login, action: 'resetSecondFactor' },
          html`<button class="bad">Take the second factor away …</button>`,
        )
      : ''
  }`;
}

const PLACES = 20;

/** Where its credentials were used last. */
export function places({ account, uses }: ShownAccount): Html {
  const labels = new Map(account.credentials.map(({ id, label }) => [id, label]));
  return html`<section class="card">
    <h2>Places</h2>
    ${
      uses.length === 0
        ? html`<p class="empty">It has not logged in yet.</p>`
        : html`<ul class="fates">
            ${uses.slice(0, PLACES).map(
              ({ address, at, credentialId }) =>
                html`<li>
                  <a href="${pageOf('/trace', { q: address })}">${address}</a>
                  <span class="soft">${safe(labels.get(credentialId) ?? credentialId)}, ${moment(at)}</span>
                </li>`,
            )}
          </ul>`
    }
  </section>`;
}
