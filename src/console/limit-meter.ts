// How much of a sending limit is used: a meter, and the same in words.

import { html } from 'hono/html';
import type { LimitName, Use } from '../policy/limits.ts';
import { state } from './fate.ts';
import type { Html } from './page.ts';
import { capital, counted, figure } from './words.ts';

/** What is counted, and over which time. */
const windows: Readonly<Record<LimitName, readonly [one: string, of: string]>> = {
  messagesPerHour: ['message', 'the last hour'],
  messagesPerDay: ['message', 'the last day'],
  recipientsPerHour: ['recipient', 'the last hour'],
  recipientsPerDay: ['recipient', 'the last day'],
  nullSenderPerHour: ['null-sender message', 'the last hour'],
  nullSenderPerDay: ['null-sender message', 'the last day'],
};

export function limitMeter({ name, used, limit }: Use): Html {
  const [one, of] = windows[name];
  if (limit === undefined)
    return html`<li><span>${capital(counted(used, one))} in ${of}. There is no limit.</span></li>`;
  const left = Math.max(0, limit - used);
  const label = `${one}s in ${of}`;
  return html`<li>
    <span>${warning(used, limit)} ${figure(used)} of ${figure(limit)} ${label}; ${figure(left)} left.</span>
    ${
      limit === 0
        ? ''
        : html`<meter min="0" max="${limit}" value="${Math.min(used, limit)}" aria-label="${label}">
            ${used} of ${limit}
          </meter>`
    }
  </li>`;
}

/** From this part of a limit on it is worth a word. */
const NEAR = 0.8;

function warning(used: number, limit: number): Html | string {
  if (limit === 0) return state('fail', 'None allowed:');
  if (used >= limit) return state('fail', 'Used up:');
  return used >= limit * NEAR ? state('wait', 'Nearly used up:') : '';
}
