// Whatever is asked of them, the engines give the same outcomes and the same answers: random histories, asked of each beside the memory engine.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Everything, everythingOf, queueOf, withoutPlaces } from './agreement.contract-answers.ts';
import { step } from './agreement.contract-deeds.ts';
import { type OpenRival, Pair, type Rival } from './agreement.contract-pair.ts';
import { connect } from './postgres/connection.ts';
import { openPostgresStore, type OpenPostgresStore } from './postgres/open.ts';
import { freshDatabase, withoutPostgres } from './postgres/postgres.contract-fixtures.ts';
import { openSqliteStore, type OpenStore } from './sqlite/open.ts';
import type { OpenOptions } from './store.contract-fixtures.ts';

const expectedOutcomes = [
  'accept accepted',
  'accept failed',
  'accept limited hard',
  'accept limited soft',
  'accept queueFull',
  'claim claimed none',
  'claim claimed some',
  'credentialUsed noted',
  'dueNotices dueNotices',
  'erase erased none',
  'erase erased some',
  'free freed none',
  'free freed some',
  'identity failed',
  'identity stale',
  'identity taken',
  'identity written',
  'purge purged none',
  'purge purged none, more',
  'purge purged some',
  'purge purged some, more',
  'queue changed none',
  'queue changed some',
  'queue changed some, more',
  'record failed',
  'record recorded',
  'report failed',
  'report reported',
  'report stale',
  'settle failed',
  'settle settled all',
  'settle settled some',
  'settle stale',
  'undo tooLate',
  'undo undone',
  'withdraw withdrawn none',
  'withdraw withdrawn some',
  'sharedKey key',
] as const;

async function assertAgreement(openRival: OpenRival, seed: number, numRuns: number): Promise<void> {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30, size: 'max' }), async (steps) => {
      const pair = await Pair.open(openRival, (what) => seen.add(what));
      try {
        for (const one of steps) {
          if (one === 'restart') await pair.restart();
          else if (one === 'index') await pair.index();
          else if ('pass' in one) pair.pass(one.pass);
          else if ('most' in one) {
            pair.most = one.most;
            pair.mostOfStrangers = one.most === undefined ? undefined : Math.ceil(one.most / 2);
          } else await pair.commit(one);
          const [memory, rival] = pair.lookups;
          assert.deepEqual(await queueOf(rival), await queueOf(memory));
          assert.equal(pair.queued, (await memory.queueTotals()).messages);
        }
        const [memory, rival] = (await Promise.all(pair.lookups.map(everythingOf))) as [
          Everything,
          Everything,
        ];
        if (pair.isTwin) assert.deepEqual(rival, memory);
        else assert.deepEqual(withoutPlaces(rival), withoutPlaces(memory));
      } finally {
        await pair.close();
      }
    }),
    { seed, numRuns },
  );
  // Else the steps would prove little.
  assert.deepEqual([...seen].sort(), [...expectedOutcomes].sort());
}

async function openSqlite(options: OpenOptions): Promise<Rival> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'postern-agree-'));
  const open = (): OpenStore => openSqliteStore({ dataDirectory, ...options });
  let opened = open();
  return {
    isTwin: true,
    get store() {
      return opened.store;
    },
    get lookups() {
      return opened.lookups;
    },
    queued: () => opened.writer.queued(),
    index: () => opened.writer.indexTail(3),
    restart() {
      opened.close();
      opened = open();
    },
    close() {
      opened.close();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

async function openPostgres(options: OpenOptions): Promise<Rival> {
  const database = await freshDatabase();
  const beside = await connect(database.server, { clock: options.clock });
  let lives = 0;
  const open = (): Promise<OpenPostgresStore> => {
    lives += 1;
    const own = { server: database.server, name: `node/${lives}`, clockOffset: 0, isTrusted: true } as const;
    return openPostgresStore({ ...options, ...own });
  };
  let opened = await open();
  return {
    isTwin: false,
    get store() {
      return opened.store;
    },
    get lookups() {
      return opened.lookups;
    },
    queued: () => opened.writer.queued(),
    index: () => opened.writer.indexTail(3),
    async restart() {
      await opened.close();
      // Here a withdrawal outlives its writer; the others forget it then.
      await beside.query('DELETE FROM inflight WHERE withdrawn_until IS NOT NULL');
      opened = await open();
    },
    async close() {
      await Promise.all([opened.close(), beside.close()]);
      await database.drop();
    },
  };
}

test('memory and sqlite give the same outcomes, the same queue and the same answers, whatever is asked of them', () =>
  assertAgreement(openSqlite, 20_261_128, 60));

test(
  'memory and postgres give the same outcomes, the same queue and the same answers, whatever is asked of them',
  { skip: withoutPostgres },
  () => assertAgreement(openPostgres, 9, 30),
);
