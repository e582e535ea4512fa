// What became of somebody's own mail, in plain words: a state with its shape, and the sentence beside it.

import { html } from 'hono/html';
import type { MyFate, MyStep } from '../administration/my-mail.ts';
import { safe } from '../base/safe-text.ts';
import type { HoldReason } from '../store/queue-change.ts';
import { state } from './fate.ts';
import type { Html } from './page.ts';
import { statusMeaning } from './status-words.ts';
import { counted, moment } from './words.ts';

const heldWords: Readonly<Record<HoldReason, string>> = {
  identity: 'your account is stopped',
  operator: 'an operator held it',
  review: 'until an operator has looked at it',
};

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1);

const meaningOf = (status: string | undefined): string | undefined =>
  status === undefined ? undefined : statusMeaning(status);

function whyOf(status: string | undefined): string {
  const meaning = meaningOf(status);
  return meaning === undefined ? '' : `: ${meaning}`;
}

/** A state, and why it is so, if that is known. */
function told(kind: string, word: string, why: string | undefined): Html {
  return why === undefined ? state(kind, word) : html`${state(kind, `${word}:`)} ${why}`;
}

/** `now`: milliseconds since the epoch. `undoUntil`: until then its sender can take it back. */
export function myFateWords(fate: MyFate, now: number, undoUntil?: number): Html {
  const { at } = fate;
  const when = at === undefined ? '' : html` ${moment(at)}`;
  switch (fate.fate) {
    case 'delivered':
      return html`${state('good', 'Delivered')} to the server of ${safe(domainOf(fate.recipient))}${when}`;
    case 'relayed':
      return html`${state('good', 'Passed on')} for ${safe(domainOf(fate.recipient))}${when}`;
    case 'failed':
      return html`${told('fail', 'Refused', meaningOf(fate.status))}${when}`;
    case 'expired':
      return html`${state('fail', 'Given up')} after
      ${counted(fate.attempts, 'attempt')}${whyOf(fate.status)}${when}`;
    case 'dropped':
      return fate.takenBack === true
        ? html`${state('none', 'Taken back')} by you before it left${when}`
        : html`${state('fail', 'Taken out')} by an operator${when}`;
    case 'queued':
    case 'deferred':
      return undoUntil === undefined
        ? waiting(fate, now)
        : html`${state('wait', 'Waits')} so that you can take it back`;
  }
}

function waiting({ heldBy, active, attempts, status, dueAt, at, hopWasDown }: MyFate, now: number): Html {
  const [reason] = heldBy;
  if (reason !== undefined) return told('hold', 'Held', heldWords[reason]);
  if (active === true) return told('none', 'On its way', 'it is being sent now');
  if (attempts === 0 && (dueAt ?? 0) <= now) return html`${state('none', 'On its way')}`;
  const since = at === undefined ? '' : html`, last tried ${moment(at)}`;
  const tried = attempts === 0 ? 'tried' : 'tried again';
  const next = dueAt === undefined || dueAt <= now ? `, ${tried} now` : html`, ${tried} ${moment(dueAt)}`;
  const why = hopWasDown === true ? 'the next server on its way did not answer' : meaningOf(status);
  return html`${told('wait', 'Waits', why)}${since}${next}`;
}

const stepWords: Readonly<Record<MyStep['type'], readonly [kind: string, words: string]>> = {
  accepted: ['good', 'This server took it'],
  delivered: ['good', 'Delivered'],
  relayed: ['good', 'Passed on'],
  deferred: ['wait', 'Could not be delivered yet'],
  failed: ['fail', 'Refused'],
  expired: ['fail', 'Given up'],
  dropped: ['fail', 'An operator took it out'],
  takenBack: ['plain', 'You took it back before it left'],
  held: ['wait', 'An operator, or a rule of this server, held it'],
  released: ['plain', 'It was let go on'],
  reported: ['plain', 'A report about it was written to you'],
};

export function myStory(steps: readonly MyStep[], left: number): Html {
  return html`<ol class="story">
    ${steps.map(({ type, at, recipient, status, said, dueAt }) => {
      const [kind, words] = stepWords[type];
      const why = kind === 'wait' || kind === 'fail' ? whyOf(status) : '';
      return html`<li class="${kind}">
        <span
          >${words}${recipient === undefined ? '' : ` for ${safe(recipient)}`}${why}${dueAt === undefined ? '' : html`; tried again ${moment(dueAt)}`}</span
        >
        ${said === undefined ? '' : html`<blockquote>${safe(said)}</blockquote>`}
        <span class="small">${moment(at)}</span>
      </li>`;
    })}
    ${left === 0 ? '' : html`<li class="plain">and ${counted(left, 'more step')}</li>`}
  </ol>`;
}
