// A server whose store is a PostgreSQL that keeps what it commits: all that an operator does with it, and what becomes of mail when the database is restarted, dies or
// is away. What got its 250 is delivered once, what was refused is not, no connection of a client ends, and the trail verifies.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type CrashHop, startCrashHop } from './crash-hop.ts';
import { type PostgresCluster, startPostgres, withoutDebianPostgres } from './postgres.ts';
import { settled } from './promises.ts';
import { eventually, PASSWORD, type ServerOptions, startServer, type TestServer } from './server.ts';
import { type Load, openClient, startLoad, submitOne } from './smtp-load.ts';

const skip = withoutDebianPostgres;
const login = 'alice@example.org';
const credentials = { login, password: PASSWORD } as const;
const RESTARTS = Number(process.env['POSTERN_DATABASE_RESTARTS'] ?? 4);
/** From the database's return to the server's, seconds. */
const BACK_SECONDS = 4;

const startOn = (cluster: PostgresCluster, options: ServerOptions = {}): Promise<TestServer> =>
  startServer({
    ...options,
    extra: `store: { postgres: "${cluster.url}" }\nnode: n1\nlimits: { identity: { messagesPerHour: none, recipientsPerHour: none } }`,
  });

const isReady = async (server: TestServer): Promise<boolean> => {
  const response = await fetch(`http://127.0.0.1:${server.http}/readyz`).catch(() => undefined);
  return response?.status === 200;
};

/** Gives what a command prints; it must succeed. */
function told(server: TestServer, ...args: readonly string[]): string {
  const { status, stdout, stderr } = server.postern(args);
  assert.equal(status, 0, `${args.join(' ')}: ${stderr}`);
  return stdout;
}

test('what an operator does with a running server, and without one', { skip }, async () => {
  await using cluster = await startPostgres();
  await using server = await startOn(cluster);
  const client = await openClient({ port: server.submission, ...credentials });
  assert.match(await submitOne(client, { login, subject: 'small' }), /^250/);
  assert.match(await submitOne(client, { login, subject: 'large', bodyOctets: 400_000 }), /^250/);
  client.close();
  await eventually('delivery', 20, () => /^the queue is empty$/m.test(told(server, 'queue', 'list')));

  const look = (): void => {
    assert.equal(told(server, 'trace', 'x@far.example').match(/ {2}delivered /g)?.length, 2);
    assert.match(told(server, 'account', 'list'), /^alice@example\.org +active/m);
    assert.match(told(server, 'audit', 'verify'), /^\d+ events, the chain holds/);
    assert.match(told(server, 'queue', 'list', '--totals'), /^the queue is empty$/m);
    assert.match(told(server, 'audit', 'export'), /"type":"accepted"/);
  };
  const act = (): void => {
    told(server, 'account', 'suspend', login);
    assert.match(told(server, 'account', 'show', login), /^alice@example\.org +suspended/m);
    told(server, 'account', 'resume', login);
  };
  look();
  act();
  assert.match(told(server, 'status'), /^it is well$/m);
  writeFileSync(server.config, readFileSync(server.config, 'utf8').replace(/hostname: .*/, '$& # reloaded'));
  assert.match(told(server, 'reload'), /^reloaded$/m);

  await server.stop();
  look();
  act();
  told(server, 'account', 'add', 'carol@example.org');
  await server.start({});
  look();
  // Its own backups are PostgreSQL's.
  const backup = server.postern(['backup', 'x.db']);
  assert.deepEqual([backup.status, /backups of its own/.test(backup.stderr)], [1, true], backup.stderr);
  await server.stop();

  await cluster.stop();
  const away = server.postern(['account', 'list']);
  assert.equal(away.status, 75);
  assert.match(away.stderr, /^postern: the store is away: [^\n]*nobody listens there\n$/);
});

test('a store that a newer version has written ends the start for good', { skip }, async () => {
  await using cluster = await startPostgres();
  await using server = await startOn(cluster);
  await server.stop();
  await cluster.query("UPDATE schema_version SET version = 1000000, oldest_code = 999999, made_by = '9.0.0'");
  const refused = server.postern(['serve']);
  assert.equal(refused.status, 78, refused.stderr);
  assert.match(
    refused.stderr,
    /^postern: the database was written by a newer Postern [^\n]*: install Postern 9\.0\.0 or later\n$/,
  );
});

