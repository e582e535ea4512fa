// Was anything of the trail changed, removed or inserted (D-TR-3)? Checks the chain itself, and what a look-up relies on: the words of the index, what
// was forgotten, and the acceptances of what is queued.

import type { TrailEvent } from '../record/events.ts';
import type { Lookups, QueueEntry } from '../store/lookups.ts';
import { chainStart, type Flaw, following, linkText, type Verified } from './chain.ts';
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
/** Of a message that are looked at; its acceptance is the first. */
const EVENTS_MAX = 100;

export async function verifyTrail(
  lookups: Verifiable,
  { expect, progress }: VerifyOptions = {},
): Promise<Verification> {
  const forgetting = createForgetting();
  const index = createIndexCount();
  let last: Verified = chainStart;
  let isExpected = expect === undefined;
  let flaw: Flaw | undefined;
  // From before the first number: what was put in there would be found by look-ups too.
  for (let afterSequence = Number.MIN_SAFE_INTEGER; ; afterSequence = last.sequence) {
    const page = await lookups.chain({ afterSequence, max: PAGE });
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

/** Whatever is queued was accepted so: from this sender, for this recipient, of this account. */
async function flawOfQueue(lookups: Pick<Lookups, 'queue' | 'eventsOfMessage'>): Promise<Flaw | undefined> {
  let after: { messageId: string; recipientNumber: number } | undefined;
  let known: { readonly id: string; readonly acceptances: readonly AcceptedEvent[] } | undefined;
  for (;;) {
    const page = await lookups.queue({}, { max: PAGE, ...(after === undefined ? {} : { after }) });
    for (const entry of page) {
      const { message, delivery } = entry;
      if (known?.id !== message.id)
        known = { id: message.id, acceptances: await acceptancesOf(lookups, message.id) };
      const because = flawOfEntry(entry, known.acceptances);
      if (because !== undefined) return { because: `message ${message.id} is queued, and ${because}` };
      after = { messageId: message.id, recipientNumber: delivery.recipientNumber };
    }
    if (page.length < PAGE) return undefined;
  }
}

type AcceptedEvent = Extract<TrailEvent, { readonly type: 'accepted' }>;

/** There is one; a store may take an id again that has left it. */
async function acceptancesOf(
  lookups: Pick<Lookups, 'eventsOfMessage'>,
  id: string,
): Promise<readonly AcceptedEvent[]> {
  const events = await lookups.eventsOfMessage(id, EVENTS_MAX);
  return events.filter((event) => event.type === 'accepted');
}

/** Undefined: one of the acceptances is of this entry. */
function flawOfEntry(entry: QueueEntry, acceptances: readonly AcceptedEvent[]): string | undefined {
  const flaws = acceptances.map((acceptance) => misfitOf(entry, acceptance));
  return flaws.length === 0
    ? 'no event tells of its acceptance'
    : flaws.includes(undefined)
      ? undefined
      : flaws[0];
}

function misfitOf({ message, delivery }: QueueEntry, acceptance: AcceptedEvent): string | undefined {
  if (acceptance.payload === undefined) return 'the content of its acceptance is gone';
  const { envelope } = acceptance.payload;
  const recipient = envelope.recipients[delivery.recipientNumber];
  if (acceptance.identityId !== message.identityId) return 'it was accepted from another account';
  if (envelope.reversePath !== message.envelope.reversePath)
    return 'it was accepted with another reverse-path';
  return recipient?.forwardPath === delivery.recipient.forwardPath
    ? undefined
    : `it was not accepted for ${delivery.recipient.forwardPath}`;
}
