// Mail is given up and reported to its senders, message by message.

import { bounceChanges } from '../relay/bounce.ts';
import { isOwnReport } from '../relay/notices.ts';
import type { QueueCursor, QueueEntry } from '../store/lookups.ts';
import type { AcceptChange, OutcomeOf, QueuedMessage } from '../store/port.ts';
import type { QueueSelector } from '../store/selector.ts';
import type { QueueChange } from '../store/queue-change.ts';
import { type Actor, whoActs } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import type { AdministrationPorts } from './ports.ts';
import { type QueuePart, selectorOf } from './queue-selector.ts';

/** Recipients of a slice: a message takes some ten milliseconds, and whoever asks hears how far it is. */
const PAGE = 100;
/** Recipients of a message in one commit. */
const PART = 200;

interface After extends QueueCursor {
  /** When the first slice was begun, ms: what came later is not meant. */
  readonly began: number;
}

export interface Bounced {
  /** Recipients that were given up. */
  readonly count: number;
  /** There is more: to be asked for with this `after`. */
  readonly next?: After;
}

/**
 * A slice of the part: a hundred recipients or more, each message whole. One that can't be given up ends a slice that has given up others: the next slice begins with it, and
 * throws `UseCaseFailure`. What was given up before stays so.
 */
export async function bounceQueue(
  ports: AdministrationPorts,
  actor: Actor,
  { part, after }: { readonly part: QueuePart; readonly after?: After },
): Promise<Bounced> {
  const selector = await selectorOf(ports, actor, part);
  const { entries, next } = await sliceOf(ports, selector, after);
  const began = after?.began ?? ports.clock.now();
  const meant = entries.filter(({ message }) => cameBefore(message, began));
  const { settings, writer } = await ports.reports();
  let count = 0;
  let done: QueueCursor | undefined;
  for (const seen of byMessage(meant)) {
    try {
      count += await giveUp({ ports, actor, settings, writer, seen });
    } catch (error) {
      if (done === undefined) throw error;
      return { count, next: { ...done, began } };
    }
    const last = seen.at(-1);
    done = last && placeOf(last);
  }
  return { count, ...(next === undefined ? {} : { next: { ...next, began } }) };
}

/** The reports of earlier slices did not. */
function cameBefore(message: QueuedMessage, began: number): boolean {
  const { acceptedAt } = message;
  return acceptedAt < began || (acceptedAt === began && !isOwnReport(message));
}

interface GivingUp extends Awaited<ReturnType<AdministrationPorts['reports']>> {
  readonly ports: AdministrationPorts;
  readonly actor: Actor;
  /** Of one message, none of them under way. */
  readonly seen: readonly QueueEntry[];
}

/** Holds the mail meanwhile: a report would be wrong if the next attempt began before the drop. Attempts under way go on. */
async function giveUp(o: GivingUp): Promise<number> {
  const { seen } = o;
  const id = seen[0]?.message.id ?? '';
  let ours: readonly QueueEntry[] = [];
  try {
    for (const part of partsOf(seen)) {
      const outcomes = await o.ports.store.commit(changesFor(o, 'hold', part));
      // Mail that an operator held before stays held.
      const held = part.filter((_, at) => outcomes[at]?.type === 'changed' && outcomes[at].count > 0);
      ours = [...ours, ...held];
      sum(outcomes);
    }
    const free = await stillFree(o);
    const { report, drops } = await changesOf(o, free);
    if (report !== undefined) await tell(o, report, id);
    const count = await changed(o, drops);
    const gone = new Set(free.map(numberOf));
    ours = ours.filter((entry) => !gone.has(numberOf(entry)));
    return count;
  } finally {
    await release(o, ours, id);
  }
}

const numberOf = ({ delivery }: QueueEntry): number => delivery.recipientNumber;

function changesOf(o: GivingUp, free: readonly QueueEntry[]): ReturnType<typeof bounceChanges> {
  const { ports, actor, settings, writer: reports } = o;
  const id = free[0]?.message.id ?? '';
  const content = async (): Promise<AsyncIterable<Uint8Array>> => {
    const found = await ports.lookups.content(id);
    if (found === undefined) throw new UseCaseFailure(`${id} was delivered meanwhile`);
    return found;
  };
  return bounceChanges({ entries: free, content, settings, reports, who: whoActs(ports, actor) });
}

