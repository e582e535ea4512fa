// What ends or grows by itself, and needs somebody in time: certificates, and the age of the queue.

import { html } from 'hono/html';
import type { QueueTotals } from '../store/lookups.ts';
import type { ConsoleCondition } from './condition.ts';
import { state } from './fate.ts';
import type { Html } from './page.ts';
import { ago, counted, pageOf } from './words.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** `totals`: undefined, the store does not answer. */
export function watched(
  { certificates }: ConsoleCondition,
  totals: QueueTotals | undefined,
  now: number,
): Html {
  return html`<section class="card" id="live-watched">
    <h2>To be watched</h2>
    <ul class="fates">
      ${certificates.map((one) => certificate(one, now))} ${queueAge(totals, now)}
    </ul>
  </section>`;
}

export function certificatesOf({ certificates }: ConsoleCondition, now: number): Html {
  return html`<section class="card">
    <h2>Certificates</h2>
    ${
      certificates.length === 0
        ? html`<p class="empty">None: no listener here has TLS.</p>`
        : html`<ul class="fates">
            ${certificates.map((one) => certificate(one, now))}
          </ul>`
    }
  </section>`;
}

/** What is late is said by the warnings, which go by the lifetime of each. */
function certificate({ names, endsAt, isLate }: ConsoleCondition['certificates'][number], now: number): Html {
  const left = endsAt - now;
  const days = counted(Math.max(0, Math.floor(left / DAY_MS)), 'day');
  return html`<li>
    <span>Certificate for ${names}</span>
    ${left <= 0 ? state('fail', 'expired') : isLate ? state('wait', `${days} left`) : state('good', `${days} left`)}
  </li>`;
}

function queueAge(totals: QueueTotals | undefined, now: number): Html {
  if (totals === undefined) return html``;
  const { oldestAcceptedAt: oldest } = totals;
  return html`<li>
    <span><a href="${pageOf('/queue', {})}">Oldest message in the queue</a></span>
    ${
      oldest === undefined
        ? state('good', 'none waits')
        : html`${now - oldest > HOUR_MS ? state('wait', 'late') : state('good', 'fresh')} ${ago(oldest, now)}`
    }
  </li>`;
}
