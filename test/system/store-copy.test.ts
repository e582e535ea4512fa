// A store that moves from SQLite to PostgreSQL and back, as an operator moves it: nothing is lost, the trail tells the same, and a copy that was killed goes on.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client } from 'pg';
import { startPostgres, withoutDebianPostgres } from './postgres.ts';
import { delivered, eventually, PASSWORD, startServer, type TestServer } from './server.ts';
import { freePort } from '../free-port.ts';
import { openClient, submitAll, submitOne } from './smtp-load.ts';

const login = 'alice@example.org';
const MAIN = join(import.meta.dirname, '../../src/main.ts');
const SMALL = 40;
const LARGE_OCTETS = 3_000_000;

/** Nobody listens at the next hop: what is sent waits. */
async function loaded(): Promise<TestServer> {
  const server = await startServer({
    relay: `relay: { smarthost: [ 'smtp://127.0.0.1:${await freePort()}' ] }`,
  });
  const subjects = Array.from({ length: SMALL }, (_, at) => `small ${at}`);
  const { promised } = await submitAll({ port: server.submission, login, password: PASSWORD, subjects });
  assert.equal(promised.length, SMALL);
  const client = await openClient({ port: server.submission, login, password: PASSWORD });
  assert.match(await submitOne(client, { login, subject: 'large', bodyOctets: LARGE_OCTETS }), /^250/);
  client.close();
  await eventually('attempts', 30, () => deferred(server) > 0);
  return server;
}

const good = (server: TestServer, ...args: readonly string[]): string => {
  const { status, stdout, stderr } = server.postern(args);
  assert.equal(status, 0, `${args.join(' ')}: ${stderr}`);
  return stdout;
};

const deferred = (server: TestServer): number =>
  events(server).filter((line) => line.includes('"deferred"')).length;

/** Of the first chain, as they are exported, without where they stand. */
const events = (server: TestServer): readonly string[] =>
  good(server, 'audit', 'export')
    .split('\n')
    .filter((line) => line.startsWith('{"chain":1,') && !line.includes('audit export'))
    .map((line) => line.replace(/,"cursor":"[^"]*"/, ''));

/** Killed at its first line. */
function killed(args: readonly string[]): Promise<NodeJS.Signals | null> {
  const child = spawn(process.execPath, [MAIN, 'store', 'copy', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.once('data', () => child.kill('SIGKILL'));
  return new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
}

test(
  'a store moves to PostgreSQL and back without losing mail or evidence',
  { skip: withoutDebianPostgres },
  async () => {
    await using cluster = await startPostgres();
    await using server = await loaded();
    const data = join(server.directory, 'data');
    const embedded = readFileSync(server.config, 'utf8');
    const url = new URL(cluster.url);
    url.pathname = '/mail';
    const admin = new Client({ connectionString: cluster.url });
    await admin.connect();
    await admin.query("CREATE DATABASE mail ENCODING 'UTF8' TEMPLATE template0");
    await admin.end();

    const refused = server.postern(['store', 'copy', '--from', `sqlite:${data}`, '--to', url.href]);
    assert.match(refused.stderr, /another Postern uses/);
    assert.equal(refused.status, 3);
    await server.stop();
    const before = events(server);
    const onPostgres = embedded.replace(
      /^data: .*$/m,
      `data: ./node\nstore: { postgres: '${url.href}' }\nnode: mail1`,
    );
    writeFileSync(server.config, onPostgres);
    const copy = ['--from', `sqlite:${data}`, '-c', server.config];
    assert.equal(await killed(copy), 'SIGKILL');
    await assert.rejects(server.start(), /holds a copy of another store that is not done/);
    assert.equal(await server.ended(), 78);
    assert.match(good(server, 'store', 'copy', '--from', `sqlite:${data}`), /its chain holds/);
    assert.deepEqual(events(server), before);

    writeFileSync(server.config, onPostgres.replace(/^relay: .*$/m, 'relay: { files: ./outbox }'));
    await server.start();
    const living = server.postern(['store', 'copy', '--to', `sqlite:${server.directory}/too-early`]);
    assert.match(living.stderr, /node mail1 works on it, or did a moment ago: stop all nodes/);
    // Some of it may be due, and gone, already.
    server.postern(['queue', 'retry', '--all']);
    await eventually('deliveries', 60, () => delivered(server.outbox).length === SMALL + 1);
    const large = delivered(server.outbox).filter(({ bytes }) => bytes.length > LARGE_OCTETS);
    assert.equal(large.length, 1);
    await server.stop();

    const after = events(server);
    assert.deepEqual(after, before);
    // Its lease is not over yet.
    await eventually('the copy back', 60, () => {
      const { status, stderr } = server.postern(['store', 'copy', '--to', `sqlite:${server.directory}/back`]);
      assert.match(stderr, /^$|or did a moment ago/);
      return status === 0;
    });
    writeFileSync(server.config, embedded.replace('data: ./data', 'data: ./back'));
    assert.deepEqual(events(server), before);
    await server.start();
    const { chains } = JSON.parse(good(server, 'audit', 'verify', '--json')) as {
      chains: readonly unknown[];
    };
    assert.ok(chains.length > 3);
  },
);
