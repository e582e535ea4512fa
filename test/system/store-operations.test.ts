// What an operator of several nodes does with a PostgreSQL that keeps what it commits: looks at it, makes users with no more rights than a role needs and runs nodes as
// them, turns off what must stay on, and takes the standby away.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from 'pg';
import { type PostgresCluster, startPostgres, withoutDebianPostgres } from './postgres.ts';
import { delivered, eventually, PASSWORD, startServer, type TestServer } from './server.ts';
import { openClient, submitOne } from './smtp-load.ts';

const skip = withoutDebianPostgres;
const login = 'alice@example.org';

const storeOf = (url: string, node: string): string => `store: { postgres: "${url}" }\nnode: ${node}`;

/** The same server, as another user. */
function asUser(cluster: PostgresCluster, user: string): string {
  const url = new URL(cluster.url);
  url.username = user;
  return url.href;
}

function told(server: TestServer, ...args: readonly string[]): string {
  const { status, stdout, stderr } = server.postern(args);
  assert.equal(status, 0, `${args.join(' ')}: ${stderr}`);
  return stdout;
}

const replyTo = async (server: TestServer, subject: string, bodyOctets?: number): Promise<string> => {
  const client = await openClient({ port: server.submission, login, password: PASSWORD });
  try {
    return await submitOne(client, { login, subject, ...(bodyOctets === undefined ? {} : { bodyOctets }) });
  } finally {
    client.close();
  }
};

const statusOf = async (server: TestServer, path: string): Promise<{ status: number; text: string }> => {
  const response = await fetch(`http://127.0.0.1:${server.http}${path}`);
  return { status: response.status, text: await response.text() };
};

async function run(url: string, statements: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statements);
  } finally {
    await client.end();
  }
}

const refuses = (url: string, statement: string): Promise<void> =>
  assert.rejects(run(url, statement), /permission denied/, statement);

test(
  'nodes that log in as users of their roles submit and deliver, and can not read what is not theirs',
  { skip },
  async () => {
    await using cluster = await startPostgres();
    await using owner = await startServer({ extra: storeOf(cluster.url, 'owner'), autostart: false });
    const status = owner.postern(['store', 'status']);
    assert.deepEqual([status.status, /there are no tables/.test(status.stdout)], [1, true], status.stdout);
    assert.match(told(owner, 'store', 'migrate'), /^the tables were made, with schema \d+$/m);
    assert.match(told(owner, 'store', 'migrate'), /^the tables have schema \d+ already$/m);
    assert.match(told(owner, 'store', 'keep'), /^0 events forgotten$/m);
    const sql = told(owner, 'store', 'roles');
    for (const role of ['submission', 'mx', 'relay', 'admin'])
      await cluster.query(`CREATE ROLE postern_${role} LOGIN`);
    // Once more changes nothing.
    for (const _ of [1, 2]) await run(cluster.url, sql);

    const submissionUrl = asUser(cluster, 'postern_submission');
    const relayUrl = asUser(cluster, 'postern_relay');
    await using admin = await startServer({
      extra: storeOf(asUser(cluster, 'postern_admin'), 'admin'),
      autostart: false,
    });
    const added = admin.postern(['account', 'add', login, '--password-stdin'], `${PASSWORD}\n`);
    assert.equal(added.status, 0, added.stderr);
    await using front = await startServer({
      ...{ extra: storeOf(submissionUrl, 'front'), roles: ['submission'], accounts: [] },
    });
    assert.match(await replyTo(front, 'small'), /^250/);
    assert.match(await replyTo(front, 'large', 400_000), /^250/);
    await using back = await startServer({
      ...{ extra: storeOf(relayUrl, 'back'), roles: ['relay'], accounts: [] },
    });
    await eventually('both delivered', 30, () => delivered(back.outbox).length === 2);

    for (const statement of [
      'SELECT content FROM inflight',
      'SELECT * FROM content',
      'SELECT bytes FROM body',
    ])
      await refuses(submissionUrl, statement);
    for (const statement of [
      'SELECT record FROM identity',
      'SELECT * FROM identity_credential',
      'SELECT key FROM shared_key',
    ])
      await refuses(relayUrl, statement);
    await refuses(submissionUrl, 'UPDATE event SET payload = NULL');

    assert.match(told(front, 'trace', 'x@far.example'), / {2}delivered /);
    const shown = told(owner, 'store', 'status');
    assert.match(shown, /^node front: alive/m);
    assert.match(shown, /^node back: alive/m);
    assert.match(shown, /^nothing is missing$/m);
    for (const server of [front, back]) {
      const health = await statusOf(server, '/health');
      assert.deepEqual(
        [health.status, /fails, and is tried again/.test(health.text)],
        [200, false],
        health.text,
      );
      assert.doesNotMatch(server.log(), /permission denied|must be owner of|"level":"error"/);
    }
    assert.match(told(owner, 'store', 'keep'), /^0 events forgotten$/m);
    assert.equal(told(front, 'store', 'recount'), 'the totals of the queue were right\n');
    assert.match(told(owner, 'audit', 'export'), /"type":"storeChanged".*"by":"\S+ \(command line\)"/);
    const kept = admin.postern(['store', 'keep']);
    assert.deepEqual([kept.status, /only the owner of the tables/.test(kept.stderr)], [3, true], kept.stderr);
    const advice = owner.postern(['store', 'advise', '--nodes', '3']);
    assert.match(advice.stdout, /^ALTER SYSTEM SET max_wal_size = '4GB';$/m);
    assert.equal(advice.status, 1);
  },
);

