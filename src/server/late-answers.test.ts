// Answers that come when nobody waits for them any more: the client is gone, or was told to try again. What they would permit is not done.

import assert from 'node:assert/strict';
import { duplexPair, type Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { createLog } from '../observe/log.ts';
import type { LocalMailbox } from '../policy/submission-policy.ts';
import type { Change } from '../store/port.ts';
import type { AuthenticationOutcome } from '../identity/authenticator.ts';
import { refusal } from '../protocol/refusal.ts';
import { alice, submissionWorld } from '../../test/fakes/submission.ts';
import { createJournal } from '../submission/journal.ts';
import { createAdmission } from './admission.ts';
import { serveConnection } from './connection.ts';
import { createConnections, type Front, type ListenerHere } from './front.ts';
import { createFrontMetrics } from './front-metrics.ts';
import { createSessionLog } from './session-log.ts';

const REPLY_MS = 30_000;

const listener: ListenerHere = {
  role: 'submission',
  tls: 'none',
  port: 587,
  handshakeMs: 10_000,
  session: () => ({
    role: 'submission',
    hostname: 'msa.example.org',
    tls: 'none',
    mechanisms: ['PLAIN'],
    messageOctetsMax: 1_000_000,
    recipientsMax: 100,
    longLines: 'refuse',
    timeouts: { beforeAuthMs: 600_000, idleMs: 600_000, replyMs: REPLY_MS },
    errorsMax: { beforeAuth: 25, afterAuth: 500 },
    authFailuresMax: 3,
  }),
};

/** A question that the test answers when it likes. */
class Later<T> {
  readonly #waiting: ((value: T) => void)[] = [];

  readonly ask = (): Promise<T> => new Promise((resolve) => this.#waiting.push(resolve));

  answer(value: T): void {
    this.#waiting.shift()?.(value);
  }
}

async function openFront() {
  const world = await submissionWorld();
  const authentication = new Later<AuthenticationOutcome>();
  const mailbox = new Later<LocalMailbox | 'elsewhere'>();
  const connections = createConnections();
  const logged: string[] = [];
  const log = createSessionLog(createLog('info', { write: (lines) => void logged.push(lines) }));
  const admission = createAdmission({
    unauthenticatedPerNetwork: 1,
    perIdentity: 1,
    total: 10,
    exempt: [],
  });
  const front: Front = {
    ...{ clock: world.clock, log, metrics: createFrontMetrics(), admission, submission: world.context },
    journal: createJournal(world.store, world.clock),
    tls: () => assert.fail('no TLS here'),
    sessionId: () => 's',
    authenticate: () => authentication.ask(),
    mailboxOf: (forwardPath) => (forwardPath.endsWith('@example.org') ? mailbox.ask() : 'elsewhere'),
    ownForwardPath: (forwardPath) => forwardPath,
    entered(connection) {
      log.began(connection.id);
      connections.enter(connection);
    },
    left(connection) {
      connections.leave(connection);
      log.ended(connection.id);
    },
    authenticated: (connection) => connections.own(connection),
    accepted: () => undefined,
  };
  return { world, front, authentication, mailbox, admission, connections, logged };
}

const turns = async (): Promise<void> => {
  for (let n = 0; n < 12; n += 1) await new Promise(setImmediate);
};

class Client {
  readonly #side: Duplex;
  readonly #socket: Duplex;
  #heard = '';

  constructor(front: Front) {
    const [client, server] = duplexPair();
    this.#side = client;
    this.#socket = server;
    client.on('data', (data) => (this.#heard += String(data)));
    serveConnection(front, listener, server as Socket);
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

const authenticated: AuthenticationOutcome = { type: 'authenticated', principal: alice };
const bob: AuthenticationOutcome = {
  type: 'authenticated',
  principal: { ...alice, identityId: 'i-bob', login: 'bob@example.org' },
};
const wrong: AuthenticationOutcome = {
  type: 'refused',
  refusal: refusal('authFailed', 'wrong secret'),
  delayMs: 0,
  cause: 'wrong secret',
};

async function authenticatedClient(here: Awaited<ReturnType<typeof openFront>>): Promise<Client> {
  const client = new Client(here.front);
  await client.say('EHLO client', 'AUTH PLAIN AGEAYg==');
  here.authentication.answer(authenticated);
  assert.match(await client.hear(), /235 /);
  return client;
}

test('a client that leaves while its AUTH is checked does not count as a session of its identity for ever', async () => {
  const here = await openFront();
  for (let n = 0; n < 3; n += 1) {
    const client = new Client(here.front);
    await client.say('EHLO client', 'AUTH PLAIN AGEAYg==');
    await client.leave();
    here.authentication.answer(authenticated);
    await turns();
  }
  assert.equal(here.admission.connections, 0);
  const one = here.admission.connected('192.0.2.1');
  assert.equal(one.authenticated(alice.identityId), true, 'its only place is free');
  one.left();
  const [first, second] = [here.admission.connected(''), here.admission.connected('')];
  assert.deepEqual([first.admitted, second.admitted], [true, false], 'nor was its network forgiven');
});

test('D-TR-1: an AUTH that is answered after its 454 does not make another of who was let in since', async () => {
  const here = await openFront();
  const client = new Client(here.front);
  await client.say('EHLO client', 'AUTH PLAIN AGEAYg==');
  here.world.clock.advance(REPLY_MS);
  assert.match(await client.hear(), /454 /);
  await client.say('AUTH PLAIN AGEAYg==');
  // The first is answered late, the second in time.
  here.authentication.answer(bob);
  await turns();
  here.authentication.answer(authenticated);
  assert.match(await client.hear(), /235 /);
  await client.say(`MAIL FROM:<${alice.login}>`, 'RCPT TO:<x@far.example>', 'DATA');
  assert.match(await client.say(`From: ${alice.login}`, '', 'x', '.'), /^250 /);
  const accepted = here.world.store.changes.find(({ type }) => type === 'accept');
  assert.ok(accepted?.type === 'accept');
  assert.equal(accepted.message.identityId, alice.identityId);
});

test('5321-y: a recipient that was answered 451 does not get the message when its mailbox is found too late', async () => {
  const here = await openFront();
  const client = await authenticatedClient(here);
  await client.say(`MAIL FROM:<${alice.login}>`, 'RCPT TO:<bob@example.org>');
  here.world.clock.advance(REPLY_MS);
  assert.match(await client.hear(), /451 /);
  here.mailbox.answer('exists');
  await client.say('RCPT TO:<x@far.example>', 'DATA');
  assert.match(await client.say(`From: ${alice.login}`, '', 'x', '.'), /^250 /);
  const accepted = here.world.store.changes.find(({ type }) => type === 'accept');
  assert.ok(accepted?.type === 'accept');
  assert.deepEqual(accepted.recipients, [{ forwardPath: 'x@far.example' }]);
});

test('5321-y: a message that was answered 451 while it was being accepted is taken back, and the session goes on', async () => {
  const here = await openFront();
  const store = new Later<undefined>();
  here.world.store.answer = (change: Change) => (change.type === 'accept' ? store.ask() : undefined);
  const client = await authenticatedClient(here);
  await client.say(`MAIL FROM:<${alice.login}>`, 'RCPT TO:<x@far.example>', 'DATA');
  await client.say(`From: ${alice.login}`, '', 'first', '.');
  here.world.clock.advance(REPLY_MS);
  assert.match(await client.hear(), /451 /);
  await client.say(`MAIL FROM:<${alice.login}>`, 'RCPT TO:<y@far.example>');
  store.answer(undefined);
  await turns();
  const [accept, free, drop] = here.world.store.changes.filter(({ type }) => type !== 'dayKey');
  assert.ok(accept?.type === 'accept' && free?.type === 'free' && drop?.type === 'queue');
  assert.deepEqual([drop.action, drop.selector], ['drop', { messageId: accept.message.id }]);
  await client.say('DATA');
  await client.say(`From: ${alice.login}`, '', 'second', '.');
  store.answer(undefined);
  assert.match(await client.hear(), /^250 /, 'the transaction after it was not forgotten with it');
  assert.equal(here.world.context.memory.used, 0);
});

test('6409-5.2-b: what is refused after a session has ended is logged, and not counted for ever', async () => {
  const here = await openFront();
  for (let n = 0; n < 60; n += 1) {
    const client = new Client(here.front);
    await client.say('EHLO client', 'AUTH PLAIN AGEAYg==');
    await client.leave();
    here.authentication.answer(wrong);
    await turns();
  }
  // All of them have the same session id here: a count that stayed would have stopped the log at fifty.
  assert.equal(here.logged.join('').match(/"wrong secret"/g)?.length, 60);
});
