// The answer of `postern trace` for people.

import type { Comparison } from '../audit/evidence.ts';
import type { FileQuestion } from '../audit/question.ts';
import type { RecipientFate } from '../audit/fates.ts';
import type { Refused, TracedMessage } from '../audit/trace.ts';
import { safe } from '../base/safe-text.ts';
import { time } from '../base/time.ts';
import { dkimRecordName } from '../message/dkim/record-name.ts';
import type { AuthenticationPayload, PrincipalFacts, SessionFacts } from '../record/events.ts';
import { print, strong } from './output.ts';
import type { Traced } from './trace-look.ts';

export function showAnswer(traced: Traced): void {
  const { messages, refusals } = traced.answer;
  if (!('identities' in traced)) {
    if (messages.length > 0) showClaims(traced.question);
    return list(messages.map((message) => () => showMessage(message)));
  }
  for (const { login, id, state, removedAt } of traced.identities)
    print(
      `${login}  identity ${id}, ${state}${removedAt === undefined ? '' : ` since ${time(removedAt)}`}\n`,
    );
  const all = [
    ...messages.map((message) => ({ at: message.acceptedAt, show: () => showMessage(message) })),
    ...refusals.map((event) => ({ at: event.time, show: () => showRefusal(event) })),
  ];
  list(all.toSorted((one, other) => other.at - one.at).map(({ show }) => show));
}

function list(shows: readonly (() => void)[]): void {
  shows.forEach((show, at) => {
    if (at > 0) print('');
    show();
  });
}

function showClaims({ shown }: FileQuestion): void {
  for (const { where, claimedFrom, text } of shown)
    print(
      `${where === 'the file' ? 'The file' : 'A message attached to it'} claims From: ${claimedFrom.map(safe).join(', ') || 'nobody'}. What the trail says of ${safe(text)}:`,
    );
  print('');
}

/** What was compared, and what came of it. */
function proofOf({ evidence, where, body, fields }: Comparison): string {
  const names = (fields?.other ?? []).map(fieldName).join(', ');
  const same = (fields?.same ?? []).map(fieldName).join(', ');
  const of = where === 'the file' ? 'the file' : 'the attached message';
  switch (evidence) {
    case 'message':
      return `body and header fields (${same}) of ${of} are those that were submitted`;
    case 'body':
      return fields === undefined
        ? `the body of ${of} is the one that was submitted; its header was not recorded, so Subject and To prove nothing`
        : `NOT PROVEN: the body of ${of} is the one that was submitted, but not ${names}: changed on the way, or put above a copied body`;
    case 'line':
      return `our topmost line in ${of} fits; ${body === 'absent' ? 'there is no body to compare' : 'the body does not: cut or changed on its way, or the line was copied'}${fields === undefined ? '' : `; as submitted: ${same || 'no field'}${names === '' ? '' : `, not so: ${names}`}`}`;
    case 'none':
      return `UNVERIFIED: whoever wrote ${of} could write this line`;
  }
}

const fieldName = (name: string): string =>
  name.replaceAll(/(?<![a-z])[a-z]/g, (letter) => letter.toUpperCase());

function showMessage(message: TracedMessage): void {
  const { id, acceptedAt, identityId, accepted, recipients, evidence, where, body } = message;
  print(strong(`${id}  accepted ${time(acceptedAt)}`));
  if (evidence !== undefined && where !== undefined && body !== undefined)
    print(`  proof     ${proofOf({ evidence, where, body, fields: message.fields })}`);
  if (accepted === undefined)
    return print(`  its record was forgotten${identityId === undefined ? '' : ` (identity ${identityId})`}`);
  const { principal, session, envelope } = accepted;
  if (principal !== undefined) showPrincipal(principal, session);
  else
    print(
      `  who       nobody here: ${accepted.rule === 'report' ? `a report of this server on ${accepted.reportOn ?? 'a message'}` : 'unauthenticated mail for our own mailboxes'}`,
    );
  showSession(session, `, ${accepted.withProtocol}`, principal);
  if (accepted.node !== undefined) print(`  node      ${safe(accepted.node)}`);
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
  if (accepted.undoUntil !== undefined)
    print(`  undo      its sender could take it back until ${time(accepted.undoUntil)}`);
  for (const fate of recipients) {
    print(`  to        ${fateText(fate)}`);
    if (fate.inClearBecause !== undefined)
      print(`            in clear, because STARTTLS broke: ${safe(fate.inClearBecause)}`);
  }
}

