// A store that was moved: looked at before anybody can open it, with a record of who copied it. What was tampered with at its source is refused.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { connect } from '../store/postgres/connection.ts';
import { withoutPostgres } from '../store/postgres/postgres.contract-fixtures.ts';
import { fill, postgresPlace, sqlitePlace, type TestPlace } from '../store/copy.contract-fixtures.ts';
import { openDatabase } from '../store/sqlite/database.ts';
import { openAt } from '../store/sqlite/sqlite.contract-fixtures.ts';
import {
  type Bench,
  countedEntropy,
  START,
  started,
  virtualClock,
} from '../store/store.contract-fixtures.ts';
import { copyStore, countKept, type StoreCopied, type StoreCopy } from './copy-store.ts';

const actor = { who: 'root', through: 'command line', role: 'admin' } as const;

function copied(
  { transfer: from }: TestPlace,
  { transfer: to }: TestPlace,
  more: Partial<StoreCopy> = {},
): Promise<StoreCopied> {
  const place = '/var/lib/postern';
  const clock = virtualClock();
  return copyStore({ from, to, place, clock, entropy: countedEntropy(), ...more }, actor);
}

async function filled(place: TestPlace): Promise<void> {
  await using bench = await place.open();
  await fill(bench);
  await indexed(bench);
}

const indexed = async (bench: Bench): Promise<void> => {
  while ((await bench.idle()) === true);
};

test(
  'a copy begins a chain of its own, with who copied the store, and from where',
  { skip: withoutPostgres },
  async (t) => {
    const [source, shared, back] = [await sqlitePlace(t), await postgresPlace(t), await sqlitePlace(t)];
    await filled(source);
    const steps = new Set<string>();
    const { counts, chains } = await copied(source, shared, { progress: (step) => steps.add(step) });
    assert.deepEqual(counts, await countKept(source.transfer));
    assert.deepEqual(
      chains.map(({ chain, name }) => [chain, name]),
      [[1, 'local']],
    );
    assert.deepEqual([...steps].sort(), [
      ...['chain', 'compare', 'event', 'identity', 'index', 'message', 'sharedKey', 'verify'],
    ]);
    await copied(shared, back);
    await using bench = await back.open();
    await bench.one({ type: 'record', events: [started(START)] });
    const events = await bench.events();
    assert.deepEqual(
      events.slice(-3).map(({ chain, sequence, type }) => [chain, sequence, type]),
      [
        [2, 1, 'lookedUp'],
        [3, 1, 'lookedUp'],
        [3, 2, 'started'],
      ],
    );
    const payload = {
      by: 'root (command line)',
      action: 'store copy',
      detail: {
        ...{ from: '/var/lib/postern', lastLink: chains[0]?.lastLink },
        ...{ events: counts.event, messages: counts.message, accounts: counts.identity },
      },
    };
    assert.deepEqual(events.at(-3)?.payload, payload);
    await indexed(bench);
    const heads = (await bench.lookups.chains()).map(({ name, head }) => [head.chain, name, head.sequence]);
    assert.deepEqual(
      new Set(heads),
      new Set([
        [1, 'local', counts.event],
        [2, 'copy', 1],
        [3, 'local', 2],
      ]),
    );
  },
);

const tampered: readonly { readonly why: string; readonly sql: string; readonly said: RegExp }[] = [
  {
    why: 'content of an event was changed',
    sql: `UPDATE event SET payload = CAST(replace(CAST(payload AS TEXT), 'alice', 'mlice') AS BLOB) WHERE sequence = (SELECT max(sequence) FROM event WHERE type = 'accepted')`,
    said: /the trail is broken at event \d+: its content was changed; so it is in the source/,
  },
  {
    why: 'an event was taken out',
    sql: 'DELETE FROM event WHERE sequence = 3',
    said: /the trail is broken at event 4: event 3 is missing/,
  },
  {
    why: 'the end was cut off',
    sql: 'DELETE FROM event WHERE sequence = (SELECT max(sequence) FROM event)',
    said: /its end was cut off/,
  },
  {
    why: 'a queued message has another sender',
    sql: "UPDATE message SET reverse_path = 'mallory@example.net' WHERE identity_id = 'id-al@x.example'",
    said: /it was accepted with another reverse-path/,
  },
];

for (const { why, sql, said } of tampered)
  test(`a copy is refused where ${why}, and is no store`, { skip: withoutPostgres }, async (t) => {
    const [source, target] = [await sqlitePlace(t), await postgresPlace(t)];
    await filled(source);
    const db = openDatabase(join(source.directory, 'postern.sqlite'));
    assert.notEqual(db.run(sql), 0);
    db.close();
    await assert.rejects(copied(source, target), said);
    await assert.rejects(target.open(), /a copy of another store that is not done/);
  });

test('a copy of a PostgreSQL that was tampered with is refused', { skip: withoutPostgres }, async (t) => {
  const [source, target] = [await postgresPlace(t), await sqlitePlace(t)];
  await filled(source);
  const connection = await connect(source.server, { clock: virtualClock() });
  await connection.exec("DELETE FROM event WHERE type = 'relayed'");
  await connection.close();
  await assert.rejects(copied(source, target), /the trail is broken at event 5: event 4 is missing/);
  await assert.rejects(target.open(), /a copy of another store that is not done/);
});

test('a copy is refused when somebody has written to its source meanwhile', async (t) => {
  const [source, target] = [await sqlitePlace(t), await sqlitePlace(t)];
  await filled(source);
  const write = writing(t, source.directory);
  await assert.rejects(
    copied(source, target, { progress: (step) => step === 'verify' && write() }),
    /the source was written to meanwhile/,
  );
});

function writing(t: TestContext, directory: string): () => void {
  const { writer, close } = openAt(directory);
  t.after(close);
  return () => void writer.apply([{ type: 'record', events: [started(START)] }]);
}
