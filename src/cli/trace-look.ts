// What `postern trace` does: who sent this? From an id, a Received label, a Message-ID, an address, or the file of a message.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { questionOfText, type TraceQuestion } from '../audit/question.ts';
import type { Evidence } from '../audit/evidence.ts';
import { recordLookup, trace, type RecipientFate, type TracedMessage } from '../audit/trace.ts';
import { dkimRecordName } from '../message/dkim/record-name.ts';
import type { LookContext } from './context.ts';
import { CommandFailure } from './failure.ts';
import { wholeNumber } from './number.ts';
import type { OptionRow } from './option-rows.ts';
import { print, printJson, safe, strong, time } from './output.ts';

export interface TraceOptions {
  readonly json?: boolean;
  readonly reason?: string;
  readonly max: string;
}

export const traceOptions: readonly OptionRow[] = [
  ['--json', 'print JSON'],
  ['--reason <text>', 'why you ask: kept in the trail'],
  ['--max <n>', 'at most so many messages, newest first', '20'],
];

const FILE_OCTETS_MAX = 64 * 1024 * 1024;

export async function runTrace(context: LookContext, what: string, options: TraceOptions): Promise<void> {
  const { lookups, store, now, by } = context;
  const max = Math.max(1, wholeNumber(options.max, '--max'));
  if (context.requireReason && (options.reason ?? '') === '') {
    throw new CommandFailure(
      'say why with --reason TEXT: the configuration asks for it (audit.requireReason)',
      2,
    );
  }
  const file = readMessageFile(what);
  const question = file === undefined ? questionOfText(what) : await questionOfFile(context, file);
  if (question === undefined)
    throw new CommandFailure(
      `"${what}" is no id, label, Message-ID or address, and there is no such file`,
      2,
    );
  const answer = await trace(lookups, question, max);
  await recordLookup(
    store,
    { by, reason: options.reason ?? '', question: question.text, found: answer.messages.length },
    now,
  );
  if (options.json === true) printJson(answer);
  else await showAnswer(answer.messages, question, file);
  if (answer.more && options.json !== true) print('… and more: say --max N');
  if (answer.messages.length === 0) throw new CommandFailure(notFound(question));
  if (answer.messages.every(({ evidence }) => evidence === 'none'))
    throw new CommandFailure(
      'nothing proves that this file is one of these messages: its lines may be copied',
    );
}

async function questionOfFile({ whole }: LookContext, file: Uint8Array): Promise<TraceQuestion> {
  const { questionOfMessage } = await import('../audit/question-of-message.ts');
  return questionOfMessage(file, (await whole()).config.hostname);
}

function readMessageFile(what: string): Uint8Array | undefined {
  if (!existsSync(what) || !statSync(what).isFile()) return undefined;
  if (statSync(what).size > FILE_OCTETS_MAX)
    throw new CommandFailure(`${what} is larger than ${FILE_OCTETS_MAX} octets`);
  return readFileSync(what);
}

function notFound({ text, terms }: TraceQuestion): string {
  return terms.length === 0
    ? `${text}: it names no message of this server`
    : `the trail knows nothing of ${text}: it did not pass here, or retention has ended`;
}

async function showAnswer(
  messages: readonly TracedMessage[],
  question: TraceQuestion,
  file: Uint8Array | undefined,
): Promise<void> {
  if (file !== undefined && messages.length > 0) {
    const { claimedFrom } = await import('../audit/question-of-message.ts');
    print(
      `The file claims From: ${claimedFrom(file).map(safe).join(', ') || 'nobody'}. What the trail says of ${safe(question.text)}:\n`,
    );
  }
  messages.forEach((message, at) => {
    if (at > 0) print('');
    showMessage(message);
  });
}

const proofs: Readonly<Record<Evidence, string>> = {
  body: 'the body of the file is the one that was submitted',
  line: 'our topmost line fits; the body does not: cut or changed on its way, or the line was copied',
  none: 'UNVERIFIED: whoever wrote the file could write this line',
};

function showMessage({ id, acceptedAt, identityId, accepted, recipients, evidence }: TracedMessage): void {
  print(strong(`${id}  accepted ${time(acceptedAt)}`));
  if (evidence !== undefined) print(`  proof     ${proofs[evidence]}`);
  if (accepted === undefined)
    return print(`  its record was forgotten${identityId === undefined ? '' : ` (identity ${identityId})`}`);
  const { principal, session, envelope } = accepted;
  if (principal !== undefined) {
    print(`  who       ${principal.login}  (identity ${principal.identityId})`);
    print(
      `  with      ${principal.mechanism}, credential ${safe(principal.credentialLabel)} (${principal.credentialId})`,
    );
  } else
    print(
      `  who       nobody here: ${accepted.rule === 'report' ? `a report of this server on ${accepted.reportOn ?? 'a message'}` : 'unauthenticated mail for our own mailboxes'}`,
    );
  if (session.clientAddress !== '') {
    print(
      `  from      ${session.clientAddress} port ${session.clientPort}, to ${session.serverAddress} port ${session.serverPort}, EHLO ${safe(session.ehlo)}, session ${session.sessionId}`,
    );
  }
  if (session.tls !== undefined)
    print(`  TLS       ${session.tls.version} ${session.tls.cipher}, ${accepted.withProtocol}`);
  print(
    `  sender    <${safe(envelope.reversePath)}>, header From ${accepted.headerFrom.map(safe).join(', ')}`,
  );
  print(`  allowed   ${safe(accepted.rule)}`);
  print(
    `  message   ${safe(accepted.messageIdField ?? 'no Message-ID')}, ${accepted.octets} octets, body SHA-256 ${accepted.bodyHash.slice(0, 16)}…`,
  );
  for (const { domain, selector, failure } of accepted.signatures ?? [])
    print(
      `  signed    ${failure === undefined ? 'by' : 'NOT by'} ${dkimRecordName(selector, domain)}${failure === undefined ? '' : `: ${safe(failure)}`}`,
    );
  if (accepted.label !== undefined) print(`  label     ${accepted.label}`);
  for (const fate of recipients) print(`  to        ${fateText(fate)}`);
}

function fateText({
  recipient,
  fate,
  at,
  attempts,
  status,
  remote,
  diagnostic,
  reportId,
}: RecipientFate): string {
  const when = at === undefined ? '' : ` ${time(at)}`;
  const where = remote === undefined ? '' : ` by ${safe(remote)}`;
  const words = diagnostic === undefined ? '' : `: ${status ?? ''} ${safe(diagnostic)}`;
  const tried = attempts > 1 ? ` (${attempts} attempts)` : '';
  return `<${safe(recipient)}>  ${fate}${when}${where}${tried}${words}${reportId === undefined ? '' : `; report ${reportId}`}`;
}
