// How much of a sending limit is used: a meter, and the same in words.

import { html } from 'hono/html';
import { isNearEnd, isUsedUp, type LimitName, type Use } from '../policy/limits.ts';
import { state } from './fate.ts';
import type { Html } from './page.ts';
import { capital, counted, figure, moment } from './words.ts';

/** What is counted, and over which time. */
const windows: Readonly<Record<LimitName, readonly [one: string, of: string]>> = {
  messagesPerHour: ['message', 'the last hour'],
  messagesPerDay: ['message', 'the last day'],
  recipientsPerHour: ['recipient', 'the last hour'],
  recipientsPerDay: ['recipient', 'the last day'],
  nullSenderPerHour: ['null-sender message', 'the last hour'],
  nullSenderPerDay: ['null-sender message', 'the last day'],
};

export const USED_UP = state('fail', 'Used up:');
export const NEARLY = state('wait', 'Nearly used up:');

export function limitMeter(use: Use): Html {
  const { name, used, limit } = use;
  const [one, of] = windows[name];
  if (limit === undefined)
    return html`<li><span>${capital(counted(used, one))} in ${of}. There is no limit.</span></li>`;
  const left = Math.max(0, limit - used);
  return html`<li>
    <span>${warning(use)} ${limitText(use)}; ${figure(left)} left.${again(use)}</span>
    ${
      limit === 0
        ? ''
        : html`<meter min="0" max="${limit}" value="${Math.min(used, limit)}" aria-label="${one}s in ${of}">
            ${used} of ${limit}
          </meter>`
    }
  </li>`;
}

/** Of one that has a limit. */
export function limitText({ name, used, limit = 0 }: Use): string {
  const [one, of] = windows[name];
  return `${figure(used)} of ${figure(limit)} ${one}s in ${of}`;
}

function warning(use: Use): Html | string {
  if (use.limit === 0) return state('fail', 'None allowed:');
  if (isUsedUp(use)) return USED_UP;
  return isNearEnd(use.used, use.limit) ? NEARLY : '';
}

function again(use: Use): Html | string {
  return isUsedUp(use) && use.freesAt !== undefined ? html` One more fits from ${moment(use.freesAt)}.` : '';
}
