// What waits in the queue, and why; one message of it, as it will go.

import type { QueueCursor, QueueEntry } from '../store/lookups.ts';
import type { QueuedMessage } from '../store/port.ts';
import { type Actor, reasonGiven } from './actor.ts';
import { NotThere } from './failure.ts';
import { assertReason, assertReasonForContent, recordLook } from './looks.ts';
import type { AdministrationPorts } from './ports.ts';
import { type TotalsByHop, withHops } from './queue-hops.ts';
import { type QueuePart, selectorOf } from './queue-selector.ts';
import { type ListedEntry, withReasons } from './queue-why.ts';

export interface QueueList {
  readonly entries: readonly ListedEntry[];
  /** Recipients, listed or not. With the first page alone: counting them may mean a walk through the queue. */
  readonly deliveries?: number;
  /** There may be more, after this. */
  readonly next?: QueueCursor;
}

/** Recipients of one page, each with the reasons why it waits. */
const PAGE = 500;

/** Recipients of several messages. */
const TOGETHER_MAX = 2_500;

/** Recipients of one message that are shown. */
const RECIPIENTS_MAX = 1000;

/** A page of the part: `max` recipients, or as many as a page has. */
export async function listQueue(
  ports: AdministrationPorts,
  actor: Actor,
  { part, max, after }: { readonly part: QueuePart; readonly max: number; readonly after?: QueueCursor },
): Promise<QueueList> {
  const { lookups, clock } = ports;
  const isFirst = after === undefined;
  const most = Math.min(max, PAGE);
  const selector = await selectorOf(ports, actor, part);
  const [entries, deliveries] = await Promise.all([
    lookups.queue(selector, { max: most, ...(isFirst ? {} : { after }) }),
    isFirst ? lookups.queueCount(selector) : undefined,
  ]);
  const last = entries.at(-1);
  return {
    entries: await withReasons(lookups, entries, clock.now()),
    ...(deliveries === undefined ? {} : { deliveries }),
    ...(last === undefined || entries.length < most ? {} : { next: cursorAt(last) }),
  };
}

/** What still waits of these messages, with one question for all: the first recipients of each, so that all together are no more than a few pages. */
export async function queueOfMessages(
  { lookups, clock }: AdministrationPorts,
  _actor: Actor,
  { ids }: { readonly ids: readonly string[] },
): Promise<readonly ListedEntry[]> {
  const max = Math.min(PAGE, Math.ceil(TOGETHER_MAX / Math.max(1, ids.length)));
  const entries = ids.length === 0 ? [] : await lookups.queueOfMessages(ids, max);
  return withReasons(lookups, entries, clock.now());
}

function cursorAt({ message, delivery }: QueueEntry): QueueCursor {
  return { messageId: message.id, recipientNumber: delivery.recipientNumber };
}

export async function queueTotals(ports: AdministrationPorts): Promise<TotalsByHop> {
  return withHops(ports, await ports.lookups.queueTotals());
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
    entries: await withReasons(ports.lookups, entries, ports.clock.now()),
    header: await headerOf(ports, message),
  };
}

/** Header and body. */
export async function queuedContent(
  ports: AdministrationPorts,
  actor: Actor,
  { id }: { readonly id: string },
): Promise<AsyncIterable<Uint8Array>> {
  assertReasonForContent(ports, actor);
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
    throw new NotThere(`${id} is not in the queue; \`postern trace ${id}\` tells what became of it`);
  const detail = { message: message.id, ...reasonGiven(actor) };
  await recordLook(ports, actor, action, detail, message.identityId);
  return message;
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
