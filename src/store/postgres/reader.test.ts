// Looks that meet a database that is away.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { freshDatabase, withoutPostgres } from '../../../test/postgres/database.ts';
import { type Proxy, proxyTo } from '../../../test/postgres/proxy.ts';
import { StoreUnavailable } from '../port.ts';
import { openReader, type Reader } from './reader.ts';

const skip = withoutPostgres;
const AGAIN_MS = 500;
const AWAY_MS_MAX = 5_000;

/** Only pauses between tries end, when the test says so; no answer is ever too late. */
function pausingClock() {
  let now = 0;
  let pausing: (() => void)[] = [];
  return {
    now: () => now,
    monotonic: () => now,
    after(delayMs: number, callback: () => void) {
      if (delayMs === AGAIN_MS) pausing.push(callback);
      return () => undefined;
    },
    /** Once so many pause, they go on. */
    async step(count: number) {
      while (pausing.length < count) await new Promise((resolve) => void setImmediate(resolve));
      now += AGAIN_MS;
      const ending = pausing;
      pausing = [];
      for (const end of ending) end();
    },
  };
}

interface World {
  readonly clock: ReturnType<typeof pausingClock>;
  readonly proxy: Proxy;
  readonly reader: Reader;
}

async function readerThrough(t: TestContext): Promise<World> {
  const database = await freshDatabase();
  const proxy = await proxyTo(database.url);
  const clock = pausingClock();
  const { hostname: host, port, pathname, username: user } = new URL(proxy.url);
  const server = { hosts: [{ host, port: Number(port) }], database: pathname.slice(1), user };
  const reader = openReader(server, { clock, answerMsMax: 60_000, awayMsMax: AWAY_MS_MAX });
  t.after(async () => {
    await reader.close();
    await proxy[Symbol.asyncDispose]();
    await database.drop();
  });
  return { clock, proxy, reader };
}

const number = async (reader: Reader, n: number): Promise<unknown> =>
  (await reader.get('SELECT $1::int AS n', n))?.['n'];

test('a look that loses its connection is made again over another one', { skip }, async (t) => {
  const { clock, proxy, reader } = await readerThrough(t);
  assert.equal(await number(reader, 1), 1);
  let looks = 0;
  const asked = reader.inOneView(async (sql) => {
    looks += 1;
    if (looks === 1) proxy.cut();
    return (await sql.get('SELECT 2 AS n'))?.['n'];
  });
  await clock.step(1);
  assert.equal(await asked, 2);
  assert.equal(looks, 2);
});

test(
  'all who look wait while the database is away, and are answered when it is back',
  { skip },
  async (t) => {
    const { clock, proxy, reader } = await readerThrough(t);
    assert.equal(await number(reader, 0), 0);
    proxy.refuse(true);
    proxy.cut();
    const asked = Promise.all(Array.from({ length: 20 }, (_, n) => number(reader, n)));
    for (let tries = 0; tries < 3; tries += 1) await clock.step(20);
    proxy.refuse(false);
    assert.deepEqual(
      await asked,
      Array.from({ length: 20 }, (_, n) => n),
    );
  },
);

test(
  'who has waited long enough hears that the store is unavailable, and the next look finds it back',
  { skip },
  async (t) => {
    const { clock, proxy, reader } = await readerThrough(t);
    proxy.refuse(true);
    const asked = Promise.allSettled(Array.from({ length: 9 }, (_, n) => number(reader, n)));
    for (let at = 0; at <= AWAY_MS_MAX - AGAIN_MS; at += AGAIN_MS) await clock.step(9);
    for (const one of await asked) {
      assert.equal(one.status, 'rejected');
      assert.ok(one.status === 'rejected' && one.reason instanceof StoreUnavailable);
    }
    await assert.rejects(number(reader, 3), StoreUnavailable, 'at once');
    proxy.refuse(false);
    // The last failure is remembered for a moment.
    await clock.step(0);
    assert.equal(await number(reader, 3), 3);
  },
);

test('the server gives up what its asker waits for no more', { skip }, async (t) => {
  const { reader } = await readerThrough(t);
  assert.deepEqual(await reader.get("SELECT current_setting('statement_timeout') AS is"), { is: '1min' });
});
