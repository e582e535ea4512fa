// Three nodes on a PostgreSQL with a synchronous standby, with `durability: replicated`: the primary is killed under load, the standby is promoted, and nothing that was
// promised is lost. Nothing is accepted until the promoted one has a standby of its own.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startNodes, takenOver, through } from './nodes.ts';
import { type PostgresCluster, startPostgres, withoutDebianPostgres } from './postgres.ts';
import { eventually } from './server.ts';

const skip = process.env['POSTERN_NODES'] === undefined ? 'npm run nodes runs it' : withoutDebianPostgres;

const portOf = (url: string): string => new URL(url).port;

/** Its commits wait for the standby from now on. */
async function synchronous(primary: PostgresCluster): Promise<void> {
  await primary.query("ALTER SYSTEM SET synchronous_standby_names = 'standby'");
  await primary.query('SELECT pg_reload_conf()');
  await eventually(
    'a standby that is waited for',
    20,
    async () =>
      (await primary.query("SELECT count(*)::int FROM pg_stat_replication WHERE sync_state = 'sync'")) === 1,
  );
}

test(
  'the primary is killed under load, and its standby promoted: nothing that was promised is lost',
  { skip },
  async (t) => {
    await using primary = await startPostgres();
    await using standby = await primary.standby();
    await synchronous(primary);
    const hosts = [primary, standby].map(({ url }) => `"127.0.0.1:${portOf(url)}"`).join(', ');
    await using nodes = await startNodes(primary, {
      storeOf: () => `{ hosts: [${hosts}], user: postern, database: postgres, durability: replicated }`,
    });
    const before = takenOver(nodes);
    let third: PostgresCluster | undefined;
    t.after(() => third?.[Symbol.asyncDispose]());
    const { promised, refused, latestMs, copies } = await through(nodes, 'promoted', async () => {
      const beganAt = performance.now();
      await primary.kill();
      await standby.promote();
      await eventually(
        'the standby takes writes',
        20,
        async () => (await standby.query('SELECT pg_is_in_recovery()')) === false,
      );
      third = await standby.standby();
      await synchronous(standby);
      return { beganAt, endedAt: performance.now(), faulty: [] };
    });
    t.diagnostic(
      `${promised} promised, ${refused.length} refused, the latest delivered after ${latestMs} ms, ${copies} sent twice`,
    );
    assert.equal(copies, 0);
    assert.equal(takenOver(nodes), before);
  },
);
