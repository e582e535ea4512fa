// What waits in the queue, and why; one message of it, as it will go.

import type { QueueEntry, QueueTotals } from '../store/lookups.ts';
import type { QueuedMessage } from '../store/port.ts';
import { type Actor, reasonGiven } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import { assertReason, recordLook } from './looks.ts';
import type { AdministrationPorts } from './ports.ts';
import { type QueuePart, selectorOf } from './queue-selector.ts';
import { type Waiting, waitingOf } from './queue-why.ts';

/** `waiting` is absent where so many are asked for that nobody reads the reasons. */
export interface ListedEntry {
  readonly entry: QueueEntry;
  readonly waiting?: Waiting;
}

export interface QueueList {
  readonly entries: readonly ListedEntry[];
  /** Recipients, listed or not. */
  readonly deliveries: number;
  /** If the whole queue was asked for. */
  readonly totals?: QueueTotals;
}

/** Recipients of one message that are shown. */
const RECIPIENTS_MAX = 1000;

export async function listQueue(
  ports: AdministrationPorts,
  _actor: Actor,
  { part, max }: { readonly part: QueuePart; readonly max: number },
): Promise<QueueList> {
  const { lookups } = ports;
  const selector = await selectorOf(ports, part);
  const [entries, deliveries, totals] = await Promise.all([
    lookups.queue(selector, { max }),
    lookups.queueCount(selector),
    Object.keys(selector).length === 0 ? lookups.queueTotals() : undefined,
  ]);
  return {
    entries: await withReasons(ports, entries),
    deliveries,
    ...(totals === undefined ? {} : { totals }),
  };
}

export function queueTotals({ lookups }: AdministrationPorts): Promise<QueueTotals> {
  return lookups.queueTotals();
}

export interface ShownMessage {
  readonly message: QueuedMessage;
  readonly entries: readonly ListedEntry[];
  /** Lines, unfolded by nobody. */
  readonly header: readonly string[];
}

export async function showQueued(
  ports: AdministrationPorts,
  actor: Actor,
  { id }: { readonly id: string },
): Promise<ShownMessage> {
  const message = await lookAt(ports, actor, 'queue show', id);
  const entries = await ports.lookups.queue({ messageId: message.id }, { max: RECIPIENTS_MAX });
  return {
    message,
    entries: await withReasons(ports, entries),
    header: await headerOf(ports, message),
  };
}

/** Header and body. */
export async function queuedContent(
  ports: AdministrationPorts,
  actor: Actor,
  { id }: { readonly id: string },
): Promise<AsyncIterable<Uint8Array>> {
  const message = await lookAt(ports, actor, 'queue show --content', id);
  return (await ports.lookups.content(message.id)) ?? none();
}

async function lookAt(
  ports: AdministrationPorts,
  actor: Actor,
  action: string,
  id: string,
): Promise<QueuedMessage> {
  assertReason(ports, actor);
  const message = await ports.lookups.message(id.toUpperCase());
  if (message === undefined)
    throw new UseCaseFailure(`${id} is not in the queue; \`postern trace ${id}\` tells what became of it`);
  await recordLook(ports, actor, action, { message: message.id, ...reasonGiven(actor) });
  return message;
}

async function withReasons(
  { lookups, clock }: AdministrationPorts,
  entries: readonly QueueEntry[],
): Promise<readonly ListedEntry[]> {
  const waiting = await waitingOf(lookups, entries, clock.now());
  return entries.map((entry, at) => ({
    entry,
    ...(waiting[at] === undefined ? {} : { waiting: waiting[at] }),
  }));
}

async function headerOf(
  { lookups }: AdministrationPorts,
  message: QueuedMessage,
): Promise<readonly string[]> {
  const parts: Uint8Array[] = [];
  let octets = 0;
  for await (const bytes of (await lookups.content(message.id)) ?? []) {
    parts.push(bytes);
    octets += bytes.length;
    if (octets >= message.headerOctets) break;
  }
  const text = Buffer.concat(parts).subarray(0, message.headerOctets).toString('utf8');
  return text.replace(/(?:\r\n)+$/, '').split('\r\n');
}

async function* none(): AsyncGenerator<Uint8Array> {}
