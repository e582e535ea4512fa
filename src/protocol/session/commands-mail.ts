// The mail transaction: MAIL, RCPT, DATA and BDAT up to the first octet of content (RFC 5321 section 3.3, RFC 3030).

import type { EnvelopeRecipient, ReversePathAndParameters } from '../envelope.ts';
import { isAsciiText, type MailboxProblem } from '../wire/mailbox.ts';
import { withoutBlanks } from '../wire/blanks.ts';
import { mailParameters, readParameters, recipientParameters } from '../wire/parameters.ts';
import { parsePath } from '../wire/path.ts';
import type { ReplyName } from '../wire/reply-registry.ts';
import { refusal, type Refusal } from '../refusal.ts';
import { beginContent, beginChunk } from './content.ts';
import { type CommandLine, gateProblem } from './gate.ts';
import type { SessionSettings } from './ports.ts';
import { ask, close, offersDsn, refuse, refuseWith, send, type SessionState } from './state.ts';

type Side = 'MAIL' | 'RCPT';

const problems: Readonly<Record<Side, Readonly<Record<MailboxProblem, ReplyName>>>> = {
  MAIL: { syntax: 'senderSyntax', tooLong: 'senderSyntax', unqualified: 'senderDomainUnqualified' },
  RCPT: { syntax: 'recipientSyntax', tooLong: 'recipientSyntax', unqualified: 'recipientDomainUnqualified' },
};

const dsnParameters: ReadonlySet<string> = new Set(['RET', 'ENVID', 'NOTIFY', 'ORCPT']);

const offeredIn = (settings: SessionSettings) => (keyword: string) =>
  dsnParameters.has(keyword) ? offersDsn(settings) : keyword !== 'AUTH' || settings.role === 'submission';

/** `FROM:` or `TO:`, then the path; blanks after the colon are forgiven. */
function afterKeyword(argument: string, keyword: string): string | undefined {
  if (argument.slice(0, keyword.length).toUpperCase() !== keyword) return undefined;
  return withoutBlanks(argument.slice(keyword.length));
}

export function mail(state: SessionState, { argument }: CommandLine): void {
  if (state.transaction !== undefined || state.chunkFailed)
    return refuse(state, 'MAIL', 'badSequence', 'nested MAIL');
  const text = afterKeyword(argument, 'FROM:');
  if (text === undefined) return refuse(state, 'MAIL', 'badArgument', 'no FROM:');
  const path = parsePath(text, 'nullPath');
  if (!path.ok) return refuse(state, 'MAIL', problems.MAIL[path.error], `reverse-path: ${path.error}`);
  const parameters = readParameters(path.value.rest, mailParameters, offeredIn(state.settings));
  if (!parameters.ok) return refuseWith(state, 'MAIL', parameters.error);
  const from: ReversePathAndParameters = {
    body: '7BIT',
    smtputf8: false,
    ...parameters.value,
    reversePath: path.value.mailbox,
  };
  if (!from.smtputf8 && !isAsciiText(from.reversePath))
    return refuse(state, 'MAIL', 'nonAsciiSender', 'no SMTPUTF8');
  const limit = state.settings.messageOctetsMax;
  if ((from.declaredSize ?? 0) > limit)
    return refuse(state, 'MAIL', 'sizeDeclared', `SIZE=${from.declaredSize}`, { limit });
  ask(state, { type: 'mail', from });
}

export function rcpt(state: SessionState, { argument }: CommandLine): void {
  const { transaction, settings } = state;
  if (transaction === undefined || transaction.content !== undefined || state.chunkFailed) {
    return refuse(state, 'RCPT', 'badSequence', 'no transaction');
  }
  const text = afterKeyword(argument, 'TO:');
  const refused = (decided: Refusal): void => {
    transaction.refusedRecipients += 1;
    refuseWith(state, 'RCPT', decided);
  };
  if (text === undefined) return refused(refusal('badArgument', 'no TO:'));
  const path = parsePath(text, 'postmaster');
  if (!path.ok) return refused(refusal(problems.RCPT[path.error], `forward-path: ${path.error}`));
  if (path.value.sourceRoute && settings.role === 'submission')
    return refused(refusal('sourceRouteRefused', 'source route'));
  const parameters = readParameters(path.value.rest, recipientParameters, offeredIn(settings));
  if (!parameters.ok) return refused(parameters.error);
  const recipient: EnvelopeRecipient = { ...parameters.value, forwardPath: path.value.mailbox };
  if (!transaction.envelope.smtputf8 && !isAsciiText(recipient.forwardPath))
    return refused(refusal('nonAsciiRecipient', 'no SMTPUTF8'));
  if (transaction.acceptedRecipients >= settings.recipientsMax) {
    return refused(refusal('tooManyRecipients', `limit ${settings.recipientsMax}`));
  }
  ask(state, { type: 'recipient', recipient, envelope: transaction.envelope });
}

/** Conditions of both DATA and BDAT; undefined: go on. */
function contentProblem(state: SessionState): Refusal | undefined {
  const { transaction } = state;
  if (transaction === undefined || state.chunkFailed) return refusal('badSequence', 'no transaction');
  if (transaction.acceptedRecipients > 0) return undefined;
  return transaction.refusedRecipients > 0
    ? refusal('noValidRecipients', 'every recipient was refused')
    : refusal('badSequence', 'no recipients');
}

export function data(state: SessionState, { argument }: CommandLine): void {
  if (argument !== '') return refuse(state, 'DATA', 'badArgument', 'DATA takes no argument');
  const problem = contentProblem(state);
  if (problem !== undefined) return refuseWith(state, 'DATA', problem);
  if (state.transaction?.content !== undefined)
    return refuse(state, 'DATA', 'badSequence', 'DATA after BDAT');
  beginContent(state);
}

const chunkSize = /^(\d{1,20})(?: |$)/;
const chunkArguments = /^\d+(?: +LAST)?$/i;

/** A chunk larger than this many messages is not read to its end. */
const DISCARD_FACTOR = 4;
const DISCARD_OCTETS_BEFORE_AUTH = 1024 * 1024;

/** The octets of a chunk are read whatever the verdict (EXT-CHUNK-a): they must never be taken for commands. If their number is unknown, nothing more is read. */
export function bdat(state: SessionState, { argument }: CommandLine): void {
  const size = chunkSize.exec(argument)?.[1];
  const { settings, transaction } = state;
  const gated = gateProblem(state);
  const malformed = chunkArguments.test(argument)
    ? undefined
    : refusal('badArgument', 'BDAT wants a size and LAST or nothing');
  if (size === undefined) {
    refuseWith(state, 'BDAT', gated ?? refusal('badArgument', 'BDAT without a size that can be read'));
    return close(state, 'framing');
  }
  const octets = Number(size);
  const limit = settings.messageOctetsMax;
  const problem = gated ?? malformed ?? contentProblem(state);
  const total = octets + (transaction?.content?.octets ?? 0);
  const refused =
    problem ?? (total > limit ? refusal('chunkTooLarge', `${total} octets announced`) : undefined);
  if (refused === undefined) return beginChunk(state, octets, argument.length > size.length);
  const most = gated === undefined ? DISCARD_FACTOR * limit : DISCARD_OCTETS_BEFORE_AUTH;
  if (octets > most) {
    send(state, refused.reply);
    return close(state, 'protocol');
  }
  state.chunkFailed = transaction !== undefined || state.chunkFailed;
  state.discard = { left: octets, octets, since: state.now, refusal: refused };
  state.phase = 'chunk';
}
