// `postern queue`: what is on its way out, and what the operator does to it. Every change says how many recipients it means before it acts.

import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { formatDuration } from '../base/duration.ts';
import type { QueueEntry } from '../store/lookups.ts';
import type { QueueChange, QueueSelector } from '../store/port.ts';
import { type CommandContext, type ConfigOption, withStore } from './context.ts';
import { CommandFailure } from './failure.ts';
import { identityOf } from './identities.ts';
import { wholeNumber } from './number.ts';
import { print, printJson, safe, table, time } from './output.ts';

interface SelectorOptions extends ConfigOption {
  readonly identity?: string;
  readonly from?: string;
  readonly to?: string;
  readonly domain?: string;
  readonly held?: boolean;
  readonly json?: boolean;
  readonly all?: boolean;
  readonly yes?: boolean;
  readonly bounce?: boolean;
  readonly max?: string;
}

const LIST_MAX = 1000;

function withSelector(command: Command): Command {
  return command
    .option('--identity <login>', 'mail of this account')
    .option('--from <address>', 'this reverse-path')
    .option('--to <address>', 'this recipient')
    .option('--domain <domain>', 'recipients of this domain')
    .option('--held', 'only what is held');
}

export function queueCommands(program: Command): void {
  const queue = program
    .command('queue')
    .description('mail on its way out')
    .addHelpText('after', '\nExample:\n  postern queue list --json');
  withSelector(queue.command('list [id]'))
    .description('lists the queue')
    .option('--json', 'print JSON')
    .option('--max <n>', `at most so many, default ${LIST_MAX}`)
    .addHelpText('after', '\nExample:\n  postern queue list --domain example.net')
    .action((id: string | undefined, options: SelectorOptions, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => list(context, id, options)),
    );
  queue
    .command('show <id>')
    .description('shows a queued message: envelope, recipients, header')
    .option('--content', 'print header and body as they will go')
    .addHelpText('after', '\nExample:\n  postern queue show 06FN0Z2V3W00000000000000AB')
    .action((id: string, options: { content?: boolean }, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => show(context, id, options)),
    );
  for (const [action, description] of actions) {
    withSelector(queue.command(`${action} [id]`))
      .description(description)
      .option('--all', 'the whole queue')
      .option('--yes', 'do not ask')
      .option('--bounce', 'drop only: report it to the senders')
      .option('--json', 'print JSON')
      .addHelpText('after', `\nExample:\n  postern queue ${action} --domain example.net --yes`)
      .action((id: string | undefined, options: SelectorOptions, command: Command) =>
        withStore(command.optsWithGlobals(), (context) => change(context, action, id, options)),
      );
  }
}

const actions = [
  ['retry', 'tries now, instead of at the next time'],
  ['hold', 'keeps it until it is released'],
  ['release', 'lets held mail go on'],
  ['drop', 'removes it for good, without a word to the sender unless --bounce'],
] as const satisfies readonly (readonly [QueueChange['action'], string])[];

async function selectorOf(
  context: CommandContext,
  id: string | undefined,
  options: SelectorOptions,
): Promise<QueueSelector> {
  const identity = options.identity === undefined ? undefined : await identityOf(context, options.identity);
  return {
    ...(id === undefined ? {} : { messageId: id.toUpperCase() }),
    ...(identity === undefined ? {} : { identityId: identity.id }),
    ...(options.from === undefined ? {} : { from: options.from }),
    ...(options.to === undefined ? {} : { to: options.to }),
    ...(options.domain === undefined ? {} : { domain: options.domain }),
    ...(options.held === undefined ? {} : { held: options.held }),
  };
}

async function list(
  context: CommandContext,
  id: string | undefined,
  options: SelectorOptions,
): Promise<void> {
  const max = options.max === undefined ? LIST_MAX : wholeNumber(options.max, '--max');
  const selector = await selectorOf(context, id, options);
  const entries = await context.lookups.queue(selector, { max });
  const deliveries = await context.lookups.queueCount(selector);
  if (options.json === true)
    return printJson({ deliveries, entries: entries.map((entry) => entryJson(entry)) });
  if (entries.length === 0) return print('the queue is empty');
  const rows = entries.map((entry) => [
    entry.message.id,
    formatDuration(Math.floor((context.now - entry.message.acceptedAt) / 60_000) * 60_000 || 1000),
    stateOf(entry),
    safe(`<${entry.message.envelope.reversePath}>`),
    safe(`<${entry.delivery.recipient.forwardPath}>`),
  ]);
  print(table([['ID', 'AGE', 'STATE', 'FROM', 'TO'], ...rows]));
  if (deliveries > entries.length) print(`… ${deliveries - entries.length} more`);
}

