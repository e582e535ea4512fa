// Without a login: `postern send` hands its messages to the server on this host, which knows us by our operating-system user.

import { lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { failureInWords } from '../base/failure-words.ts';
import { CLAIMS_DIRECTORY } from '../http/claims.ts';
import { openSubmitClient, SubmitSocketBusy } from '../http/submit-client.ts';
import type { Carrier, Left, Outgoing, Verdict } from './send-parcel.ts';
import { EX, exitOfStatus, SendFailure, type SysExit } from './sysexits.ts';

export function localCarrier(socketPath: string): Carrier {
  const client = openSubmitClient(socketPath);
  // One behind the other: it is one connection.
  let turn: Promise<unknown> = Promise.resolve();

  async function carry(parcel: Outgoing): Promise<Verdict> {
    const { content, ...envelope } = parcel;
    try {
      const { status, body } = await client.submit(envelopeOf(envelope), content);
      return status === 200 ? verdictOf(parcel, body) : trouble(parcel, status, body);
    } catch (error) {
      return unreachable(parcel, socketPath, error);
    }
  }

  return {
    carry(parcel) {
      const next = turn.then(() => carry(parcel));
      turn = next.catch(() => undefined);
      return next;
    },
    async close() {
      await turn;
      client.close();
    },
  };
}

/** As whom the server on this host takes our mail; undefined: it does not say, or does not run. Rejects with `SendFailure` if it takes none. */
export async function askOwnAddress(socketPath: string): Promise<string | undefined> {
  const client = openSubmitClient(socketPath);
  // Of a server that does not run hears who hands the message in.
  const reply = await client
    .address()
    .catch((error: unknown) => {
      if (error instanceof SubmitSocketBusy)
        throw new SendFailure(EX.TEMPFAIL, `the server on this host: ${error.message}`);
      return undefined;
    })
    .finally(() => client.close());
  if (reply?.status === 503)
    throw new SendFailure(EX.TEMPFAIL, `the server on this host: ${String(reply.body['error'])}`);
  if (reply?.status === 403) throw new SendFailure(EX.NOPERM, notPermitted(String(reply.body['error'])));
  const address = reply?.status === 200 ? reply.body['address'] : undefined;
  return typeof address === 'string' && address.includes('@') ? address : undefined;
}

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

function leftOf(forwardPath: string, { code, status, text }: Told): Left {
  const isTemporary = code >= 400 && code < 500;
  return {
    ...{ forwardPath, again: isTemporary ? 'yes' : 'no', problem: `${code} ${status} ${text}` },
    code: isTemporary ? EX.TEMPFAIL : exitOfStatus(status),
  };
}

function verdictOf({ recipients }: Outgoing, body: Readonly<Record<string, unknown>>): Verdict {
  if (body['type'] === 'refused') {
    const told = toldIn(body['reply']);
    const left = recipients.map((forwardPath) => leftOf(forwardPath, told));
    const code = left[0]?.code ?? EX.UNAVAILABLE;
    return {
      left,
      accepted: 0,
      isOfHost: false,
      code,
      message: `the server refused the message: ${told.code} ${told.status} ${told.text}`,
    };
  }
  const refused = Array.isArray(body['refused'])
    ? (body['refused'] as readonly { forwardPath: unknown }[])
    : [];
  const left = refused.map((one) => leftOf(String(one.forwardPath), toldIn(one)));
  const message = `${left.length} of ${recipients.length} recipients were not accepted`;
  return { left, accepted: recipients.length - left.length, isOfHost: false, code: EX.UNAVAILABLE, message };
}

function all(
  { recipients }: Outgoing,
  again: Left['again'],
  code: SysExit,
  message: string,
  isOfHost: boolean,
): Verdict {
  const left = recipients.map((forwardPath): Left => ({ forwardPath, again, code, problem: message }));
  return { left, accepted: 0, isOfHost, code, message };
}

function trouble(parcel: Outgoing, status: number, body: Readonly<Record<string, unknown>>): Verdict {
  const error = typeof body['error'] === 'string' ? body['error'] : `status ${status}`;
  if (status === 403) return all(parcel, 'no', EX.NOPERM, notPermitted(error), true);
  if (status === 413) return all(parcel, 'no', EX.UNAVAILABLE, error, false);
  if (body['mayBeAccepted'] === true)
    return all(parcel, 'mayDouble', EX.UNAVAILABLE, `${error}; it may have accepted the message`, false);
  return all(parcel, 'yes', EX.TEMPFAIL, `the server on this host: ${error}`, true);
}

function unreachable(parcel: Outgoing, path: string, error: unknown): Verdict {
  if (error instanceof SubmitSocketBusy)
    return all(parcel, 'yes', EX.TEMPFAIL, `the server on this host: ${error.message}`, true);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const because = failureInWords(error);
  const claims = join(dirname(path), CLAIMS_DIRECTORY);
  const isKnown = code === 'ECONNREFUSED' || lstatSync(claims, { throwIfNoEntry: false }) !== undefined;
  if (code === 'ENOENT' && !isKnown)
    return all(
      parcel,
      'no',
      EX.CONFIG,
      `no login is configured, and no server on this host takes mail from programs (${path}): set \`host\`, \`address\` and \`passwordFile\` in ~/.config/postern/send.yaml`,
      true,
    );
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return all(parcel, 'yes', EX.TEMPFAIL, `the server on this host does not run (${path})`, true);
  if (code === 'EACCES')
    return all(parcel, 'no', EX.NOPERM, `${because}: the directory of the socket must let others in`, true);
  // The connection broke, and what was sent may have arrived.
  return all(parcel, 'mayDouble', EX.UNAVAILABLE, `the server on this host: ${because}`, false);
}
