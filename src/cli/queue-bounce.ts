// `postern queue drop --bounce`: gives mail up and reports it to its senders, message by message.

import { messageIdSource } from '../base/message-id.ts';
import { systemClock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { type BounceChanges, bounceChanges } from '../relay/bounce.ts';
import { createReportWriter } from '../relay/reports.ts';
import { readDkimKeys } from '../server/dkim-keys.ts';
import { relaySettingsOf } from '../server/plan-of-config.ts';
import { createSigner } from '../submission/signer.ts';
import type { QueueEntry } from '../store/lookups.ts';
import type { AcceptChange, OutcomeOf, QueueChange, QueueSelector } from '../store/port.ts';
import type { CommandContext } from './context.ts';
import { CommandFailure } from './failure.ts';
import { progress, progressDone } from './output.ts';

const PAGE = 500;

/** How many recipients were given up. */
export async function bounceQueue(context: CommandContext, selector: QueueSelector): Promise<number> {
  const { lookups, loaded, now, by } = context;
  const entropy = systemEntropy();
  const settings = relaySettingsOf(loaded, process.env, 1);
  const ids = messageIdSource((length) => entropy.bytes(length));
  const signer = createSigner({ keys: readDkimKeys(loaded), failed: () => undefined });
  const reports = createReportWriter({
    ...{ clock: systemClock, entropy, ids },
    settings: () => settings,
    signer: () => signer,
  });
  let count = 0;
  for (const entries of await byMessage(context, selector)) {
    count += await giveUp(context, entries, (free) => {
      const id = free[0]?.message.id ?? '';
      const content = async (): Promise<AsyncIterable<Uint8Array>> => {
        const found = await lookups.content(id);
        if (found === undefined) throw new CommandFailure(`${id} was delivered meanwhile`);
        return found;
      };
      return bounceChanges({ entries: free, content, settings, reports, now, by });
    });
    progress(`${count} recipients`);
  }
  progressDone();
  return count;
}

/** Holds the mail meanwhile: a report would be wrong if the next attempt began before the drop. Attempts under way go on. */
async function giveUp(
  context: CommandContext,
  seen: readonly QueueEntry[],
  changesOf: (free: readonly QueueEntry[]) => Promise<BounceChanges>,
): Promise<number> {
  const id = seen[0]?.message.id ?? '';
  const outcomes = await context.store.commit(changesFor(context, 'hold', seen));
  // Mail that an operator held before stays held.
  let ours = seen.filter((_, at) => outcomes[at]?.type === 'changed' && outcomes[at].count > 0);
  try {
    sum(outcomes);
    const free = await stillFree(context, seen);
    const { report, drops } = await changesOf(free);
    if (report !== undefined) await tell(context, report, id);
    const count = await changed(context, drops);
    const gone = new Set(free.map(numberOf));
    ours = ours.filter((entry) => !gone.has(numberOf(entry)));
    return count;
  } finally {
    await release(context, ours, id);
  }
}

const numberOf = ({ delivery }: QueueEntry): number => delivery.recipientNumber;

async function release(context: CommandContext, entries: readonly QueueEntry[], id: string): Promise<void> {
  try {
    await changed(context, changesFor(context, 'release', entries));
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(`${id} stays held (${because}): postern queue release ${id}`, 3);
  }
}

async function stillFree(
  context: CommandContext,
  seen: readonly QueueEntry[],
): Promise<readonly QueueEntry[]> {
  const numbers = new Set(seen.map(numberOf));
  const [now = []] = await byMessage(context, { messageId: seen[0]?.message.id ?? '' });
  return now.filter((entry) => numbers.has(numberOf(entry)));
}

/** The report comes before the drop: whatever happens between, the sender is told. */
async function tell({ store }: CommandContext, report: AcceptChange, id: string): Promise<void> {
  const [told] = await store.commit([report]);
  if (told.type !== 'accepted')
    throw new CommandFailure(`the report about ${id} could not be written, it stays: ${causeOf(told)}`, 3);
}

function changesFor(
  { now, by }: CommandContext,
  action: 'hold' | 'release',
  entries: readonly QueueEntry[],
): readonly QueueChange[] {
  return entries.map(({ message, delivery }): QueueChange => {
    const selector: QueueSelector = { messageId: message.id, to: delivery.recipient.forwardPath };
    return { type: 'queue', action, selector, now, by };
  });
}

async function changed({ store }: CommandContext, changes: readonly QueueChange[]): Promise<number> {
  return changes.length === 0 ? 0 : sum(await store.commit(changes));
}

/** How many recipients the changes meant. Throws if one of them failed. */
function sum(outcomes: readonly OutcomeOf<QueueChange>[]): number {
  let count = 0;
  for (const outcome of outcomes) {
    if (outcome.type === 'failed') throw new CommandFailure(outcome.cause, 3);
    count += outcome.count;
  }
  return count;
}

function causeOf(outcome: OutcomeOf<AcceptChange>): string {
  return 'cause' in outcome ? outcome.cause : outcome.type;
}

/** What is under way is left alone. */
async function byMessage(
  { lookups }: CommandContext,
  selector: QueueSelector,
): Promise<readonly (readonly QueueEntry[])[]> {
  const messages = new Map<string, QueueEntry[]>();
  let after: { messageId: string; recipientNumber: number } | undefined;
  for (;;) {
    const page = await lookups.queue(selector, { max: PAGE, ...(after === undefined ? {} : { after }) });
    for (const entry of page) {
      if (entry.active) continue;
      const same = messages.get(entry.message.id);
      if (same === undefined) messages.set(entry.message.id, [entry]);
      else same.push(entry);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return [...messages.values()];
    after = { messageId: last.message.id, recipientNumber: last.delivery.recipientNumber };
  }
}
