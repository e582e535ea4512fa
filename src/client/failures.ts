// Why a server could not be used, as the outcome of an attempt and as the error that the caller sees. What is only the connection's fault is
// told apart from what the server or its certificate said: the first leads to the next candidate, the others end the search (C-ORD-4).

import { HandshakeTooLong } from '../delivery/connection.ts';
import { TlsFailed } from '../platform/network.ts';
import type { HostFailure } from '../protocol/delivery/ports.ts';
import { type ErrorKind, type Retry, serverReply, type ServerReply, SubmissionError } from './errors.ts';
import { type AttemptOutcome, type Candidate, serverName } from './server.ts';

type Failure = Exclude<AttemptOutcome, 'used'>;

/** Internal: one candidate could not be used. */
export class CandidateFailed extends Error {
  override readonly name = 'CandidateFailed';
  readonly outcome: Failure;
  readonly reply: ServerReply | undefined;

  constructor(outcome: Failure, detail: string, reply?: ServerReply) {
    super(detail);
    this.outcome = outcome;
    this.reply = reply;
  }
}

/** Most telling first: with several addresses each has its own error. */
const dialCodes: readonly (readonly [string, Failure])[] = [
  ['ECONNREFUSED', 'refused'],
  ['ECONNRESET', 'refused'],
  ['ETIMEDOUT', 'timeout'],
  ['ENOTFOUND', 'nameNotFound'],
];

export function dialFailure(error: unknown): CandidateFailed {
  const all: readonly unknown[] = error instanceof AggregateError ? [error, ...error.errors] : [error];
  const codes = all.map(codeOf);
  const known = dialCodes.find(([code]) => codes.includes(code));
  const detail = error instanceof Error && error.message !== '' ? error.message : codes.join(', ');
  return new CandidateFailed(known?.[1] ?? 'unreachable', detail);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

const tlsOutcomes: Readonly<Record<TlsFailed['reason'], Failure>> = {
  certificate: 'certificate',
  protocol: 'tls',
  clearText: 'noTls',
  closed: 'closedBeforeTls',
};

export function tlsFailureOf(error: unknown): CandidateFailed {
  if (error instanceof HandshakeTooLong) return new CandidateFailed('closedBeforeTls', error.message);
  const detail = error instanceof Error ? error.message : String(error);
  return new CandidateFailed(error instanceof TlsFailed ? tlsOutcomes[error.reason] : 'tls', detail);
}

export function hostFailureOf(failure: HostFailure, isSecured: boolean): CandidateFailed {
  const { diagnostic, reply } = failure;
  return new CandidateFailed(
    hostOutcome(failure, isSecured),
    diagnostic,
    reply === undefined ? undefined : serverReply(reply),
  );
}

function hostOutcome({ stage, because, reply }: HostFailure, isSecured: boolean): Failure {
  const isSilent = because === 'closed' || because === 'timeout';
  if (stage === 'greeting') return isSilent ? 'noGreeting' : 'unavailable';
  if (stage === 'auth') {
    const isRefused = because === 'missing' || (reply !== undefined && reply.code >= 500);
    return isRefused ? 'authentication' : 'unavailable';
  }
  if (isSecured) return 'unavailable';
  if (stage === 'startTls' && (because === 'missing' || because === 'reply')) return 'noStartTls';
  return isSilent ? 'closedBeforeTls' : 'unavailable';
}

interface Telling {
  readonly kind: ErrorKind;
  readonly retry: Retry;
  readonly what: string;
  readonly nextStep: string;
}

const unreachable = (what: string, nextStep: string): Telling => ({
  ...{ kind: 'unreachable', retry: 'later', what, nextStep },
});

const tellings: Readonly<Record<Failure, Telling>> = {
  notConfirmed: {
    kind: 'confirmationNeeded',
    retry: 'never',
    what: 'was found for the address, but lies outside its domain and was not confirmed',
    nextStep:
      'Ask the user whether this server may have their password, and say so with `confirm` or `host`.',
  },
  nameNotFound: unreachable('has no address in the DNS', 'Check the name for typing errors.'),
  refused: unreachable('refuses connections', 'Check that a submission server runs there on this port.'),
  timeout: unreachable(
    'does not answer',
    'A firewall may block the port: `postern probe` of this host tells where.',
  ),
  unreachable: unreachable('cannot be reached from here', 'Check the network connection.'),
  noGreeting: unreachable(
    'took the connection but said nothing',
    'Something between here and the server may hold mail traffic: `postern probe` of this host tells.',
  ),
  closedBeforeTls: unreachable(
    'closed the connection before it was secured',
    'Something between here and the server may interfere: `postern probe` of this host tells.',
  ),
  noStartTls: {
    kind: 'tls',
    retry: 'otherServer',
    what: 'offers no STARTTLS, and nothing is sent without TLS',
    nextStep:
      'Try port 465, or ask the operator; the offer may have been removed on the way (`postern probe`).',
  },
  certificate: {
    kind: 'certificate',
    retry: 'never',
    what: 'has no valid certificate for this name; no password was sent',
    nextStep:
      'Check the server’s name. If it is right, its operator must renew the certificate, or give you the authority’s for `ca`.',
  },
  noTls: {
    kind: 'tls',
    retry: 'otherServer',
    what: 'could not be secured',
    nextStep: 'Say `tls: starttls` for this port, or `port: 465`.',
  },
  tls: {
    kind: 'tls',
    retry: 'otherServer',
    what: 'could not agree on TLS 1.2 or newer',
    nextStep: 'Check port and TLS mode: 465 is implicit TLS, 587 is STARTTLS.',
  },
  authentication: {
    kind: 'authentication',
    retry: 'never',
    what: 'did not accept the login',
    nextStep: 'Check login and password; many servers want an app password here.',
  },
  unavailable: {
    kind: 'unavailable',
    retry: 'later',
    what: 'does not take mail from us now',
    nextStep: 'Try again later; if it stays so, show its answer to the operator.',
  },
};

export function errorOf(candidate: Candidate, { outcome, message, reply }: CandidateFailed): SubmissionError {
  const { kind, what, nextStep, retry } = tellings[outcome];
  const lasts = kind === 'unavailable' && reply !== undefined && reply.code >= 500;
  // A server that waits for a handshake sends no greeting.
  const isSilent =
    candidate.tls === 'starttls' && (outcome === 'noGreeting' || outcome === 'closedBeforeTls');
  return new SubmissionError(
    kind,
    `${serverName(candidate)} ${what}${message === '' ? '' : `: ${message}`}`,
    {
      retry: lasts ? 'otherServer' : retry,
      nextStep: isSilent
        ? `If this port has TLS from the first octet, as 465 has, say \`tls: implicit\`, or use port 587. ${nextStep}`
        : nextStep,
      ...(reply === undefined ? {} : { reply }),
    },
  );
}
