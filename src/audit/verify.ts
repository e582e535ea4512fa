// Was anything of the trail changed, removed or inserted (D-TR-3)? Checks the chain itself, and what a look-up relies on: the words of the index, what
// was forgotten, and the acceptances of what is queued.

import type { Lookups } from '../store/lookups.ts';
import { chainStart, following, linkText, type Verified } from './chain.ts';
import { createForgetting } from './forgetting.ts';
import { createIndexCount, flawOfIndex } from './index-words.ts';

export interface Verification {
  readonly events: number;
  /** Payload and salt are gone by retention or erasure; the link still holds. */
  readonly forgotten: number;
  readonly lastLink: string;
  /** The first thing that is not as it was written, and why; with the event where it shows, if it is one. */
  readonly broken?: Flaw;
}

export interface Flaw {
  readonly sequence?: number;
  readonly because: string;
}

/** ` at event 7`, or nothing. */
export function placeOfFlaw({ sequence }: Flaw): string {
  return sequence === undefined ? '' : ` at event ${sequence}`;
}

export interface VerifyOptions {
  /** A link that was kept elsewhere, hex: it must be in the chain. */
  readonly expect?: string;
  /** Events walked so far. */
  progress?(events: number): void;
}

export type Verifiable = Pick<
  Lookups,
  'chain' | 'indexEntries' | 'strayEntries' | 'queue' | 'eventsOfMessage'
>;

const PAGE = 1000;
/** First events of a message, among which its acceptance is. */
const FIRST_EVENTS = 9;

export async function verifyTrail(
  lookups: Verifiable,
  { expect, progress }: VerifyOptions = {},
): Promise<Verification> {
  const forgetting = createForgetting();
  const index = createIndexCount();
  let last: Verified = chainStart;
  let isExpected = expect === undefined;
  let flaw: Flaw | undefined;
  for (;;) {
    const page = await lookups.chain({ afterSequence: last.sequence, max: PAGE });
    for (const event of page) {
      const next = following(last, event);
      if (typeof next === 'string')
        return { ...found(last), broken: { sequence: event.sequence, because: next } };
      flaw ??= index.flawOf(event);
      forgetting.see(event);
      index.see(event);
      last = next;
      isExpected ||= linkText(last.link) === expect?.toLowerCase();
    }
    progress?.(last.sequence);
    if (page.length < PAGE) break;
  }
  const broken =
    flaw ??
    (isExpected ? undefined : { because: `no event has the link ${expect}: ${CUT_OR_REWRITTEN}` }) ??
    (await forgetting.flaw(lookups)) ??
    (await flawOfIndex(lookups, index)) ??
    (await flawOfQueue(lookups));
  return { ...found(last), ...(broken === undefined ? {} : { broken }) };

  function found({ sequence, link }: Verified): Omit<Verification, 'broken'> {
    return { events: sequence, forgotten: forgetting.count, lastLink: linkText(link) };
  }
}

const CUT_OR_REWRITTEN = 'the end of the trail was cut off, or the chain was written again';

/** Whatever is queued was accepted. */
async function flawOfQueue(lookups: Pick<Lookups, 'queue' | 'eventsOfMessage'>): Promise<Flaw | undefined> {
  let after: { messageId: string; recipientNumber: number } | undefined;
  let known = '';
  for (;;) {
    const page = await lookups.queue({}, { max: PAGE, ...(after === undefined ? {} : { after }) });
    for (const { message, delivery } of page) {
      after = { messageId: message.id, recipientNumber: delivery.recipientNumber };
      if (message.id === known) continue;
      const events = await lookups.eventsOfMessage(message.id, FIRST_EVENTS);
      if (!events.some(({ type }) => type === 'accepted'))
        return { because: `message ${message.id} is queued, and no event tells of its acceptance` };
      known = message.id;
    }
    if (page.length < PAGE) return undefined;
  }
}