async function release(o: GivingUp, entries: readonly QueueEntry[], id: string): Promise<void> {
  try {
    await changed(o, changesFor(o, 'release', entries));
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error);
    throw new UseCaseFailure(`${id} stays held (${because}): postern queue release ${id}`, 'trouble');
  }
}

async function stillFree({ ports: { lookups }, seen }: GivingUp): Promise<readonly QueueEntry[]> {
  const numbers = new Set(seen.map(numberOf));
  const messageId = seen[0]?.message.id ?? '';
  const { entries } = await sliceOf({ lookups }, { messageId }, undefined);
  return entries.filter((entry) => !entry.active && numbers.has(numberOf(entry)));
}

/** The report comes before the drop: whatever happens between, the sender is told. */
async function tell({ ports }: GivingUp, report: AcceptChange, id: string): Promise<void> {
  const [told] = await ports.store.commit([report]);
  if (told.type !== 'accepted')
    throw new UseCaseFailure(
      `the report about ${id} could not be written, it stays: ${causeOf(told)}`,
      'trouble',
    );
}

function changesFor(
  { ports, actor }: GivingUp,
  action: 'hold' | 'release',
  entries: readonly QueueEntry[],
): readonly QueueChange[] {
  return entries.map(({ message, delivery }): QueueChange => {
    const { recipientNumber, recipient } = delivery;
    const selector: QueueSelector = { messageId: message.id, recipientNumber, to: recipient.forwardPath };
    return { type: 'queue', action, selector, ...whoActs(ports, actor) };
  });
}

async function changed({ ports }: GivingUp, changes: readonly QueueChange[]): Promise<number> {
  let count = 0;
  for (const part of partsOf(changes)) count += sum(await ports.store.commit(part));
  return count;
}

/** What others' mail may have to wait for. */
function partsOf<T>(all: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / PART) }, (_, at) =>
    all.slice(at * PART, (at + 1) * PART),
  );
}

/** How many recipients the changes meant. Throws if one of them failed. */
function sum(outcomes: readonly OutcomeOf<QueueChange>[]): number {
  let count = 0;
  for (const outcome of outcomes) {
    if (outcome.type === 'failed') throw new UseCaseFailure(outcome.cause, 'trouble');
    count += outcome.count;
  }
  return count;
}

function causeOf(outcome: OutcomeOf<AcceptChange>): string {
  return 'cause' in outcome ? outcome.cause : outcome.type;
}

/** Whole messages: the one that the page cuts is left to the next slice, unless there is no other. */
async function sliceOf(
  { lookups }: Pick<AdministrationPorts, 'lookups'>,
  selector: QueueSelector,
  begin: QueueCursor | undefined,
): Promise<{ readonly entries: readonly QueueEntry[]; readonly next?: QueueCursor }> {
  const entries: QueueEntry[] = [];
  for (;;) {
    const last = entries.at(-1);
    const after = last === undefined ? begin : placeOf(last);
    const page = await lookups.queue(selector, { max: PAGE, ...(after === undefined ? {} : { after }) });
    entries.push(...page);
    const cut = entries.at(-1);
    if (cut === undefined || page.length < PAGE) return { entries };
    const whole = entries.filter(({ message }) => message.id !== cut.message.id);
    const end = whole.at(-1);
    if (end !== undefined) return { entries: whole, next: placeOf(end) };
  }
}

function placeOf({ message, delivery }: QueueEntry): QueueCursor {
  return { messageId: message.id, recipientNumber: delivery.recipientNumber };
}

/** What is under way is left alone. */
function byMessage(entries: readonly QueueEntry[]): readonly (readonly QueueEntry[])[] {
  const messages = new Map<string, QueueEntry[]>();
  for (const entry of entries) {
    if (entry.active) continue;
    const same = messages.get(entry.message.id);
    if (same === undefined) messages.set(entry.message.id, [entry]);
    else same.push(entry);
  }
  return [...messages.values()];
}
