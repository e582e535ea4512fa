// Why a recipient waits, and when it is tried next: the same words wherever the console shows it by itself.

import { html } from 'hono/html';
import type { ListedEntry } from '../administration/queue-why.ts';
import { safe } from '../base/safe-text.ts';
import { state } from './fate.ts';
import type { Html } from './page.ts';
import { stateOf } from './pages/queue.ts';
import { moment } from './words.ts';

/** `now`: milliseconds since the epoch. */
export function waitsWords({ entry, waiting }: ListedEntry, now: number): Html {
  const { heldBy, active, dueAt } = entry;
  const isUntried = heldBy.length === 0 && !active && waiting.last === undefined;
  // Of what was never tried, why it waits is its state as well.
  const words = isUntried
    ? state('none', waiting.why)
    : html`${stateOf(entry, waiting)} <span class="soft">${safe(waiting.why)}</span>`;
  if (heldBy.length > 0 || active) return words;
  return html`${words}
    <span class="soft small">${dueAt <= now ? 'due now' : html`next try ${moment(dueAt)}`}</span>`;
}