interface Loaded {
  readonly cluster: PostgresCluster;
  readonly server: TestServer;
  readonly hop: CrashHop;
  readonly load: Load;
}

/** A third of the clients sends bodies that go to the database by themselves; the hop puts off every fourth message. */
async function underLoad(t: TestContext): Promise<Loaded> {
  const hop = await startCrashHop((count) => (count % 4 === 0 ? 'refuses' : 'takes'));
  t.after(() => hop.close());
  const cluster = await startPostgres();
  t.after(() => cluster[Symbol.asyncDispose]());
  const server = await startOn(cluster, {
    relay: `relay: { smarthost: "smtp://127.0.0.1:${hop.port}", connections: 10, retry: [1s] }`,
  });
  t.after(() => server[Symbol.asyncDispose]());
  const load = startLoad({
    ...{ port: server.submission, ...credentials, connections: 12 },
    bodyOctets: (client) => (client % 3 === 2 ? 400_000 : 1500),
  });
  t.after(() => load.abort());
  await goesOn(load);
  return { cluster, server, hop, load };
}

async function goesOn(load: Load): Promise<void> {
  const before = load.promised.length;
  await eventually('load', 60, () => load.promised.length >= before + 10);
}

/** Gives how long the server took to be back, ms. */
async function back({ cluster, server }: Loaded): Promise<number> {
  await cluster.start();
  const since = performance.now();
  await eventually('the server', BACK_SECONDS, () => isReady(server));
  return Math.round(performance.now() - since);
}

async function assertKept(
  t: TestContext,
  { server, hop, load }: Loaded,
  backAfter: readonly number[],
): Promise<void> {
  await goesOn(load);
  await load.stop();
  hop.behave(() => 'takes');
  const { copies, unasked } = await settled({ server, load, taken: () => hop.taken });
  t.diagnostic(
    `${load.promised.length} promised, ${load.refused.length} refused, ${copies} delivered twice, ready again after ${backAfter.join(', ')} ms`,
  );
  // The server itself lived: it knows of each attempt how it ended, and of each message whether it was promised.
  assert.equal(copies, 0);
  assert.equal(unasked, 0);
  assert.equal(load.cut, 0, `${load.cut} connections ended`);
  assert.deepEqual(
    load.refused.filter(({ reply }) => !reply.startsWith('451')),
    [],
  );
}

const ends: readonly { readonly how: string; end(cluster: PostgresCluster): Promise<void> }[] = [
  { how: 'fast', end: (cluster) => cluster.stop() },
  { how: 'immediate', end: (cluster) => cluster.stop('immediate') },
  { how: 'killed', end: (cluster) => cluster.kill() },
];

for (const { how, end } of ends)
  test(
    `${RESTARTS} restarts of PostgreSQL under load (${how}): nothing is lost, nothing leaves twice, all goes on by itself`,
    { skip },
    async (t) => {
      const loaded = await underLoad(t);
      const backAfter: number[] = [];
      for (let round = 0; round < RESTARTS; round += 1) {
        await delay((round * 61) % 200);
        await end(loaded.cluster);
        backAfter.push(await back(loaded));
        await goesOn(loaded.load);
      }
      await assertKept(t, loaded, backAfter);
    },
  );

for (const { seconds, says } of [
  { seconds: 20, says: 'who waits for a 250 gets it' },
  { seconds: 40, says: 'clients hear 451 after 30 s' },
])
  test(
    `PostgreSQL is away for ${seconds} s under load: ${says}, and all goes on by itself`,
    { skip },
    async (t) => {
      const loaded = await underLoad(t);
      const { cluster, server, load } = loaded;
      await cluster.stop('immediate');
      const since = performance.now();
      // Bodies that were on their way to the database are refused at once; they are gone.
      await delay(5_000);
      const refused = load.refused.length;
      assert.equal(await isReady(server), false);
      const metrics = await (await fetch(`http://127.0.0.1:${server.http}/metrics`)).text();
      assert.match(metrics, /^postern_ready 0$/m);
      await eventually('what was waited for', seconds, () => performance.now() - since >= seconds * 1_000);
      assert.equal(load.refused.length > refused, seconds > 30, `${load.refused.length} refused`);
      await assertKept(t, loaded, [await back(loaded)]);
      assert.match(server.log(), /"msg":"the store is away: waiting for it"/);
    },
  );
