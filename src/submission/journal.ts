// Refusals on their way into the trail: they go with the next commit and don't delay the reply. Above 20 a
// minute for one subject and cause, a share of them for each front, they are counted into one record: a flood costs one more a minute.

import type { Clock } from '../platform/platform.ts';
import type { AuthenticationPayload, EventDraft, RefusedPayload } from '../record/events.ts';
import type { Store } from '../store/port.ts';

const RECORDS_PER_MINUTE = 20;
const MINUTE_MS = 60_000;
/** Distinct subjects counted at a time; beyond it, what can't be told apart is counted under one key. */
const SUBJECTS_MAX = 10_000;

type Refusal =
  | { readonly type: 'refused'; readonly payload: RefusedPayload }
  | { readonly type: 'authenticationFailed'; readonly payload: AuthenticationPayload };

export interface Journal {
  /** `identityId` if one is known; `subject` is what floods are counted by. */
  note(refusal: Refusal, subject: string, identityId?: string): void;
  /** Writes the refusals that were only counted so far. */
  flush(): void;
  /** Records that could not be written, for the metrics. */
  readonly lost: number;
}

interface Count {
  readonly since: number;
  written: number;
  held: number;
  last: EventDraft;
}

/** `fronts`: how many fronts there are, each with a journal of its own. */
export function createJournal(store: Store, clock: Clock, fronts: number): Journal {
  const recordsMax = Math.max(1, Math.floor(RECORDS_PER_MINUTE / fronts));
  const counts = new Map<string, Count>();
  let lost = 0;

  function write(event: EventDraft): void {
    store.commit([{ type: 'record', events: [event] }]).then(
      ([outcome]) => {
        if (outcome.type === 'failed') lost += 1;
      },
      () => {
        lost += 1;
      },
    );
  }

  function settle(key: string, count: Count): void {
    counts.delete(key);
    if (count.held > 0) write(withCount(count.last, count.held));
  }

  function flush(): void {
    for (const [key, count] of counts) settle(key, count);
  }

  return {
    note(refusal, subject, identityId) {
      const now = clock.monotonic();
      const event: EventDraft = {
        ...refusal,
        time: clock.now(),
        ...(identityId === undefined ? {} : { identityId }),
      };
      let key = `${kindOf(refusal)} ${subject}`;
      if (!counts.has(key) && counts.size >= SUBJECTS_MAX) key = refusal.type;
      let count = counts.get(key);
      if (count === undefined || now - count.since >= MINUTE_MS) {
        if (count !== undefined) settle(key, count);
        count = { since: now, written: 0, held: 0, last: event };
        counts.set(key, count);
        const opened = count;
        clock.after(MINUTE_MS, () => {
          if (counts.get(key) === opened) settle(key, opened);
        });
      }
      if (count.written < recordsMax) {
        count.written += 1;
        write(event);
      } else {
        count.held += 1;
        count.last = event;
      }
    },
    flush,
    get lost() {
      return lost;
    },
  };
}

/** The cause as a kind: its text may hold an address or a time, which must not open a count of its own each time. */
function kindOf(refusal: Refusal): string {
  if (refusal.type === 'authenticationFailed')
    return `${refusal.type} ${refusal.payload.cause.replaceAll(/\d+/g, '#')}`;
  const { command, replyCode, replyStatus } = refusal.payload;
  return `${refusal.type} ${command} ${replyCode} ${replyStatus}`;
}

function withCount(event: EventDraft, count: number): EventDraft {
  if (event.type === 'refused') return { ...event, payload: { ...event.payload, count } };
  if (event.type === 'authenticationFailed') return { ...event, payload: { ...event.payload, count } };
  return event;
}
