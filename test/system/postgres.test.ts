import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Client } from 'pg';
import { type PostgresCluster, startPostgres, withoutDebianPostgres } from './postgres.ts';
import { eventually, HANGING_MS } from './server.ts';

const skip = withoutDebianPostgres;

async function ask(cluster: PostgresCluster, statement: string): Promise<unknown> {
  const client = new Client({ connectionString: cluster.url });
  await client.connect();
  try {
    return Object.values(((await client.query(statement)).rows[0] as object | undefined) ?? {})[0];
  } finally {
    await client.end();
  }
}

test(
  'what PostgreSQL committed is there after it was stopped, stopped at once and killed',
  { skip },
  async () => {
    await using cluster = await startPostgres(['work_mem = 5MB']);
    assert.equal(await ask(cluster, 'SHOW fsync'), 'on');
    assert.equal(await ask(cluster, 'SHOW work_mem'), '5MB');
    await ask(cluster, 'CREATE TABLE kept (number int)');
    const ends = [() => cluster.stop(), () => cluster.stop('immediate'), () => cluster.kill()];
    for (const [number, end] of ends.entries()) {
      await ask(cluster, `INSERT INTO kept VALUES (${number})`);
      await end();
      await assert.rejects(ask(cluster, 'SELECT 1'), { code: 'ECONNREFUSED' });
      await cluster.start();
      assert.equal(await ask(cluster, 'SELECT count(*)::int FROM kept'), number + 1);
    }
    assert.match(cluster.log(), /was not properly shut down; automatic recovery in progress/);
  },
);

test('the unit tests of the store pass on this PostgreSQL', { skip }, async () => {
  await using cluster = await startPostgres();
  // With it Node would take the run for a part of this test.
  const { NODE_TEST_CONTEXT: _context, ...environment } = process.env;
  const words = ['src/store/postgres', 'test/postgres'];
  const { stdout } = spawnSync(process.execPath, ['tools/test.ts', 'unit', ...words], {
    ...{ encoding: 'utf8', timeout: HANGING_MS },
    env: { ...environment, POSTERN_TEST_POSTGRES: cluster.url },
  });
  assert.match(stdout, /^[1-9]\d+ passed, 0 failed, \d+ skipped$/m);
});

test('a standby follows, and takes over when the first is killed', { skip }, async () => {
  await using first = await startPostgres();
  await ask(first, 'CREATE TABLE followed (number int)');
  await using standby = await first.standby();
  await ask(first, 'INSERT INTO followed VALUES (1)');
  await eventually(
    'the standby has the row',
    10,
    async () => (await ask(standby, 'SELECT number FROM followed')) === 1,
  );
  assert.equal(await ask(first, 'SELECT application_name FROM pg_stat_replication'), 'standby');
  await assert.rejects(ask(standby, 'INSERT INTO followed VALUES (2)'), { code: '25006' });
  await first.kill();
  await standby.promote();
  await ask(standby, 'INSERT INTO followed VALUES (2)');
  assert.equal(await ask(standby, 'SELECT count(*)::int FROM followed'), 2);
});
