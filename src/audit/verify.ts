// Was anything of the trail changed, removed or inserted (D-TR-3)? Checks the chain itself, and what a look-up relies on: the words of the index, what
// was forgotten, and the acceptances of what is queued.

import type { TrailEvent } from '../record/events.ts';
import type { Lookups, QueueEntry } from '../store/lookups.ts';
import { eventText, type Flaw, linkPages, linkText, positionOf } from './chain.ts';
import { walkOf } from './chain-walk.ts';
import { createForgetting } from './forgetting.ts';
import { createIndexCount, flawOfIndex } from './index-words.ts';

export interface Verification {
  readonly events: number;
  /** Payload and salt are gone by retention or erasure; the link still holds. */
  readonly forgotten: number;
  /** How far each chain was found right, in the order of the register. */
  readonly chains: readonly VerifiedChain[];
  /** The first thing that is not as it was written, and why; with the event where it shows, if it is one. */
  readonly broken?: Flaw;
}

export interface VerifiedChain {
  readonly chain: number;
  readonly name: string;
  /** Number of its last event. */
  readonly sequence: number;
  readonly lastLink: string;
  /** What stood up to this event is not here, and not verified; absent: it is whole. */
  readonly checkpoint?: number;
}

/** `last link 5f0c…`, a line for each chain. */
export function lastLinksText(chains: readonly VerifiedChain[]): string {
  return chains
    .map(({ chain, name, lastLink, checkpoint }) => {
      const of = chains.length === 1 ? '' : ` of chain ${chain} (${name})`;
      const begin = checkpoint === undefined ? '' : `, here only after its event ${checkpoint}`;
      return `last link${of} ${lastLink}${begin}`;
    })
    .join('\n');
}

/** ` at event 7`, or nothing. */
export function placeOfFlaw({ event }: Flaw): string {
  return event === undefined ? '' : ` at ${eventText(event)}`;
}

export interface VerifyOptions {
  /** A link that was kept elsewhere, hex: it must be in a chain. */
  readonly expect?: string;
  /** Events walked so far. */
  progress?(events: number): void;
}

export type Verifiable = Pick<
  Lookups,
  'chains' | 'links' | 'indexEntries' | 'strayEntries' | 'queue' | 'eventsOfMessage'
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
  const walk = await walkOf(lookups);
  let events = 0;
  let isExpected = expect === undefined;
  let flaw: Flaw | undefined;
  for await (const page of linkPages(lookups, progress)) {
    await walk.prepare(page);
    for (const event of page) {
      const next = walk.follow(event);
      if (typeof next === 'string') return found({ event: positionOf(event), because: next });
      events += 1;
      flaw ??= index.flawOf(event);
      forgetting.see(event);
      index.see(event);
      isExpected ||= linkText(next.link) === expect?.toLowerCase();
    }
  }
  return found(
    flaw ??
      walk.flawOfEnds() ??
      (isExpected ? undefined : { because: `no event has the link ${expect}: ${CUT_OR_REWRITTEN}` }) ??
      (await forgetting.flaw(lookups)) ??
      (await flawOfIndex(lookups, index)) ??
      (await flawOfQueue(lookups)),
  );

  function found(broken: Flaw | undefined): Verification {
    const chains = walk.chains();
    return { events, forgotten: forgetting.count, chains, ...(broken === undefined ? {} : { broken }) };
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
