// What `postern trace` does: who sent this? From an id, a Received label, a Message-ID, an address, a login, or the file of a message.

import type { FileQuestion } from '../audit/question.ts';
import type { TracedWords } from '../administration/trace.ts';
import type { TraceAnswer } from '../audit/trace.ts';
import { safe } from '../base/safe-text.ts';
import type { LookContext } from './context.ts';
import { CommandFailure } from './failure.ts';
import type { OptionRow } from './option-rows.ts';
import { print, printJson } from './output.ts';
import { fileQuestion, namesNothing, rangeOf, type RangeOptions } from './trace-question.ts';
import { showAnswer } from './trace-show.ts';

export interface TraceOptions extends RangeOptions {
  readonly json?: boolean;
  readonly reason?: string;
}

export const traceOptions: readonly OptionRow[] = [
  ['--json', 'print JSON'],
  ['--reason <text>', 'why you ask: kept in the trail'],
  ['--since <time>', 'not before: RFC 3339, a date (UTC), or how long ago, such as 2h'],
  ['--until <time>', 'not after, likewise; a date counts to its end'],
  ['--ip <address>', 'only from this client address'],
  ['--max <n>', 'at most so many messages and refusals, newest first', '20'],
  ['--before <place>', 'go on where an answer ended'],
];

/** What was asked, and what came of it. */
export type Traced = TracedWords | { readonly question: FileQuestion; readonly answer: TraceAnswer };

export async function runTrace(context: LookContext, what: string, options: TraceOptions): Promise<void> {
  const traced = await ask(context, what, options);
  const { answer, question } = traced;
  const found = answer.messages.length + answer.refusals.length;
  if (options.json === true) printJson(answer);
  else showAnswer(traced);
  if (answer.more && options.json !== true) print(howToGoOn(answer));
  if (found === 0 && answer.next === undefined) throw new CommandFailure(notFound(traced));
  if (found > 0 && answer.messages.every(({ evidence }) => evidence === 'none') && 'shown' in question)
    throw new CommandFailure(
      'nothing proves that this file is one of these messages: its lines may be copied',
    );
}

async function ask(context: LookContext, what: string, options: TraceOptions): Promise<Traced> {
  const administration = context.administration(options.reason);
  const range = rangeOf(options, context.now);
  const question = await fileQuestion(context, what);
  if (question !== undefined) {
    assertNoRange(what, options);
    return { question, answer: await administration.traceFile({ question, max: range.max }) };
  }
  return (await administration.traceWords({ words: what, range })) ?? namesNothing(what);
}

/** Throws `CommandFailure`: an answer that ignored what was asked would look complete. */
function assertNoRange(file: string, options: TraceOptions): void {
  const named = (['since', 'until', 'ip', 'before'] as const).filter((name) => options[name] !== undefined);
  if (named.length > 0)
    throw new CommandFailure(
      `${file} is a file, and its own lines say which messages are meant: it goes without ${named.map((name) => `--${name}`).join(' and ')}`,
      2,
    );
}

function howToGoOn({ next, messages, refusals }: TraceAnswer): string {
  if (next === undefined) return '… and more: say --max N';
  const nothing = messages.length + refusals.length === 0;
  return nothing
    ? `… nothing fits so far, and there is more to look through: say --before ${next}, or narrow it with --since and --until`
    : `… and more: say --max N, or --before ${next} to go on from here`;
}

function notFound(traced: Traced): string {
  if (!('identities' in traced)) return notFoundInFile(traced.question);
  const { question, identities } = traced;
  const [identity] = identities;
  return identity === undefined
    ? `the trail knows nothing of ${safe(question.text)}: looked for ${lookedFor(question)}; what is older than retention is forgotten`
    : `the trail knows of nothing that ${identity.login} sent, or was refused, and that fits what was asked for; what is older than retention is forgotten`;
}

const termWords = {
  id: 'an id',
  address: 'an address',
  messageIdField: 'a Message-ID',
  label: 'a Received label',
  identity: 'an account',
  lookedAt: 'looks at an account',
  network: 'a client network',
} as const;

function lookedFor({ looks }: TracedWords['question']): string {
  return [...new Set(looks.flat().map(({ kind }) => termWords[kind]))].join(', then ');
}

/** Nothing found proves nothing: the lines may have been cut out, and retention may have ended. */
function notFoundInFile({ shown }: FileQuestion): string {
  const terms = shown.flatMap((one) => one.terms);
  const ids = terms.flatMap((term) => (term.kind === 'id' ? [term.id] : []));
  const messageIds = terms.flatMap((term) => (term.kind === 'messageIdField' ? [term.value] : []));
  const attached = shown.filter(({ where }) => where !== 'the file').length;
  const read = attached === 0 ? 'the file' : `the file and ${attached} messages attached to it`;
  const [from] = shown.flatMap((one) => one.claimedFrom);
  const way = `look by its address and time: \`postern trace ${safe(from ?? 'ADDRESS')} --since DATE --until DATE\``;
  if (terms.length === 0)
    return `${read}: no Received line of this server and no Message-ID stand in it, so it names no message of this server; ${way}`;
  return `the trail knows nothing of ${read}: looked for ${[
    ...(ids.length === 0 ? [] : [`${ids.length} ids of our Received lines (${ids.slice(0, 3).join(', ')})`]),
    ...messageIds.slice(0, 3).map((value) => `Message-ID ${safe(value.slice(0, 200))}`),
  ].join(' and ')}. It did not pass here, its lines were changed, or retention has ended; ${way}`;
}
