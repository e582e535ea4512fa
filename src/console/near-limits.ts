// Accounts that have used most of a sending limit, each with the way to its page.

import { html } from 'hono/html';
import type { NearLimit } from '../administration/near-limits.ts';
import { isUsedUp, type Use } from '../policy/limits.ts';
import { limitText, NEARLY, USED_UP } from './limit-meter.ts';
import type { Html } from './page.ts';
import { ACCOUNT } from './pages/identity-forms.ts';
import { tableHead } from './table-head.ts';
import { moment, pageOf } from './words.ts';

const SHOWN = 10;

/** `accounts`: undefined, it is not known. */
export function nearLimitsCard(accounts: readonly NearLimit[] | undefined): Html {
  return html`<section class="card" id="live-limits">
    <h2>Limits near their end</h2>
    ${
      accounts === undefined
        ? html`<p class="empty">The store does not answer.</p>`
        : accounts.length === 0
          ? html`<p class="empty">Nobody has used four fifths of a sending limit.</p>`
          : html`<table class="rows">
              ${tableHead('Account', 'Used', 'Frees')}
              <tbody>
                ${accounts.slice(0, SHOWN).flatMap(({ login, limits }) => limits.map((use) => row(login, use)))}
              </tbody>
            </table>`
    }
    ${
      accounts !== undefined && accounts.length > SHOWN
        ? html`<p class="soft">And ${accounts.length - SHOWN} more accounts, less full.</p>`
        : ''
    }
    <p class="soft small">Of accounts that this server has taken mail of since its start.</p>
  </section>`;
}

function row(login: string, use: Use): Html {
  const { freesAt } = use;
  return html`<tr>
    <td data-name="Account"><a href="${pageOf(ACCOUNT, { login })}">${login}</a></td>
    <td data-name="Used">
      <span>${isUsedUp(use) ? USED_UP : NEARLY} ${limitText(use)}</span>
    </td>
    <td data-name="Frees">
      <span
        >${
          freesAt === undefined
            ? ''
            : html`${isUsedUp(use) ? 'takes one more from' : 'under four fifths from'} ${moment(freesAt)}`
        }</span
      >
    </td>
  </tr>`;
}
