// A front as its connections know it, over fakes: the test answers its questions and speaks for its clients.

import assert from 'node:assert/strict';
import { duplexPair, type Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import type { AuthenticationOutcome } from '../../src/identity/authenticator.ts';
import { createLog } from '../../src/observe/log.ts';
import type { LocalMailbox } from '../../src/policy/submission-policy.ts';
import { mechanismsNamed } from '../../src/protocol/sasl/mechanisms.ts';
import { createAdmission } from '../../src/server/admission.ts';
import { openCounts, planCounts } from '../../src/server/counts.ts';
import { serveConnection } from '../../src/server/connection.ts';
import { createConnections } from '../../src/server/connections.ts';
import type { Front, ListenerHere } from '../../src/server/front.ts';
import { createFrontMetrics } from '../../src/server/front-metrics.ts';
import { allLines } from './log.ts';
import { createSessionLog } from '../../src/server/session-log.ts';
import { createJournal } from '../../src/submission/journal.ts';
import { alice, submissionWorld } from './submission.ts';

export const REPLY_MS = 30_000;

const listener: ListenerHere = {
  role: 'submission',
  tls: 'none',
  port: 587,
  handshakeMs: () => 10_000,
  session: () => ({
    role: 'submission',
    hostname: 'msa.example.org',
    tls: 'none',
    mechanisms: mechanismsNamed(['PLAIN']),
    messageOctetsMax: 1_000_000,
    recipientsMax: 100,
    longLines: 'refuse',
    timeouts: { beforeAuthMs: 600_000, loginMs: 600_000, idleMs: 600_000, replyMs: REPLY_MS },
    errorsMax: { beforeAuth: 25, afterAuth: 500 },
    authFailuresMax: 3,
  }),
};

/** A question that the test answers when it likes. */
export class Later<T> {
  readonly #waiting: ((value: T) => void)[] = [];

  readonly ask = (): Promise<T> => new Promise((resolve) => this.#waiting.push(resolve));

  answer(value: T): void {
    this.#waiting.shift()?.(value);
  }

  /** The question that was asked last. */
  answerLast(value: T): void {
    this.#waiting.pop()?.(value);
  }
}

/** `memoryOctets`: for all messages on their way in; `perIdentity`: connections. */
export async function openFront(
  options: { readonly memoryOctets?: number; readonly perIdentity?: number } = {},
) {
  const world = await submissionWorld(options);
  const authentication = new Later<AuthenticationOutcome>();
  const mailbox = new Later<LocalMailbox | 'elsewhere'>();
  const connections = createConnections();
  const logged: string[] = [];
  const log = createSessionLog(createLog('info', { write: (lines) => void logged.push(lines) }), allLines);
  const admission = createAdmission(
    {
      ...{ unauthenticatedPerNetwork: 1, newPerMinute: undefined, perIdentity: options.perIdentity ?? 1 },
      ...{ total: 10, totalOfStrangers: 10, exempt: [] },
    },
    openCounts(planCounts({ rows: 1, connections: 10, key: new Uint8Array(16) }), 0),
  );
  const front: Front = {
    ...{ clock: world.clock, log, metrics: createFrontMetrics(), admission, submission: world.context },
    journal: createJournal(world.store, world.clock, 1),
    tls: () => assert.fail('no TLS here'),
    sessionId: () => 's',
    authenticate: () => authentication.ask(),
    mailboxOf: (forwardPath) => (forwardPath.endsWith('@example.org') ? mailbox.ask() : 'elsewhere'),
    ownForwardPath: (forwardPath) => forwardPath,
    entered(connection) {
      return connections.enter(connection);
    },
    authenticated: () => undefined,
    accepted: () => undefined,
  };
  return { world, front, authentication, mailbox, admission, connections, logged };
}

export const turns = async (): Promise<void> => {
  for (let n = 0; n < 12; n += 1) await new Promise(setImmediate);
};

export class Client {
  readonly #side: Duplex;
  readonly #socket: Duplex;
  #heard = '';

  constructor(front: Front) {
    const [client, server] = duplexPair();
    this.#side = client;
    this.#socket = server;
    client.on('data', (data) => (this.#heard += String(data)));
    serveConnection(front, listener, server as Socket, {
      remote: { address: '', port: 0 },
      local: { address: '', port: 0 },
    });
  }

  async say(...lines: readonly string[]): Promise<string> {
    this.#heard = '';
    this.#side.write(lines.map((line) => `${line}\r\n`).join(''));
    await turns();
    return this.#heard;
  }

  async hear(): Promise<string> {
    await turns();
    return this.#heard;
  }

  async leave(): Promise<void> {
    this.#side.destroy();
    // As a reset does it.
    this.#socket.destroy();
    await turns();
  }
}

export const authenticated: AuthenticationOutcome = { type: 'authenticated', principal: alice };
export async function authenticatedClient(here: Awaited<ReturnType<typeof openFront>>): Promise<Client> {
  const client = new Client(here.front);
  await client.say('EHLO client', 'AUTH PLAIN AGEAYg==');
  here.authentication.answer(authenticated);
  assert.match(await client.hear(), /235 /);
  return client;
}