function showPrincipal(principal: PrincipalFacts, { role }: SessionFacts): void {
  print(`  who       ${principal.login}  (identity ${principal.identityId})`);
  // Known by their user: there is no credential, and no connection that an address could tell of.
  if (role === 'local') return;
  const { mechanism, credentialLabel, credentialId, directory } = principal;
  const where = directory === undefined ? '' : `, by the directory ${safe(directory)}`;
  print(`  with      ${mechanism}, credential ${safe(credentialLabel)} (${credentialId})${where}`);
}

function showSession(
  session: AuthenticationPayload['session'],
  withProtocol: string,
  principal?: PrincipalFacts,
): void {
  if (session.role === 'local' && principal !== undefined)
    return print(
      `  from      operating-system user ${safe(principal.credentialLabel)} over the local socket, session ${session.sessionId}`,
    );
  if (session.clientAddress !== '') {
    print(
      `  from      ${session.clientAddress} port ${session.clientPort}, to ${session.serverAddress} port ${session.serverPort}, ${session.role === 'console' ? 'the console' : `EHLO ${safe(session.ehlo)}, session ${session.sessionId}`}`,
    );
  }
  if (session.proxy !== undefined) {
    const { address, port, serverAddress, serverPort } = session.proxy;
    print(`  proxy     ${address} port ${port}, to ${serverAddress} port ${serverPort}`);
  }
  if (session.tls !== undefined)
    print(`  TLS       ${session.tls.version} ${session.tls.cipher}${withProtocol}`);
}

function showRefusal(event: Refused): void {
  const alike =
    event.payload === undefined || event.payload.count < 2 ? '' : `  (${event.payload.count} alike)`;
  if (event.type === 'authenticationFailed') {
    print(strong(`${time(event.time)}  log-in failed${alike}`));
    if (event.payload === undefined) return;
    const { login, mechanism, cause, session } = event.payload;
    if (login !== undefined) print(`  login     ${safe(login)}`);
    print(`  because   ${safe(cause)} (${mechanism})`);
    return showSession(session, '');
  }
  if (event.payload === undefined) return print(strong(`${time(event.time)}  refused${alike}`));
  const { command, replyCode, replyStatus, cause, session, principal, reversePath, forwardPaths } =
    event.payload;
  print(strong(`${time(event.time)}  refused ${command} ${replyCode} ${replyStatus}${alike}`));
  if (principal !== undefined) showPrincipal(principal, session);
  showSession(session, '', principal);
  if (reversePath !== undefined) print(`  sender    <${safe(reversePath)}>`);
  for (const one of forwardPaths ?? []) print(`  to        <${safe(one)}>`);
  print(`  because   ${safe(cause)}`);
}

function fateText({
  recipient,
  fate,
  at,
  attempts,
  status,
  remote,
  node,
  diagnostic,
  reportId,
  notReported,
}: RecipientFate): string {
  const when = at === undefined ? '' : ` ${time(at)}`;
  const where = remote === undefined ? '' : ` by ${safe(remote)}`;
  const from = node === undefined ? '' : ` from node ${safe(node)}`;
  const words = diagnostic === undefined ? '' : `: ${status ?? ''} ${safe(diagnostic)}`;
  const tried = attempts > 1 ? ` (${attempts} attempts)` : '';
  return `<${safe(recipient)}>  ${fate}${when}${where}${from}${tried}${words}${reportId === undefined ? '' : `; report ${reportId}`}${notReported === undefined ? '' : `; no report: ${safe(notReported)}`}`;
}
