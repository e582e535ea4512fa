import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { startPostgres, withoutDebianPostgres } from './postgres.ts';
import { eventually, HANGING_MS } from './server.ts';

const skip = withoutDebianPostgres;

test(
  'what PostgreSQL committed is there after it was stopped, stopped at once and killed',
  { skip },
  async () => {
    await using cluster = await startPostgres(['work_mem = 5MB']);
    assert.equal(await cluster.query('SHOW fsync'), 'on');
    assert.equal(await cluster.query('SHOW work_mem'), '5MB');
    await cluster.query('CREATE TABLE kept (number int)');
    const ends = [() => cluster.stop(), () => cluster.stop('immediate'), () => cluster.kill()];
    for (const [number, end] of ends.entries()) {
      await cluster.query(`INSERT INTO kept VALUES (${number})`);
      await end();
      await assert.rejects(cluster.query('SELECT 1'), { code: 'ECONNREFUSED' });
      await cluster.start();
      assert.equal(await cluster.query('SELECT count(*)::int FROM kept'), number + 1);
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
  await first.query('CREATE TABLE followed (number int)');
  await using standby = await first.standby();
  await first.query('INSERT INTO followed VALUES (1)');
  await eventually(
    'the standby has the row',
    10,
    async () => (await standby.query('SELECT number FROM followed')) === 1,
  );
  assert.equal(await first.query('SELECT application_name FROM pg_stat_replication'), 'standby');
  await assert.rejects(standby.query('INSERT INTO followed VALUES (2)'), { code: '25006' });
  await first.kill();
  await standby.promote();
  await standby.query('INSERT INTO followed VALUES (2)');
  assert.equal(await standby.query('SELECT count(*)::int FROM followed'), 2);
});
