// `postern queue list`: what waits, why, and for how long still.

import type { TotalsByHop } from '../administration/queue-hops.ts';
import { entryJson, ofAgeJson, ofIdentityJson, stateOf } from '../administration/queue-json.ts';
import type { QueueList } from '../administration/queue-looks.ts';
import type { QueuePart } from '../administration/queue-selector.ts';
import { ageInWords, type QueueOfAge } from '../administration/queue-views.ts';
import type { ListedEntry, Waiting } from '../administration/queue-why.ts';
import type { Administration } from '../administration/use-cases.ts';
import { numberOf } from '../base/number-of.ts';
import { safe } from '../base/safe-text.ts';
import { table } from '../base/table.ts';
import type { QueueEntry, QueueOfIdentity, QueueTotals } from '../store/lookups.ts';
import type { LookContext } from './context.ts';
import { CommandFailure } from './failure.ts';
import { wholeNumberFrom1 } from './number.ts';
import type { OptionRow } from './option-rows.ts';
import { print, printJson } from './output.ts';
import { partOf, type PartOptions, partOptions } from './queue-part.ts';
import { spanWords } from '../base/span.ts';

const LIST_MAX = 50;
const ACCOUNTS_MAX = 50;
/** Domains above a list that does not show the whole queue. */
const DOMAINS_MAX = 10;
/** Characters of a reason in a list; `queue show` tells all of it. */
const WHY_MAX = 120;

export interface ListOptions extends PartOptions {
  readonly totals?: boolean;
  readonly max?: string;
}

export const listOptions: readonly OptionRow[] = [
  ...partOptions,
  ['--totals', 'only how much it is: in all, by domain and next hop, by age, and by account'],
  ['--json', 'print JSON'],
  ['--max <n>', `at most so many, default ${LIST_MAX}`],
];

export async function listQueue(
  context: LookContext,
  id: string | undefined,
  options: ListOptions,
): Promise<void> {
  if (options.totals === true) return listTotals(context, id, options);
  const max = options.max === undefined ? LIST_MAX : wholeNumberFrom1(options.max, '--max');
  const { administration, now } = context;
  const part = partOf(id, options);
  const { entries, deliveries } = await listPages(administration(), part, max);
  if (options.json === true) return printJson({ deliveries, entries: entries.map(entryJson) });
  // What left the queue meanwhile is no more to be seen.
  const isCut = entries.length === max && deliveries > entries.length;
  const isWhole = Object.keys(part).length === 0;
  if (entries.length === 0 && !isWhole) return print('nothing in the queue matches');
  const totals = isWhole ? await administration().queueTotals() : undefined;
  if (entries.length === 0)
    return print(totals?.unreported === undefined ? 'the queue is empty' : unreported(totals));
  if (isCut && totals !== undefined) {
    printTotals(totals, now, DOMAINS_MAX);
    print('');
  }
  const rows = entries.map((one) => rowOf(one, now));
  print(table([['ID', 'AGE', 'STATE', 'TRIES', 'NEXT TRY', 'LOGIN', 'FROM', 'TO', 'WHY'], ...rows]));
  if (isCut) print(`… ${deliveries - entries.length} more: say --max N, or select`);
  else if (totals?.unreported !== undefined) print(unreported(totals));
}

async function listPages(
  administration: Administration,
  part: QueuePart,
  max: number,
): Promise<QueueList & { readonly deliveries: number }> {
  const first = await administration.listQueue({ part, max });
  const entries = [...first.entries];
  for (let { next: after } = first; after !== undefined && entries.length < max;) {
    const page = await administration.listQueue({ part, max: max - entries.length, after });
    entries.push(...page.entries);
    after = page.next;
  }
  return { ...first, entries, deliveries: first.deliveries ?? entries.length };
}

/** No recipient is left, so they have no line of their own. */
function unreported({ unreported: count = 0 }: QueueTotals): string {
  return `${numberOf(count, 'message')}, done but for the report to the sender; if that can't be written, the log says why`;
}