test(
  'fsync that is turned off under a running server: nothing is accepted until it is on again',
  { skip },
  async () => {
    await using cluster = await startPostgres();
    await using server = await startServer({ extra: storeOf(cluster.url, 'n1'), accounts: [login] });
    assert.match(await replyTo(server, 'before'), /^250/);
    const set = async (value: string): Promise<void> => {
      await cluster.query(`ALTER SYSTEM SET fsync = ${value}`);
      await cluster.query('SELECT pg_reload_conf()');
    };
    await set('off');
    await eventually('not ready', 10, async () => (await statusOf(server, '/readyz')).status === 503);
    assert.match((await statusOf(server, '/readyz')).text, /^store: no: .*fsync is off/m);
    assert.match(await replyTo(server, 'meanwhile'), /^451 4\.3\.2/);
    assert.equal((await statusOf(server, '/health')).status, 503);
    assert.match(server.log(), /"msg":"nothing is accepted: the store could not keep it"/);
    await set('on');
    await eventually('ready', 10, async () => (await statusOf(server, '/readyz')).status === 200);
    assert.match(await replyTo(server, 'after'), /^250/);
    assert.doesNotMatch(server.log(), /thread died/);
  },
);

test(
  'PUBLIC may create beside the tables: a start is refused, and check says how to mend it',
  { skip },
  async () => {
    await using cluster = await startPostgres();
    await using server = await startServer({ extra: storeOf(cluster.url, 'n1'), accounts: [login] });
    await server.stop();
    await cluster.query('GRANT CREATE ON SCHEMA public TO PUBLIC');
    const told78 = server.postern(['serve']);
    assert.equal(told78.status, 78, told78.stderr);
    assert.match(told78.stderr, /REVOKE CREATE ON SCHEMA "public" FROM PUBLIC/);
    const checked = server.postern(['check', '--no-dns']);
    assert.match(checked.stdout, /^problem: store: PUBLIC may create in schema public/m);
  },
);

test(
  'replicated, and the standby goes: 451 4.3.2 at once, said once, and it goes on when one is back',
  { skip },
  async () => {
    await using cluster = await startPostgres();
    await using standby = await cluster.standby();
    await cluster.query("ALTER SYSTEM SET synchronous_standby_names = 'standby'");
    await cluster.query('SELECT pg_reload_conf()');
    const url = `${cluster.url}?durability=replicated`;
    await using server = await startServer({ extra: storeOf(url, 'n1'), accounts: [login] });
    assert.match(await replyTo(server, 'before'), /^250/);
    await standby.stop('immediate');
    await eventually('not ready', 20, async () =>
      /^store: no: no synchronous standby/m.test((await statusOf(server, '/readyz')).text),
    );
    const since = performance.now();
    for (const subject of ['one', 'two', 'three'])
      assert.match(await replyTo(server, subject), /^451 4\.3\.2/);
    assert.ok(performance.now() - since < 20_000, 'at once');
    // Longer than an answer may take, and than a lease lasts without a pulse.
    const until = performance.now() + 20_000;
    await eventually('some time', 60, () => performance.now() > until);
    await standby.start();
    await eventually('ready', 20, async () => (await statusOf(server, '/readyz')).status === 200);
    assert.match(await replyTo(server, 'after'), /^250/);
    assert.doesNotMatch(server.log(), /thread died|could not be started/);
    assert.equal(server.log().split('nothing is accepted: the store could not keep it').length - 1, 1);
  },
);
