// What waits by account and by age, beside the list of the queue: each line leads to what it counts.

import { html } from 'hono/html';
import { ageInWords, type QueueOfAge } from '../../administration/queue-views.ts';
import type { QueuePart } from '../../administration/queue-selector.ts';
import { safe } from '../../base/safe-text.ts';
import type { QueueOfIdentity } from '../../store/lookups.ts';
import type { Html } from '../page.ts';
import { pageOfPart } from '../queue-words.ts';
import { tableHead } from '../table-head.ts';
import { ago, capital, counted, figure, pageOf } from '../words.ts';

/** Accounts that are shown. */
export const ACCOUNTS = 20;

/** `all`: recipients in the queue, if who looks may know. */
export function byAccount(accounts: readonly QueueOfIdentity[], all: number | undefined, now: number): Html {
  const others = all === undefined ? 0 : all - accounts.reduce((sum, one) => sum + one.deliveries, 0);
  return html`<section class="card">
    <h2>By account</h2>
    ${
      accounts.length === 0
        ? html`<p class="empty">No account has mail here that waits.</p>`
        : html`<table class="rows" aria-label="By account">
            ${tableHead('Account', 'Recipients', 'Oldest')}
            <tbody>
              ${accounts.map((one) => account(one, now))}
            </tbody>
          </table>`
    }
    ${accounts.length < ACCOUNTS || all !== undefined ? '' : html`<p class="soft small">The ${ACCOUNTS} with most are shown.</p>`}
    ${
      others <= 0
        ? ''
        : html`<p class="soft small">
            And ${counted(others, 'recipient')} of accounts with less, of our own reports, or of mail from
            outside.
          </p>`
    }
  </section>`;
}

function account({ login, deliveries, oldestAcceptedAt }: QueueOfIdentity, now: number): Html {
  const count = figure(deliveries);
  return html`<tr>
    <td data-name="Account">
      ${
        login === undefined
          ? html`<span class="soft">one that is gone</span>`
          : html`<a href="${pageOf('/identity', { login })}">${safe(login)}</a>`
      }
    </td>
    <td data-name="Recipients">
      ${
        login === undefined
          ? html`<span>${count}</span>`
          : html`<a href="${pageOfPart({ identity: login })}" aria-label="${count} of ${safe(login)}"
              >${count}</a
            >`
      }
    </td>
    <td data-name="Oldest">
      <span>${oldestAcceptedAt === undefined ? '' : ago(oldestAcceptedAt, now)}</span>
    </td>
  </tr>`;
}

/** `part`: what was counted. */
export function byAge(ages: readonly QueueOfAge[], part: QueuePart): Html {
  return html`<section class="card">
    <h2>By age</h2>
    <table class="rows" aria-label="By age">
      ${tableHead('Waiting for', 'Recipients')}
      <tbody>
        ${ages.map(({ deliveries, isCut, ...range }) => {
          const words = ageInWords(range);
          const count = isCut ? `over ${figure(deliveries)}` : figure(deliveries);
          return html`<tr>
            <td data-name="Waiting for"><span>${capital(words)}</span></td>
            <td data-name="Recipients">
              ${
                deliveries === 0
                  ? html`<span>none</span>`
                  : html`<a href="${pageOfPart({ ...part, ...range })}" aria-label="${count}, ${words}"
                      >${count}</a
                    >`
              }
            </td>
          </tr>`;
        })}
      </tbody>
    </table>
  </section>`;
}
