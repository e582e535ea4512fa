// Without a login: `postern send` hands its messages to the server on this host, which knows us by our operating-system user.

import { lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { failureInWords } from '../base/failure-words.ts';
import { EX, type SysExit } from '../base/sysexits.ts';
import { CLAIMS_DIRECTORY } from '../http/claims.ts';
import { MayBeHandedIn, openSubmitClient, type SubmitReply } from '../http/submit-client.ts';
import type { Carrier, Left, Outgoing, SendResult } from './outgoing.ts';
import { exitOfStatus, SendFailure } from './failure.ts';

/** `verbose`: told on standard error what is handed in and what the server answers. */
export function localCarrier(socketPath: string, verbose: (line: string) => void = () => undefined): Carrier {
  const client = openSubmitClient(socketPath);
  // One after the other: it is one connection.
  let turn: Promise<unknown> = Promise.resolve();

  async function carry(outgoing: Outgoing): Promise<SendResult> {
    const { content, ...envelope } = outgoing;
    try {
      verbose(`C: ${socketPath}: from <${outgoing.reversePath}> to ${inBrackets(outgoing.recipients)}`);
      const { status, body } = await client.submit(envelopeOf(envelope), content);
      for (const line of answerLines(status, body)) verbose(`S: ${line}`);
      return status === 200 ? verdictOf(outgoing, body) : trouble(outgoing, status, body);
    } catch (error) {
      return unreachable(outgoing, socketPath, error);
    }
  }

  return {
    carry(outgoing) {
      const next = turn.then(() => carry(outgoing));
      turn = next.catch(() => undefined);
      return next;
    },
    async close() {
      await turn;
      client.close();
    },
  };
}

export interface OwnAddress {
  readonly address?: string;
  /** Why the account is not known now, but may be later: the server is stopped, or busy. */
  readonly unknownYet?: string;
}

/** As whom the server on this host takes our mail; empty: it does not say, or there is none. Rejects with `SendFailure` if it takes none. */
export async function askOwnAddress(socketPath: string): Promise<OwnAddress> {
  const client = openSubmitClient(socketPath);
  const reply = await client
    .address()
    .catch((error: unknown) => {
      if (isStopped(socketPath, error)) return notRunning(socketPath);
      if (codeOf(error) === 'EACCES') throw new SendFailure(EX.NOPERM, closedDirectory(error));
      return codeOf(error) === 'ENOENT' ? undefined : ofServer(failureInWords(error));
    })
    .finally(() => client.close());
  if (typeof reply === 'string') return { unknownYet: reply };
  if (reply?.status === 403) throw new SendFailure(EX.NOPERM, notPermitted(String(reply.body['error'])));
  if (reply !== undefined && reply.status !== 200) return { unknownYet: ofServer(errorIn(reply)) };
  const address = reply?.body['address'];
  return typeof address === 'string' && address.includes('@') ? { address } : {};
}

const notRunning = (socketPath: string): string => `the server on this host does not run (${socketPath})`;

/** There is one on this host: its socket, or the place where claims are made, is left from when it ran. */
function isStopped(socketPath: string, error: unknown): boolean {
  const code = codeOf(error);
  if (code === 'ECONNREFUSED') return true;
  const claims = join(dirname(socketPath), CLAIMS_DIRECTORY);
  return code === 'ENOENT' && lstatSync(claims, { throwIfNoEntry: false }) !== undefined;
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

const errorIn = ({ status, body }: SubmitReply): string =>
  typeof body['error'] === 'string' ? body['error'] : `status ${status}`;

const ofServer = (problem: string): string => `the server on this host: ${problem}`;

const closedDirectory = (error: unknown): string =>
  `${failureInWords(error)}: the directory of the socket must let others in`;

const notPermitted = (cause: string): string =>
  `the server on this host takes no mail from this user: ${cause}`;

function envelopeOf({ reversePath, recipients, notify, ret, envelopeId }: Omit<Outgoing, 'content'>): object {
  return {
    reversePath,
    recipients: recipients.map((forwardPath) =>
      notify === undefined ? forwardPath : { forwardPath, notify },
    ),
    ...(ret === undefined ? {} : { ret }),
    ...(envelopeId === undefined ? {} : { envelopeId }),
  };
}

interface Told {
  readonly code: number;
  readonly status: string;
  readonly text: string;
}

/** From our own server, of whatever version it is. */
function toldIn(value: unknown): Told {
  const { code, status, text } = (value ?? {}) as Partial<Told>;
  return { code: Number(code ?? 0), status: String(status ?? ''), text: String(text ?? '') };
}

function leftOf(forwardPath: string, told: Told): Left {
  const { code, status } = told;
  const isTemporary = code >= 400 && code < 500;
  return {
    ...{ forwardPath, again: isTemporary ? 'yes' : 'no', problem: inOneLine(told) },
    code: isTemporary ? EX.TEMPFAIL : exitOfStatus(status),
  };
}

function verdictOf({ recipients }: Outgoing, body: Readonly<Record<string, unknown>>): SendResult {
  const refused = refusedIn(body);
  const left = refused.map((one) => leftOf(one.forwardPath, one));
  if (body['type'] === 'refused') {
    const told = toldIn(body['reply']);
    const message = `the server refused the message: ${inOneLine(told)}`;
    const all =
      left.length > 0
        ? left
        : recipients.map((forwardPath) => ({ ...leftOf(forwardPath, told), problem: message }));
    const code = all[0]?.code ?? EX.UNAVAILABLE;
    return { left: all, accepted: 0, isOfHost: false, code, message };
  }
  const message = `${left.length} of ${recipients.length} recipients were not accepted`;
  return { left, accepted: recipients.length - left.length, isOfHost: false, code: EX.UNAVAILABLE, message };
}

function refusedIn(body: Readonly<Record<string, unknown>>): readonly (Told & { forwardPath: string })[] {
  const refused = Array.isArray(body['refused'])
    ? (body['refused'] as readonly { forwardPath: unknown }[])
    : [];
  return refused.map((one) => ({ ...toldIn(one), forwardPath: String(one.forwardPath) }));
}

const inOneLine = ({ code, status, text }: Told): string => `${code} ${status} ${text}`;

const inBrackets = (addresses: readonly string[]): string => addresses.map((one) => `<${one}>`).join(', ');

/** The answer of the server as a dialog would show it. */
function answerLines(status: number, body: Readonly<Record<string, unknown>>): readonly string[] {
  if (status !== 200) return [errorIn({ status, body })];
  const each = refusedIn(body).map((one) => `<${one.forwardPath}>: ${inOneLine(one)}`);
  const isAccepted = body['type'] === 'accepted';
  return [
    ...each,
    isAccepted ? `accepted as ${String(body['id'])}` : `refused: ${inOneLine(toldIn(body['reply']))}`,
  ];
}

function all(
  { recipients }: Outgoing,
  again: Left['again'],
  code: SysExit,
  message: string,
  isOfHost: boolean,
): SendResult {
  const left = recipients.map((forwardPath): Left => ({ forwardPath, again, code, problem: message }));
  return { left, accepted: 0, isOfHost, code, message };
}

function trouble(outgoing: Outgoing, status: number, body: Readonly<Record<string, unknown>>): SendResult {
  const error = errorIn({ status, body });
  if (status === 403) return all(outgoing, 'no', EX.NOPERM, notPermitted(error), true);
  if (status === 413) return all(outgoing, 'no', EX.UNAVAILABLE, error, false);
  if (body['mayBeAccepted'] === true)
    return all(outgoing, 'mayDouble', EX.UNAVAILABLE, `${error}; it may have accepted the message`, false);
  return all(outgoing, 'yes', EX.TEMPFAIL, ofServer(error), true);
}

function unreachable(outgoing: Outgoing, path: string, error: unknown): SendResult {
  if (error instanceof MayBeHandedIn)
    return all(
      ...([outgoing, 'mayDouble', EX.UNAVAILABLE] as const),
      ...([
        `the server on this host: ${failureInWords(error.cause)}; it may have accepted the message`,
        false,
      ] as const),
    );
  const code = codeOf(error);
  const isStopping = isStopped(path, error);
  if (code === 'ENOENT' && !isStopping)
    return all(
      outgoing,
      'no',
      EX.CONFIG,
      `no login is configured, and no server on this host takes mail from programs (${path}): set \`host\`, \`address\` and \`passwordFile\` in ~/.config/postern/send.yaml`,
      true,
    );
  if (isStopping) return all(outgoing, 'yes', EX.TEMPFAIL, notRunning(path), true);
  if (code === 'EACCES') return all(outgoing, 'no', EX.NOPERM, closedDirectory(error), true);
  return all(outgoing, 'yes', EX.TEMPFAIL, ofServer(failureInWords(error)), true);
}
