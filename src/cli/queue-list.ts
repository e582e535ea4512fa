// `postern queue list`, and how an operator names a part of the queue.

import { formatDuration } from '../base/duration.ts';
import type { Identity } from '../record/identity.ts';
import type { QueueEntry, QueueTotals } from '../store/lookups.ts';
import type { QueueSelector } from '../store/port.ts';
import type { LookContext } from './context.ts';
import { CommandFailure } from './failure.ts';
import { wholeNumber } from './number.ts';
import type { OptionRow } from './option-rows.ts';
import { print, printJson, safe, table } from './output.ts';

const LIST_MAX = 50;
/** Domains above a list that does not show the whole queue. */
const DOMAINS_MAX = 10;

export interface SelectorOptions {
  readonly identity?: string;
  readonly from?: string;
  readonly to?: string;
  readonly domain?: string;
  readonly held?: boolean;
  readonly json?: boolean;
}

export interface ListOptions extends SelectorOptions {
  readonly totals?: boolean;
  readonly max?: string;
}

export const selectorOptions: readonly OptionRow[] = [
  ['--identity <login>', 'mail of this account'],
  ['--from <address>', 'this reverse-path'],
  ['--to <address>', 'this recipient'],
  ['--domain <domain>', 'recipients of this domain'],
  ['--held', 'only what is held'],
];

export const listOptions: readonly OptionRow[] = [
  ...selectorOptions,
  ['--totals', 'only how much it is, in all and for the 50 largest domains'],
  ['--json', 'print JSON'],
  ['--max <n>', `at most so many, default ${LIST_MAX}`],
];

export async function selectorOf(
  context: Pick<LookContext, 'lookups' | 'whole'>,
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

export async function listQueue(
  context: LookContext,
  id: string | undefined,
  options: ListOptions,
): Promise<void> {
  if (options.totals === true) return listTotals(context, id, options);
  const max = options.max === undefined ? LIST_MAX : wholeNumber(options.max, '--max');
  const selector = await selectorOf(context, id, options);
  const [entries, deliveries] = await Promise.all([
    context.lookups.queue(selector, { max }),
    context.lookups.queueCount(selector),
  ]);
  if (options.json === true)
    return printJson({ deliveries, entries: entries.map((entry) => entryJson(entry)) });
  if (entries.length === 0) return print('the queue is empty');
  const isCut = deliveries > entries.length;
  if (isCut && Object.keys(selector).length === 0) {
    printTotals(await context.lookups.queueTotals(), context.now, DOMAINS_MAX);
    print('');
  }
  const rows = entries.map((entry) => [
    entry.message.id,
    age(context.now - entry.message.acceptedAt),
    stateOf(entry),
    safe(`<${entry.message.envelope.reversePath}>`),
    safe(`<${entry.delivery.recipient.forwardPath}>`),
  ]);
  print(table([['ID', 'AGE', 'STATE', 'FROM', 'TO'], ...rows]));
  if (isCut) print(`… ${deliveries - entries.length} more: say --max N, or select`);
}

async function listTotals(
  { lookups, now }: LookContext,
  id: string | undefined,
  options: ListOptions,
): Promise<void> {
  const others = Object.keys(options).filter((key) => !['totals', 'json', 'config'].includes(key));
  if (id !== undefined || others.length > 0)
    throw new CommandFailure('--totals is about the whole queue: it goes with --json alone', 2);
  const totals = await lookups.queueTotals();
  if (options.json === true) return printJson(totals);
  if (totals.messages === 0) return print('the queue is empty');
  printTotals(totals, now);
}

function printTotals(totals: QueueTotals, now: number, domainsMax?: number): void {
  const { messages, deliveries, held, oldestAcceptedAt = now, byDomain } = totals;
  print(
    `${messages} messages to ${deliveries} recipients, ${held} of them held; the oldest is ${age(now - oldestAcceptedAt)} old`,
  );
  const rows = byDomain.slice(0, domainsMax).map((one) => [one.domain, String(one.deliveries)]);
  print(table([['DOMAIN', 'RECIPIENTS'], ...rows]));
  if (rows.length < byDomain.length) print('… and more: --totals');
}

/** Whole minutes. */
function age(ms: number): string {
  return formatDuration(Math.floor(ms / 60_000) * 60_000 || 1000);
}

export function stateOf({ held, active, dueAt, delivery }: QueueEntry): string {
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

async function identityOf(
  { lookups, whole }: Pick<LookContext, 'lookups' | 'whole'>,
  login: string,
): Promise<Identity> {
  const identities = await import('./identities.ts');
  return identities.identityOf({ lookups, loaded: await whole() }, login);
}
