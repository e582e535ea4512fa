// `postern queue show`: one message of the queue: envelope, each recipient with its attempts and why it waits, header.

import { safe } from '../base/safe-text.ts';
import { time } from '../base/time.ts';
import type { QueueEntry } from '../store/lookups.ts';
import type { QueuedMessage } from '../store/port.ts';
import type { CommandContext } from './context.ts';
import { CommandFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import { entryJson, nextTry, stateOf } from './queue-list.ts';
import { type Waiting, waitingOf } from './queue-why.ts';
import { spanWords } from './span.ts';

/** Recipients of one message that are shown. */
const RECIPIENTS_MAX = 1000;

export interface ShowOptions {
  readonly content?: boolean;
  readonly json?: boolean;
}

export async function showQueued(
  context: CommandContext,
  id: string,
  { content, json }: ShowOptions,
): Promise<void> {
  const messageId = id.toUpperCase();
  const { lookups } = context;
  const message = await lookups.message(messageId);
  if (message === undefined)
    throw new CommandFailure(`${id} is not in the queue; \`postern trace ${id}\` tells what became of it`);
  if (content === true && json !== true) return printContent(context, messageId);
  const entries = await lookups.queue({ messageId }, { max: RECIPIENTS_MAX });
  const waiting = await waitingOf(lookups, entries, context.now);
  const header = await headerOf(context, message);
  if (json === true) {
    const recipients = entries.map((entry, at) => entryJson(entry, waiting[at]));
    return printJson({ ...message, login: waiting[0]?.login, recipients, header });
  }
  printEnvelope(context, message, waiting[0]?.login);
  if (entries.length === 0)
    print("done but for the report to the sender; if that can't be written, the log says why");
  entries.forEach((entry, at) => printRecipient(context.now, entry, waiting[at]));
  print('');
  print(header.map((line) => safe(line.replaceAll('\t', '    '))).join('\n'));
}

function printEnvelope({ now }: CommandContext, message: QueuedMessage, login: string | undefined): void {
  const { id, acceptedAt, octets, envelope } = message;
  print(`${id}  accepted ${time(acceptedAt)}, ${spanWords(now - acceptedAt)} ago  ${octets} octets`);
  print(`login ${login ?? 'nobody here'}`);
  print(`from  <${safe(envelope.reversePath)}>`);
}

function printRecipient(now: number, entry: QueueEntry, waiting: Waiting | undefined): void {
  const { delivery, dueAt } = entry;
  const next = nextTry(entry, now);
  const attempts = waiting?.attempts ?? 0;
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  print(`to    <${safe(delivery.recipient.forwardPath)}>  ${stateOf(entry, waiting)}, ${tries}`);
  if (next !== '') print(`      next try ${next}${next === 'now' ? '' : ` (${time(dueAt)})`}`);
  const { last, why } = waiting ?? {};
  if (last === undefined) return print(`      ${why ?? ''}`);
  const where = last.remote === undefined ? '' : `, ${safe(last.remote)}`;
  print(`      last attempt ${time(last.at)}${where}: ${safe(last.reply)}`);
  if (why !== undefined && why !== last.reply) print(`      ${why}`);
}

async function printContent({ lookups }: CommandContext, id: string): Promise<void> {
  for await (const bytes of (await lookups.content(id)) ?? []) process.stdout.write(bytes);
}

async function headerOf({ lookups }: CommandContext, message: QueuedMessage): Promise<readonly string[]> {
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
