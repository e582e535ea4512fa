// Data: every reply the server can give stands here, once (requirements, table H). `text` is what a stranger may read: it reveals
// nothing about accounts, policies or paths. Placeholders in braces are filled by `reply()` with values that the client
// itself sent or that are public. No other file writes a reply code.

import { keepWire, type Reply } from './reply.ts';

export interface ReplyDefinition {
  readonly code: number;
  readonly status?: string;
  readonly text: string;
  /** Where the code comes from. */
  readonly source: string;
}

export const replies = {
  greeting: { code: 220, text: '{hostname} ESMTP', source: 'RFC 5321 4.2' },
  heloOk: { code: 250, text: '{hostname}', source: 'RFC 5321 4.1.1.1' },
  bye: { code: 221, status: '2.0.0', text: '{hostname} closing connection', source: 'RFC 5321 4.1.1.10' },
  ok: { code: 250, status: '2.0.0', text: 'OK', source: 'RFC 5321 4.2.3' },
  help: {
    code: 214,
    status: '2.0.0',
    text: 'See RFC 5321 and RFC 6409; questions go to postmaster',
    source: 'RFC 5321 4.1.1.8',
  },
  vrfyCannot: {
    code: 252,
    status: '2.5.2',
    text: 'Cannot verify, but will accept message and attempt delivery',
    source: 'RFC 5321 3.5.3',
  },
  readyForTls: { code: 220, status: '2.0.0', text: 'Ready to start TLS', source: 'RFC 3207 4' },
  startMailInput: { code: 354, text: 'Start mail input; end with <CRLF>.<CRLF>', source: 'RFC 5321 4.1.1.4' },
  chunkOk: { code: 250, status: '2.0.0', text: '{octets} octets received', source: 'RFC 3030 2' },
  senderOk: { code: 250, status: '2.1.0', text: 'Sender OK', source: 'RFC 5321 4.1.1.2' },
  recipientOk: { code: 250, status: '2.1.5', text: 'Recipient OK', source: 'RFC 5321 4.1.1.3' },
  accepted: { code: 250, status: '2.0.0', text: 'queued as {id}', source: 'RFC 5321 4.1.1.4' },

  authContinue: { code: 334, text: '{challenge}', source: 'RFC 4954 4' },
  authOk: { code: 235, status: '2.7.0', text: 'Authentication successful', source: 'RFC 4954 4' },
  authFailed: {
    code: 535,
    status: '5.7.8',
    text: 'Authentication credentials invalid',
    source: 'RFC 4954 6',
  },
  authTemporary: {
    code: 454,
    status: '4.7.0',
    text: 'Temporary authentication failure, try again later',
    source: 'RFC 4954 6',
  },
  authUnknownMechanism: {
    code: 504,
    status: '5.5.4',
    text: 'Unrecognized authentication mechanism',
    source: 'RFC 4954 4',
  },
  authTooWeak: {
    code: 534,
    status: '5.7.9',
    text: 'Authentication mechanism is too weak',
    source: 'RFC 4954 6',
  },
  authCancelled: { code: 501, status: '5.7.0', text: 'Authentication cancelled', source: 'RFC 4954 4' },
  authBadBase64: { code: 501, status: '5.5.2', text: 'Cannot decode base64', source: 'RFC 4954 4' },
  authInitialResponseNotAllowed: {
    code: 501,
    status: '5.7.0',
    text: 'This mechanism takes no initial response',
    source: 'RFC 4954 4',
  },
  authLineTooLong: {
    code: 500,
    status: '5.5.6',
    text: 'Authentication exchange line is too long',
    source: 'RFC 4954 4.1',
  },
  authAgain: { code: 503, status: '5.5.1', text: 'Already authenticated', source: 'RFC 4954 4' },
  authInTransaction: {
    code: 503,
    status: '5.5.1',
    text: 'AUTH is not permitted during a mail transaction',
    source: 'RFC 4954 4',
  },

  mustStartTls: {
    code: 530,
    status: '5.7.0',
    text: 'Must issue a STARTTLS command first',
    source: 'RFC 3207 4',
  },
  authRequired: {
    code: 530,
    status: '5.7.0',
    text: 'Authentication required',
    source: 'RFC 4954 6, BCP 134 3.1',
  },
  tlsUnavailable: {
    code: 454,
    status: '4.7.0',
    text: 'TLS not available due to temporary reason',
    source: 'RFC 3207 4',
  },
  tlsInsufficient: {
    code: 554,
    status: '5.7.0',
    text: 'The TLS session is not good enough',
    source: 'RFC 3207 4.1',
  },
  tlsAlready: { code: 503, status: '5.5.1', text: 'TLS is already in use', source: 'RFC 3207 4.2' },
  pipelinedAfterStartTls: {
    code: 554,
    status: '5.5.1',
    text: 'Commands after STARTTLS in one group are refused',
    source: 'RFC 3207 4, requirements G-27',
  },

  unknownCommand: { code: 500, status: '5.5.1', text: 'Command not recognized', source: 'RFC 5321 4.2.4' },
  commandLineTooLong: { code: 500, status: '5.5.2', text: 'Line too long', source: 'RFC 5321 4.5.3.1' },
  commandSyntax: {
    code: 500,
    status: '5.5.2',
    text: 'Commands end in CRLF and hold no control characters',
    source: 'RFC 5321 2.3.8',
  },
  notImplemented: { code: 502, status: '5.5.1', text: 'Command not implemented', source: 'RFC 5321 4.2.4' },
  badSequence: { code: 503, status: '5.5.1', text: 'Bad sequence of commands', source: 'RFC 5321 4.1.4' },
  noValidRecipients: { code: 554, status: '5.5.1', text: 'No valid recipients', source: 'RFC 5321 3.3' },
  badArgument: {
    code: 501,
    status: '5.5.4',
    text: 'Syntax error in parameters or arguments',
    source: 'RFC 5321 4.2.2',
  },
  badParameterValue: {
    code: 501,
    status: '5.5.4',
    text: 'Bad value or combination of {parameter}',
    source: 'RFC 5321 4.1.1.11',
  },
  unknownParameter: {
    code: 555,
    status: '5.5.4',
    text: 'Parameter {parameter} not recognized or not implemented',
    source: 'RFC 5321 4.1.1.11',
  },
  cannotAccommodateParameters: {
    code: 455,
    status: '4.5.1',
    text: 'Unable to accommodate parameters now',
    source: 'RFC 5321 4.1.1.11',
  },

  senderSyntax: { code: 501, status: '5.1.7', text: 'Bad sender address syntax', source: 'RFC 6409 5.1' },
  recipientSyntax: {
    code: 501,
    status: '5.1.3',
    text: 'Bad recipient address syntax',
    source: 'RFC 6409 5.1',
  },
  senderLeadsOnward: {
    code: 550,
    status: '5.1.7',
    text: 'Sender address leads elsewhere',
    source: 'requirements F.3',
  },
  senderDomainUnqualified: {
    code: 554,
    status: '5.1.8',
    text: 'Sender domain must be fully qualified',
    source: 'RFC 6409 4.2',
  },
  recipientDomainUnqualified: {
    code: 554,
    status: '5.1.2',
    text: 'Recipient domain must be fully qualified',
    source: 'RFC 6409 4.2',
  },
  senderNotPermitted: {
    code: 550,
    status: '5.7.1',
    text: 'Not permitted to send as {address}',
    source: 'RFC 6409 6.1, BCP 134 3.1',
  },
  identityMayNotSubmit: {
    code: 550,
    status: '5.7.1',
    text: 'This account may not submit mail',
    source: 'BCP 134 3.1',
  },
  noReturnPath: {
    code: 550,
    status: '5.1.8',
    text: 'The sender address cannot receive mail',
    source: 'RFC 6409 3.2',
  },
  recipientNotPermitted: {
    code: 550,
    status: '5.7.1',
    text: 'Mail goes to domains, not to IP addresses',
    source: 'RFC 6409 6.2',
  },
  relayDenied: {
    code: 550,
    status: '5.7.1',
    text: 'Relay access denied',
    source: 'RFC 5321 3.6.2, BCP 134 3.2',
  },
  sourceRouteRefused: {
    code: 550,
    status: '5.7.1',
    text: 'Source routes are not accepted',
    source: 'RFC 5321 4.1.1.3',
  },
  unknownRecipient: { code: 550, status: '5.1.1', text: 'No such mailbox here', source: 'RFC 5321 4.2.3' },
  recipientTemporary: {
    code: 451,
    status: '4.4.3',
    text: 'Cannot look up the recipient now',
    source: 'RFC 5321 4.2.2',
  },
  nullSenderOneRecipient: {
    code: 550,
    status: '5.7.1',
    text: 'The null sender takes one recipient',
    source: 'requirements F-NULL-1',
  },
  tooManyRecipients: {
    code: 452,
    status: '4.5.3',
    text: 'Too many recipients',
    source: 'RFC 5321 4.5.3.1.10',
  },
  rateSoft: {
    code: 451,
    status: '4.7.1',
    text: 'Sending limit reached ({limit}), try again later',
    source: 'requirements H',
  },
  rateHard: { code: 550, status: '5.7.1', text: 'Sending limit reached ({limit})', source: 'requirements H' },
  nonAsciiSender: {
    code: 550,
    status: '5.6.7',
    text: 'Non-ASCII sender address needs SMTPUTF8',
    source: 'RFC 6531 3.5',
  },
  nonAsciiRecipient: {
    code: 553,
    status: '5.6.7',
    text: 'Non-ASCII recipient address needs SMTPUTF8',
    source: 'RFC 6531 3.5',
  },
  headerNeedsUtf8: {
    code: 554,
    status: '5.6.7',
    text: 'Non-ASCII address in {detail} needs SMTPUTF8: use an ASCII address, or declare SMTPUTF8',
    source: 'RFC 6532 3',
  },
  headerNotUtf8: {
    code: 554,
    status: '5.6.0',
    text: '{detail} is no valid UTF-8: write it in UTF-8, or as encoded words (RFC 2047)',
    source: 'RFC 6532 3',
  },

  sizeDeclared: {
    code: 552,
    status: '5.3.4',
    text: 'Message size exceeds the limit of {limit} octets',
    source: 'RFC 1870 6',
  },
  sizeReal: {
    code: 552,
    status: '5.3.4',
    text: 'Message is larger than the limit of {limit} octets',
    source: 'RFC 1870 6',
  },
  headerTooLarge: {
    code: 552,
    status: '5.3.4',
    text: 'Message header is larger than the limit of {limit} octets',
    source: 'requirements 5322-k',
  },
  noSpace: { code: 452, status: '4.3.1', text: 'Insufficient system storage', source: 'RFC 5321 4.2.3' },
  queueFull: {
    code: 452,
    status: '4.3.1',
    text: 'Mail system full, try again later',
    source: 'RFC 3463 3.4, requirements F-DOS-8',
  },
  tooBusy: {
    code: 452,
    status: '4.3.1',
    text: 'Too much mail is being received now, try again later',
    source: 'requirements F.5',
  },
  chunkTooLarge: {
    code: 552,
    status: '5.3.4',
    text: 'Chunk exceeds the message size limit',
    source: 'RFC 3030 2, requirements EXT-CHUNK-d',
  },

  messageSyntax: { code: 554, status: '5.6.0', text: 'Message refused: {detail}', source: 'RFC 6409 6.3' },
  bareCrLfNul: {
    code: 554,
    status: '5.6.0',
    text: 'Message refused: bare CR, bare LF or NUL in line {line}',
    source: 'RFC 5321 2.3.8, requirements H',
  },
  lineTooLong: {
    code: 554,
    status: '5.6.0',
    text: 'Message refused: line {line} is longer than 998 octets',
    source: 'RFC 5322 2.1.1',
  },
  displayNameUnsure: {
    code: 550,
    status: '5.7.1',
    text: 'The name in {field} is not read alike by all: write it in plain letters, or in UTF-8 as RFC 2047 says',
    source: 'requirements F-DISP-1',
  },
  headerSenderNotPermitted: {
    code: 550,
    status: '5.7.1',
    text: 'Not permitted to send as {address} ({field})',
    source: 'RFC 6409 6.3',
  },
  headerDomainUnqualified: {
    code: 554,
    status: '5.6.0',
    text: 'Domain of {address} ({field}) must be fully qualified',
    source: 'RFC 6409 4.2',
  },
  policyRefused: {
    code: 550,
    status: '5.7.0',
    text: 'Message refused by site policy',
    source: 'RFC 6409 6.3',
  },
  mailLoop: {
    code: 554,
    status: '5.4.6',
    text: 'Too many Received fields: mail loop',
    source: 'RFC 5321 6.3',
  },
  cannotAcceptNow: {
    code: 451,
    status: '4.3.0',
    text: 'Cannot accept the message now, try again later',
    source: 'RFC 5321 4.2.2',
  },
  notAccepting: {
    code: 451,
    status: '4.3.2',
    text: 'Not accepting messages now, try again later',
    source: 'RFC 3463 3.4',
  },
  cannotSign: {
    code: 451,
    status: '4.7.5',
    text: 'Cannot sign the message now, try again later',
    source: 'RFC 3463 3.8',
  },
  localError: { code: 451, status: '4.3.0', text: 'Local error in processing', source: 'RFC 5321 4.2.2' },

  idle: {
    code: 421,
    status: '4.4.2',
    text: '{hostname} timed out waiting for a command',
    source: 'RFC 5321 4.5.3.2.7',
  },
  shuttingDown: { code: 421, status: '4.3.2', text: '{hostname} is shutting down', source: 'RFC 5321 3.8' },
  tooManyConnections: {
    code: 421,
    status: '4.7.0',
    text: 'Too many connections',
    source: 'requirements 5321-ak',
  },
  tooManyErrors: { code: 421, status: '4.7.0', text: 'Too many errors', source: 'requirements F-ERR' },
  tooManyAuthFailures: {
    code: 421,
    status: '4.7.0',
    text: 'Too many failed authentications',
    source: 'RFC 4954 4, requirements AUTH-ae',
  },
  revoked: {
    code: 421,
    status: '4.7.0',
    text: 'The account was changed, log in again',
    source: 'BCP 134 3.1',
  },
  loginExpired: {
    code: 421,
    status: '4.7.0',
    text: 'The login has expired, log in again',
    source: 'BCP 134 3.1',
  },
  notSmtp: {
    code: 554,
    status: '5.5.1',
    text: 'This is not an HTTP server',
    source: 'requirements F-AUTH-12',
  },
  earlyTalker: {
    code: 554,
    status: '5.5.1',
    text: 'Wait for the greeting',
    source: 'requirements EXT-PIPE-c',
  },
  unavailable: {
    code: 421,
    status: '4.3.0',
    text: '{hostname} is temporarily unavailable',
    source: 'RFC 5321 4.2.2',
  },
} as const satisfies Record<string, ReplyDefinition>;

export type ReplyName = keyof typeof replies;

/** Replies without placeholders, made once. */
const plain = new Map<ReplyName, Reply>();
/** Texts with placeholders, cut once: what stands at odd places is a name. */
const cut = new Map<ReplyName, readonly string[]>();

/** The reply of that name with `{placeholders}` filled; a placeholder without a value stays as it is. */
export function reply(name: ReplyName, values: Readonly<Record<string, string | number>> = {}): Reply {
  const known = plain.get(name);
  if (known !== undefined) return known;
  const { code, status, text }: ReplyDefinition = replies[name];
  const parts = cut.get(name) ?? text.split(/\{(\w+)\}/);
  const lines = [filled(parts, values)];
  const made: Reply = status === undefined ? { code, lines } : { code, lines, status };
  if (parts.length === 1) plain.set(name, keepWire(made));
  else cut.set(name, parts);
  return made;
}

function filled(parts: readonly string[], values: Readonly<Record<string, string | number>>): string {
  let text = '';
  for (const [at, part] of parts.entries()) text += at % 2 === 0 ? part : String(values[part] ?? `{${part}}`);
  return text;
}
