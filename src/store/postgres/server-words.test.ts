// What a server says as few real ones can be made to: played by a socket that answers each query with what it is given.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { virtualClock } from '../../../test/fakes/clock.ts';
import { connect, type Connection, ConnectionLost, type PostgresServer } from './connection.ts';
import { packet, playing, words } from './played-server.contract-fixtures.ts';
import { asStoreError } from './refusals.ts';

/** The wait for a standby was given up. */
const gaveUp = (severity: string): Uint8Array => words('N', severity, '01000', 'SyncRepWaitForLSN');
const READY = packet('Z', 'I');
const COMMITTED = packet('C', 'COMMIT\0');

/** A server that answers whatever comes on a connection with the next of these. */
async function saying(t: TestContext, said: readonly Uint8Array[]): Promise<PostgresServer> {
  const host = await playing(t, (socket) => {
    const rest = [...said];
    socket.on('data', () => void socket.write(rest.shift() ?? Buffer.of()));
  });
  return { hosts: [host], database: 'd', user: 'u' };
}

/** Resolves to a connection whose server answers the first query so. */
async function answeredBy(
  t: TestContext,
  { said, durability }: Pick<Vector, 'said' | 'durability'>,
): Promise<Connection> {
  const server = await saying(t, [
    Buffer.concat([packet('R', Uint8Array.of(0, 0, 0, 0)), READY]),
    Buffer.concat(said),
  ]);
  const connection = await connect(
    { ...server, ...(durability === 'local' ? {} : { isReplicated: true }) },
    { clock: virtualClock(0), readOnly: true },
  );
  t.after(() => connection.destroy('the test is over'));
  return connection;
}

interface Vector {
  readonly why: string;
  readonly said: readonly Uint8Array[];
  /** Absent: it is told of a replicated one. */
  readonly durability?: 'local';
  readonly known: 'done' | 'refused' | 'lost';
}

const vectors: readonly Vector[] = [
  { why: 'a commit', said: [COMMITTED, READY], known: 'done' },
  { why: 'a notice', said: [words('N', 'NOTICE', '00000'), COMMITTED, READY], known: 'done' },
  { why: 'no standby', said: [gaveUp('WARNING'), COMMITTED, READY], known: 'lost' },
  { why: 'no standby, in German', said: [gaveUp('WARNUNG'), COMMITTED, READY], known: 'lost' },
  {
    ...{ why: 'no standby, and none is asked for', durability: 'local' },
    ...{ said: [gaveUp('WARNING'), COMMITTED, READY], known: 'done' },
  },
  {
    why: 'no standby, and a shutdown',
    said: [words('N', 'WARNING', '57P01', 'SyncRepWaitForLSN'), COMMITTED, READY],
    known: 'lost',
  },
  {
    why: 'a warning of something else, which comes with each transaction for weeks',
    said: [words('N', 'WARNING', '01000', 'GetNewTransactionId'), COMMITTED, READY],
    known: 'done',
  },
  { why: 'a full disk', said: [words('E', 'ERROR', '53100'), READY], known: 'refused' },
  { why: 'a full disk, in German', said: [words('E', 'FEHLER', '53100'), READY], known: 'refused' },
  { why: 'no room for the log: it may be there', said: [words('E', 'PANIC', '53100')], known: 'lost' },
  { why: 'a session that is over', said: [words('E', 'FATAL', '25P03')], known: 'lost' },
  { why: 'a session that is over, in French', said: [words('E', 'FATALE', '25P03')], known: 'lost' },
  { why: 'a shutdown, in French', said: [words('E', 'FATALE', '57P01')], known: 'lost' },
];

for (const { why, known, ...server } of vectors)
  test(`what is known after ${why}`, async (t) => {
    const connection = await answeredBy(t, server);
    const asked = connection.exec('COMMIT');
    if (known === 'done') assert.equal(await asked, 'COMMIT');
    else if (known === 'refused') await assert.rejects(asked, { name: 'SqlError', code: '53100' });
    else await assert.rejects(asked, ConnectionLost);
  });

/** AuthenticationSASL with these mechanisms, AuthenticationSASLContinue, AuthenticationMD5Password, AuthenticationCleartextPassword. */
const sasl = (...mechanisms: readonly string[]): Uint8Array =>
  packet('R', Uint8Array.of(0, 0, 0, 10), ...mechanisms.map((name) => `${name}\0`), '\0');
const CONTINUE = packet('R', Uint8Array.of(0, 0, 0, 11), 'r=another,s=c2FsdA==,i=4096');
const MD5 = packet('R', Uint8Array.of(0, 0, 0, 5, 1, 2, 3, 4));
const CLEARTEXT = packet('R', Uint8Array.of(0, 0, 0, 3));
const SET_IT = /^PostgreSQL does not let user "u" in: it asks for a password, .* `store\.postgres\.password`/;

const logins: readonly {
  readonly why: string;
  readonly password?: string;
  readonly said: readonly Uint8Array[];
  readonly told: RegExp;
}[] = [
  { why: 'no password for SCRAM', said: [sasl('SCRAM-SHA-256'), CONTINUE], told: SET_IT },
  { why: 'an empty one', password: '', said: [sasl('SCRAM-SHA-256'), CONTINUE], told: SET_IT },
  { why: 'no password for MD5', said: [MD5], told: SET_IT },
  { why: 'no password in clear', said: [CLEARTEXT], told: SET_IT },
  {
    ...{ why: 'a mechanism that is not known here', password: 'p', said: [sasl('OAUTHBEARER')] },
    told: /^PostgreSQL does not let user "u" in: SASL: Only mechanism.*: look at user and password/,
  },
  {
    ...{ why: 'a server that is not who it says', password: 'p', said: [sasl('SCRAM-SHA-256'), CONTINUE] },
    told: /^PostgreSQL does not let user "u" in: SASL: .*nonce/,
  },
];

for (const { why, password, said, told } of logins)
  test(`a login that no other try can help ends the wait: ${why}`, async (t) => {
    const server = { ...(await saying(t, said)), ...(password === undefined ? {} : { password }) };
    await assert.rejects(
      connect(server, { clock: virtualClock(0) }).catch((error: unknown) => {
        throw asStoreError(error, server);
      }),
      { name: 'ServerUnfit', message: told },
    );
  });
