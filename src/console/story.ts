// What happened to a message, as a time line: each event of the trail as a sentence, with the remote server's own words.

import { html } from 'hono/html';
import { attemptsOf } from '../audit/fates.ts';
import type { TracedMessage } from '../audit/trace.ts';
import { safe } from '../base/safe-text.ts';
import type {
  AcceptedPayload,
  AdministrationPayload,
  FatePayload,
  ReportedPayload,
  TrailEvent,
} from '../record/events.ts';
import type { Html } from './page.ts';
import { counted, moment, pageOf } from './words.ts';

type Attempts = ReturnType<typeof attemptsOf>;

/** A message to many recipients has more events than anybody reads. */
export const STEPS_MAX = 200;

interface Step {
  readonly kind: 'plain' | 'good' | 'wait' | 'fail';
  readonly words: Html;
  /** In somebody else's words. */
  readonly quote?: string;
}

export function storyOf({ events }: TracedMessage): Html {
  const shown = events.slice(0, STEPS_MAX);
  const left = events.length - shown.length;
  const attempts = attemptsOf(events);
  return html`<ol class="story">
    ${shown.map((event) => {
      const { kind, words, quote } = stepOf(event, attempts);
      return html`<li class="${kind}">
        <span>${words}</span>
        ${quote === undefined ? '' : html`<blockquote>${safe(quote)}</blockquote>`}
        <span class="small">${moment(event.time)}</span>
      </li>`;
    })}
    ${left === 0 ? '' : html`<li class="plain">and ${counted(left, 'more event')}: <code>postern trace --json</code> has all</li>`}
  </ol>`;
}

const fates = {
  delivered: ['good', 'Delivered'],
  relayed: ['good', 'Passed on'],
  deferred: ['wait', 'Put off'],
  failed: ['fail', 'Failed'],
  expired: ['fail', 'Given up'],
  dropped: ['fail', 'Dropped'],
} as const satisfies Partial<Record<TrailEvent['type'], readonly [Step['kind'], string]>>;

const takenBack = ['plain', 'Taken back by its sender before it left'] as const;

const isFate = (event: TrailEvent): event is Extract<TrailEvent, { type: keyof typeof fates }> =>
  Object.hasOwn(fates, event.type);

function stepOf(event: TrailEvent, attempts: Attempts): Step {
  const { type, payload } = event;
  if (payload === undefined)
    return { kind: 'plain', words: html`${type}; what was recorded of it is forgotten` };
  if (isFate(event) && event.payload !== undefined) {
    const [kind, word] = event.payload.takenBack === true ? takenBack : fates[event.type];
    return fate(kind, word, event.payload, nthOf(event.type, event.payload, attempts));
  }
  if (type === 'accepted') return { kind: 'good', words: acceptedWords(payload) };
  if (type === 'reported') return { kind: 'plain', words: reportWords(payload) };
  if (type === 'held') return { kind: 'wait', words: html`Held by ${byOf(payload)}` };
  if (type === 'released') return { kind: 'plain', words: html`Released by ${byOf(payload)}` };
  return { kind: 'plain', words: html`${type}` };
}

/** Which attempt of those that came to something: the recorded number counts those that were put back untried, too. A drop is none. */
function nthOf(
  type: TrailEvent['type'],
  { recipientNumber, attempt }: FatePayload,
  attempts: Attempts,
): number {
  return type === 'dropped' ? 0 : (attempts.get(recipientNumber) ?? []).indexOf(attempt) + 1;
}

function fate(kind: Step['kind'], word: string, payload: FatePayload, nth: number): Step {
  const { recipient, remote, diagnostic, status, nextAttemptAt, tls, inClearBecause } = payload;
  const where = remote === undefined ? '' : ` by ${safe(remote)}`;
  const safely = tls === undefined ? '' : `, ${tls.version}${tls.verified ? ', certificate verified' : ''}`;
  const clear = inClearBecause === undefined ? '' : `, in clear because TLS broke: ${safe(inClearBecause)}`;
  return {
    kind,
    words: html`${word}${where}:
    ${safe(recipient)}${nth > 1 ? ` (attempt ${nth})` : ''}${safely}${clear}${nextAttemptAt === undefined ? '' : html`; next try ${moment(nextAttemptAt)}`}`,
    quote: diagnostic.startsWith(status) ? diagnostic : `${status} ${diagnostic}`,
  };
}

function acceptedWords({ envelope, undoUntil }: AcceptedPayload): Html {
  const words = `Accepted for ${counted(envelope.recipients.length, 'recipient')}`;
  return undoUntil === undefined
    ? html`${words}`
    : html`${words}; its sender could take it back until ${moment(undoUntil)}`;
}

function reportWords({ reportId, to, cause, recipients }: ReportedPayload): Html {
  const about = counted(recipients.length, 'recipient');
  if (reportId === undefined)
    return html`No report about ${about}: ${safe(cause ?? 'no reason was recorded')}`;
  return html`Report about ${about} written to ${safe(to ?? 'its sender')}:
    <a class="id" href="${pageOf('/trace', { q: reportId })}">${reportId}</a>`;
}

function byOf({ by, detail }: AdministrationPayload): string {
  const because = detail['because'] ?? detail['reason'];
  return `${safe(by)}${typeof because === 'string' && because !== '' ? `: ${safe(because)}` : ''}`;
}
