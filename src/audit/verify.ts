// Was anything of the trail changed, removed or inserted (D-TR-3)? Checks the chain itself, and what a look-up relies on: the words of the index, what
// was forgotten, and the acceptances of what is queued.

import type { AcceptedEvent } from '../record/events.ts';
import { checkpointText } from '../record/beginnings.ts';
import type { Chain, Lookups, QueueEntry } from '../store/lookups.ts';
import { createBeginnings } from './beginnings.ts';
import { eventText, type Flaw, flawOfKept, linkPages, linkText, positionOf } from './chain.ts';
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
  /** Events walked so far. It is waited for. */
  progress?(events: number): void | Promise<void>;
}

export type Verifiable = Pick<
  Lookups,
  'chains' | 'links' | 'indexEntries' | 'strayEntries' | 'queue' | 'acceptances'
>;

const PAGE = 1000;

/** A look at a trail of which a day is dropped meanwhile is begun again. */
const TRIES = 5;

export async function verifyTrail(lookups: Verifiable, options: VerifyOptions = {}): Promise<Verification> {
  for (let tries = 1; ; tries += 1) {
    const { register, ...verification } = await verifyOnce(lookups, options);
    if (verification.broken === undefined || tries === TRIES) return verification;
    const now = new Set((await lookups.chains()).map(beginOf));
    if (register.every((chain) => now.has(beginOf(chain)))) return verification;
  }
}

function beginOf({ chain, checkpoint }: Chain): string {
  return checkpoint === undefined ? `${chain}` : checkpointText(checkpoint);
}

async function verifyOnce(
  lookups: Verifiable,
  { expect, progress }: VerifyOptions,
): Promise<Verification & { readonly register: readonly Chain[] }> {
  const forgetting = createForgetting();
  const beginnings = createBeginnings();
  const index = createIndexCount();
  const walk = await walkOf(lookups);
  let events = 0;
  let flaw: Flaw | undefined;
  const isExpected = (link: Uint8Array): boolean => linkText(link) === expect?.toLowerCase();
  let hasExpected = expect === undefined;
  for await (const page of linkPages(lookups, progress)) {
    await walk.prepare(page);
    for (const event of page) {
      const isKept = walk.isKept(event);
      const because = isKept ? flawOfKept(event) : walk.follow(event);
      if (typeof because === 'string') return found({ event: positionOf(event), because });
      events += 1;
      flaw ??= index.flawOf(event);
      forgetting.see(event);
      beginnings.see(event);
      if (isKept) beginnings.seeKept(event);
      index.see(event);
      hasExpected ||= isExpected(event.link);
    }
  }
  const register = walk.register();
  hasExpected ||= register.some(({ checkpoint }) => checkpoint !== undefined && isExpected(checkpoint.link));
  return found(
    flaw ??
      walk.flawOfEnds() ??
      beginnings.flaw(register) ??
      (hasExpected ? undefined : { because: `no event has the link ${expect}: ${whyNot(register)}` }) ??
      (await forgetting.flaw(lookups)) ??
      (await flawOfIndex(lookups, index)) ??
      (await flawOfQueue(lookups)),
  );

  function found(broken: Flaw | undefined): Verification & { readonly register: readonly Chain[] } {
    const chains = walk.chains();
    return {
      ...{ events, forgotten: forgetting.count, chains, register: walk.register() },
      ...(broken === undefined ? {} : { broken }),
    };
  }
}

function whyNot(register: readonly Chain[]): string {
  const isCut = register.some(({ checkpoint }) => checkpoint !== undefined);
  return `${isCut ? 'it is older than the retention, or ' : ''}the end of the trail was cut off, or the chain was written again`;
}

/** Whatever is queued was accepted so: from this sender, for this recipient, of this account. */
async function flawOfQueue(lookups: Pick<Lookups, 'queue' | 'acceptances'>): Promise<Flaw | undefined> {
  let after: { messageId: string; recipientNumber: number } | undefined;
  for (;;) {
    const page = await lookups.queue({}, { max: PAGE, ...(after === undefined ? {} : { after }) });
    const acceptances = await lookups.acceptances([...new Set(page.map(({ message }) => message.id))]);
    const of = Map.groupBy(acceptances, ({ messageId }) => messageId);
    for (const entry of page) {
      const { message, delivery } = entry;
      const because = flawOfEntry(entry, of.get(message.id) ?? []);
      if (because !== undefined) return { because: `message ${message.id} is queued, and ${because}` };
      after = { messageId: message.id, recipientNumber: delivery.recipientNumber };
    }
    if (page.length < PAGE) return undefined;
  }
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
