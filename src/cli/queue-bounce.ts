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
  const settings = relaySettingsOf(loaded, process.env);
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

/** Held meanwhile: a report about mail whose next attempt begins before the drop would be wrong. What was under way already goes on. */
async function giveUp(
  context: CommandContext,
  seen: readonly QueueEntry[],
  changesOf: (free: readonly QueueEntry[]) => Promise<BounceChanges>,
): Promise<number> {
  const held = seen.filter((entry) => !entry.held);
  await changeEach(context, 'hold', held);
  try {
    const { report, drops } = await changesOf(await stillFree(context, seen));
    if (report !== undefined) await tell(context, report, seen[0]?.message.id ?? '');
    return await changed(context, drops);
  } finally {
    await changeEach(context, 'release', held);
  }
}

async function stillFree(
  context: CommandContext,
  seen: readonly QueueEntry[],
): Promise<readonly QueueEntry[]> {
  const numbers = new Set(seen.map(({ delivery }) => delivery.recipientNumber));
  const [now = []] = await byMessage(context, { messageId: seen[0]?.message.id ?? '' });
  return now.filter(({ delivery }) => numbers.has(delivery.recipientNumber));
}

/** Before anything is dropped: whatever happens between, the sender is told. */
async function tell({ store }: CommandContext, report: AcceptChange, id: string): Promise<void> {
  const [told] = await store.commit([report]);
  if (told.type !== 'accepted')
    throw new CommandFailure(`the report about ${id} could not be written, it stays: ${causeOf(told)}`, 3);
}

async function changeEach(
  context: CommandContext,
  action: 'hold' | 'release',
  entries: readonly QueueEntry[],
): Promise<void> {
  const { now, by } = context;
  await changed(
    context,
    entries.map(({ message, delivery }): QueueChange => {
      const selector: QueueSelector = { messageId: message.id, to: delivery.recipient.forwardPath };
      return { type: 'queue', action, selector, now, by };
    }),
  );
}

/** How many recipients the changes meant. */
async function changed({ store }: CommandContext, changes: readonly QueueChange[]): Promise<number> {
  if (changes.length === 0) return 0;
  let count = 0;
  for (const outcome of await store.commit(changes)) {
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