function stateOf({ held, active, dueAt, delivery }: QueueEntry): string {
  if (held) return 'held';
  if (active) return 'active';
  return delivery.attempt === 0 ? 'new' : `due ${new Date(dueAt).toISOString().slice(11, 16)}`;
}

function entryJson({ message, delivery, dueAt, held, active }: QueueEntry) {
  const { id, acceptedAt, identityId, envelope, octets } = message;
  const { recipient, recipientNumber, attempt } = delivery;
  return {
    id,
    acceptedAt,
    identityId,
    from: envelope.reversePath,
    to: recipient.forwardPath,
    recipientNumber,
    octets,
    attempts: attempt,
    dueAt,
    held,
    active,
  };
}

async function show(
  context: CommandContext,
  id: string,
  { content }: { readonly content?: boolean },
): Promise<void> {
  const messageId = id.toUpperCase();
  const message = await context.lookups.message(messageId);
  if (message === undefined)
    throw new CommandFailure(`${id} is not in the queue; \`postern trace ${id}\` tells what became of it`);
  if (content !== true) {
    print(`${message.id}  accepted ${time(message.acceptedAt)}  ${message.octets} octets`);
    print(`from  <${safe(message.envelope.reversePath)}>`);
    for (const entry of await context.lookups.queue({ messageId }, { max: LIST_MAX })) {
      print(
        `to    <${safe(entry.delivery.recipient.forwardPath)}>  ${stateOf(entry)}, ${entry.delivery.attempt} attempts`,
      );
    }
    print('');
  }
  const parts: Uint8Array[] = [];
  for await (const bytes of (await context.lookups.content(messageId)) ?? []) {
    if (content === true) process.stdout.write(bytes);
    else parts.push(bytes);
  }
  if (content !== true)
    print(
      Buffer.concat(parts)
        .subarray(0, message.headerOctets)
        .toString('utf8')
        .split('\r\n')
        .map(safe)
        .join('\n'),
    );
}

async function change(
  context: CommandContext,
  action: QueueChange['action'],
  id: string | undefined,
  options: SelectorOptions,
): Promise<void> {
  const selector = await selectorOf(context, id, options);
  if (Object.keys(selector).length === 0 && options.all !== true) {
    throw new CommandFailure('name an id, a selector such as --domain, or --all', 2);
  }
  const count = await context.lookups.queueCount(selector);
  if (count === 0) throw new CommandFailure('nothing in the queue matches');
  if (options.yes !== true) await confirm(`${action} ${count} recipients?`, count);
  if (options.bounce === true && action !== 'drop') throw new CommandFailure('--bounce goes with drop', 2);
  if (options.bounce === true) {
    const { bounceQueue } = await import('./queue-bounce.ts');
    const given = await bounceQueue(context, selector);
    return options.json === true
      ? printJson({ action, matched: count, changed: given })
      : print(`gave up ${given} of ${count} recipients, their senders are told`);
  }
  const [outcome] = await context.store.commit([
    { type: 'queue', action, selector, now: context.now, by: context.by },
  ]);
  if (outcome.type === 'failed') throw new CommandFailure(outcome.cause, 3);
  if (options.json === true) return printJson({ action, matched: count, changed: outcome.count });
  print(
    `${action}: ${outcome.count} of ${count} recipients${outcome.count < count ? ' (the others are under way, or were so already)' : ''}`,
  );
}

async function confirm(question: string, count: number): Promise<void> {
  if (!process.stdin.isTTY) {
    if (count === 1) return;
    throw new CommandFailure(`this means ${count} recipients: say --yes`, 2);
  }
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await reader.question(`${question} [y/N] `);
  reader.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new CommandFailure('nothing was done');
}
