// From candidates to a connection: one after the other, never two at once, and on to the next one only if nothing but the connection failed
// (C-ORD-4). What worked is remembered; what was remembered and does not work any more is looked for again.

import type { DeliveryCredentials } from '../protocol/delivery/ports.ts';
import { abortable } from './abort.ts';
import type { Connection } from './connection.ts';
import { accountKey, findCandidates } from './discover.ts';
import { SubmissionError, withAttempts } from './errors.ts';
import { CandidateFailed, errorOf } from './failures.ts';
import { openConnection } from './open-connection.ts';
import type { Settings } from './options.ts';
import { type Attempt, type Candidate, connectionLevel, serverName } from './server.ts';

export interface Connected {
  readonly connection: Connection;
  readonly candidate: Candidate;
  readonly attempts: readonly Attempt[];
}

/** Timeout of the greeting while other candidates are left, instead of five minutes. */
const GREETING_MS = 30_000;
const IMPLICIT_PORT = 465;

interface Trial {
  readonly candidate: Candidate;
  readonly attempt: Attempt;
  /** Absent: this candidate is in use. */
  readonly failure?: CandidateFailed;
}

/** Rejects with `SubmissionError`. */
export async function connectBest(settings: Settings, signal: AbortSignal | undefined): Promise<Connected> {
  const trials: Trial[] = [];
  const first = await abortable(findCandidates(settings, true), signal);
  const connected = await tryAll(settings, first.candidates, trials, signal);
  if (connected !== undefined) return connected;
  if (first.candidates.every(({ source }) => source !== 'remembered')) throw nobody(trials);
  await settings.memory?.forget(accountKey(settings)).catch(() => undefined);
  const fresh = await abortable(findCandidates(settings, false), signal);
  const again = await tryAll(settings, fresh.candidates, trials, signal);
  if (again === undefined) throw nobody(trials);
  return again;
}

async function tryAll(
  settings: Settings,
  candidates: readonly Candidate[],
  trials: Trial[],
  signal: AbortSignal | undefined,
): Promise<Connected | undefined> {
  for (const [at, candidate] of candidates.entries()) {
    const isLast = at === candidates.length - 1;
    try {
      const connection = await tryOne(settings, candidate, isLast, signal);
      trials.push({ candidate, attempt: attemptOf(candidate, 'used', 'connected') });
      if (candidate.source !== 'remembered') await remember(settings, candidate, at === 0);
      return { connection, candidate, attempts: attemptsOf(trials) };
    } catch (failure) {
      if (!(failure instanceof CandidateFailed)) throw failure;
      const { outcome, message } = failure;
      trials.push({ candidate, attempt: attemptOf(candidate, outcome, message), failure });
      if (outcome === 'notConfirmed' || connectionLevel.has(outcome)) continue;
      throw withAttempts(errorOf(candidate, failure), attemptsOf(trials));
    }
  }
  return undefined;
}

function attemptOf(candidate: Candidate, outcome: Attempt['outcome'], detail: string): Attempt {
  const { host, port, tls, source } = candidate;
  return { host, port, tls, source, outcome, detail };
}

const attemptsOf = (trials: readonly Trial[]): readonly Attempt[] => trials.map(({ attempt }) => attempt);

async function tryOne(
  settings: Settings,
  candidate: Candidate,
  isLast: boolean,
  signal: AbortSignal | undefined,
): Promise<Connection> {
  if (candidate.needsConfirmation === true && !(await settings.confirm(candidate)))
    throw new CandidateFailed('notConfirmed', `it lies in ${candidate.foreignDomain}`);
  const { ehloName, connectTimeoutMs, ca, ports, transcript } = settings;
  return openConnection(
    {
      ...{ candidate, ehloName, ca, connectMs: connectTimeoutMs },
      credentials: credentialsFor(settings, candidate),
      network: ports.network,
      clock: ports.clock,
      // On 465 the server waits for a handshake and sends no greeting.
      greetingMs: isLast && candidate.port !== IMPLICIT_PORT ? undefined : GREETING_MS,
      transcript,
    },
    signal,
  );
}

/** What the user said, what the source says, or the guesses of RFC 6186 section 4: the whole address, then its local part. */
function credentialsFor(
  { login, password, account }: Settings,
  { logins }: Candidate,
): DeliveryCredentials | undefined {
  if (password === undefined) return undefined;
  const guesses = account === undefined ? [] : [account.address, account.localPart];
  const [user = '', ...otherUsers] = login === undefined ? (logins ?? guesses) : [login];
  return { user, password, otherUsers };
}

async function remember(settings: Settings, candidate: Candidate, isPreferred: boolean): Promise<void> {
  const { memory, ports } = settings;
  if (memory === undefined || candidate.source === 'explicit') return;
  const { host, port, tls, source, identities, logins, foreignDomain } = candidate;
  const what = {
    // Without `needsConfirmation`: that was done.
    candidate: {
      ...{ host, port, tls, source, identities },
      ...(logins === undefined ? {} : { logins }),
      ...(foreignDomain === undefined ? {} : { foreignDomain }),
    },
    isPreferred,
    at: ports.clock.now(),
    networkPlace: ports.networkPlace(),
  };
  await memory.remember(accountKey(settings), what).catch(() => undefined);
}

/** No candidate accepted the connection. */
function nobody(trials: readonly Trial[]): SubmissionError {
  const attempts = attemptsOf(trials);
  const unconfirmed = trials.find(({ attempt }) => attempt.outcome === 'notConfirmed');
  const told = unconfirmed ?? trials.at(-1);
  if (told?.failure === undefined)
    return new SubmissionError('noServer', 'there is no submission server to try', {
      ...{ retry: 'never', nextStep: 'Set `host`.', attempts },
    });
  const error = errorOf(told.candidate, told.failure);
  if (unconfirmed !== undefined || trials.length === 1) return withAttempts(error, attempts);
  const list = attempts.map((one) => `${serverName(one)} ${one.outcome}`).join(', ');
  return new SubmissionError('unreachable', `no submission server could be reached: ${list}`, {
    ...{ retry: 'later', nextStep: error.nextStep, attempts },
  });
}