function rowOf({ entry, waiting }: ListedEntry, now: number): readonly string[] {
  const { message, delivery } = entry;
  const why = safe(waiting.why);
  return [
    message.id,
    spanWords(now - message.acceptedAt),
    shownState(entry, waiting),
    String(waiting.attempts),
    nextTry(entry, now),
    waiting.login ?? '-',
    safe(`<${message.envelope.reversePath}>`),
    safe(`<${delivery.recipient.forwardPath}>`),
    why.length > WHY_MAX ? `${why.slice(0, WHY_MAX)}…` : why,
  ];
}

async function listTotals(
  { administration, now }: LookContext,
  id: string | undefined,
  options: ListOptions,
): Promise<void> {
  const others = Object.keys(options).filter((key) => !['totals', 'json', 'config'].includes(key));
  if (id !== undefined || others.length > 0)
    throw new CommandFailure('--totals is about the whole queue: it goes with --json alone', 2);
  const asked = administration();
  const [totals, byAge, byIdentity] = await Promise.all([
    asked.queueTotals(),
    asked.queueByAge({ part: {} }),
    asked.queueByIdentity({ max: ACCOUNTS_MAX }),
  ]);
  if (options.json === true)
    return printJson({ ...totals, byAge: byAge.map(ofAgeJson), byIdentity: byIdentity.map(ofIdentityJson) });
  if (totals.messages === 0) return print('the queue is empty');
  printTotals(totals, now);
  print('');
  print(table([['WAITING FOR', 'RECIPIENTS'], ...byAge.map(ageRow)]));
  if (byIdentity.length === 0) return;
  print('');
  print(table([['ACCOUNT', 'RECIPIENTS', 'OLDEST'], ...byIdentity.map((one) => accountRow(one, now))]));
  if (byIdentity.length === ACCOUNTS_MAX) print(`… the ${ACCOUNTS_MAX} accounts with most are shown`);
}

function ageRow({ deliveries, isCut, ...range }: QueueOfAge): readonly string[] {
  return [ageInWords(range), `${isCut ? 'over ' : ''}${deliveries}`];
}

function accountRow(
  { login, deliveries, oldestAcceptedAt }: QueueOfIdentity,
  now: number,
): readonly string[] {
  const oldest = oldestAcceptedAt === undefined ? '' : spanWords(now - oldestAcceptedAt);
  return [login ?? '(gone)', String(deliveries), oldest];
}

function printTotals(totals: TotalsByHop, now: number, domainsMax?: number): void {
  const { messages, deliveries, held, oldestAcceptedAt = now, byDomain, byHop } = totals;
  print(
    `${messages} messages to ${deliveries} recipients, ${held} of them held; the oldest is ${spanWords(now - oldestAcceptedAt)} old`,
  );
  if (totals.unreported !== undefined) print(unreported(totals));
  const hops = new Map(byHop.flatMap(({ hop, domains }) => domains.map(({ domain }) => [domain, hop])));
  const rows = byDomain
    .slice(0, domainsMax)
    .map(({ domain, deliveries: count }) => [domain, String(count), safe(hops.get(domain) ?? '')]);
  print(table([['DOMAIN', 'RECIPIENTS', 'NEXT HOP'], ...rows]));
  if (rows.length < byDomain.length) print('… and more: --totals');
}

/** With the node that has it in hand. */
export function shownState(entry: QueueEntry, waiting: Waiting): string {
  const { heldBy, node } = entry;
  const state = stateOf(entry, waiting);
  return node === undefined || heldBy.length > 0 ? state : `${state} at ${safe(node)}`;
}

/** Empty: nothing happens without the operator, or it happens now. */
export function nextTry({ heldBy, active, dueAt }: QueueEntry, now: number): string {
  if (heldBy.length > 0 || active) return '';
  return dueAt <= now ? 'now' : `in ${spanWords(dueAt - now)}`;
}
