// `postern queue show`: one message of the queue: envelope, each recipient with its attempts and why it waits, header.

import { entryJson } from '../administration/queue-json.ts';
import type { ListedEntry } from '../administration/queue-why.ts';
import { safe, safeLines } from '../base/safe-text.ts';
import { spanWords } from '../base/span.ts';
import { time } from '../base/time.ts';
import type { QueuedMessage } from '../store/port.ts';
import type { CommandContext } from './context.ts';
import { type OptionRow, reasonHelp } from './option-rows.ts';
import { print, printJson, printOctets } from './output.ts';
import { nextTry, shownState } from './queue-list.ts';

export interface ShowOptions {
  readonly content?: boolean;
  readonly reason?: string;
  readonly json?: boolean;
}

export const showOptions: readonly OptionRow[] = [
  ['--content', 'print header and body as they will go'],
  ['--reason <text>', reasonHelp],
  ['--json', 'print JSON'],
];

export async function showQueued(
  context: CommandContext,
  id: string,
  { content, reason, json }: ShowOptions,
): Promise<void> {
  const administration = context.administration(reason);
  if (content === true && json !== true) return printOctets(await administration.queuedContent({ id }));
  const { message, entries, header } = await administration.showQueued({ id });
  const login = entries[0]?.waiting.login;
  if (json === true) return printJson({ ...message, login, recipients: entries.map(entryJson), header });
  printEnvelope(context, message, login);
  if (entries.length === 0)
    print("done but for the report to the sender; if that can't be written, the log says why");
  for (const entry of entries) printRecipient(context.now, entry);
  print('');
  print(safeLines(header.join('\n')));
}

function printEnvelope({ now }: CommandContext, message: QueuedMessage, login: string | undefined): void {
  const { id, acceptedAt, octets, envelope } = message;
  print(`${id}  accepted ${time(acceptedAt)}, ${spanWords(now - acceptedAt)} ago  ${octets} octets`);
  print(`login ${login ?? 'nobody here'}`);
  print(`from  <${safe(envelope.reversePath)}>`);
}

function printRecipient(now: number, { entry, waiting }: ListedEntry): void {
  const { delivery, dueAt } = entry;
  const next = nextTry(entry, now);
  const { attempts, last, why } = waiting;
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  print(`to    <${safe(delivery.recipient.forwardPath)}>  ${shownState(entry, waiting)}, ${tries}`);
  if (next !== '') print(`      next try ${next}${next === 'now' ? '' : ` (${time(dueAt)})`}`);
  if (last === undefined) return print(`      ${why}`);
  const where = last.remote === undefined ? '' : `, ${safe(last.remote)}`;
  print(`      last attempt ${time(last.at)}${where}: ${safe(last.reply)}`);
  if (why !== last.reply) print(`      ${why}`);
}
