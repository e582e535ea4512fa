// Large bodies in parts: what is written comes back octet by octet, what is not whole is taken for no body, and what nobody names is swept.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Stage, StoreUnavailable } from '../port.ts';
import { acceptOf, Bench, DAY } from '../store.contract-fixtures.ts';
import { bytes } from '../row.ts';
import { PART_OCTETS } from './bodies.ts';
import { uuidOfId } from './inflight.ts';
import { fillDisk, openInside, openPostgres, withoutPostgres } from './postgres.contract-fixtures.ts';
import { uuidOf } from './value-types.ts';

const skip = withoutPostgres;
const HEADER = 'A: b\r\n\r\n';

/** Octets of all values, which no neighbour repeats. */
function octets(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + Math.floor(at / 251)) % 256);
}

async function contentOf(bench: Bench, id: string): Promise<readonly Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of (await bench.lookups.content(id)) ?? []) pieces.push(piece);
  return pieces;
}

async function staged(bench: Bench, pieces: readonly Uint8Array[]): Promise<{ id: string; stage: Stage }> {
  const id = bench.nextId();
  const stage = await bench.store.stage(id);
  for (const piece of pieces) await stage.append(piece);
  return { id, stage };
}

const vectors: readonly { readonly why: string; readonly lengths: readonly number[] }[] = [
  { why: 'nothing at all', lengths: [] },
  { why: 'an empty piece', lengths: [0] },
  { why: 'less than a part', lengths: [PART_OCTETS - 1] },
  { why: 'exactly one part', lengths: [PART_OCTETS] },
  { why: 'one octet more than a part', lengths: [PART_OCTETS + 1] },
  { why: 'pieces that end within parts', lengths: [100_000, 300_000, 200_000] },
  { why: 'a piece of several parts, and exactly so much', lengths: [1000, 3 * PART_OCTETS - 1000] },
];

test('a body comes back as it was staged, in parts of 256 KiB', { skip }, async () => {
  await using bench = await Bench.open(openPostgres);
  for (const { why, lengths } of vectors) {
    const pieces = lengths.map((length) => octets(length));
    const { id, stage } = await staged(bench, pieces);
    await stage.finish();
    const change = acceptOf(id, bench.clock.now(), { text: HEADER, staged: true });
    assert.deepEqual(await bench.one(change), { type: 'accepted' }, why);
    const [header, ...parts] = await contentOf(bench, id);
    assert.equal(Buffer.from(header ?? '').toString(), HEADER, why);
    assert.ok(Buffer.concat(parts).equals(Buffer.concat(pieces)), why);
    assert.ok(
      parts.slice(0, -1).every(({ length }) => length === PART_OCTETS),
      why,
    );
  }
});

const largeOf = (bench: Bench, id: string) =>
  acceptOf(id, bench.clock.now(), { text: HEADER, staged: true, owner: 'a' });

test('a body that is not whole is taken for none', { skip }, async (t) => {
  const { bench, sql } = await openInside(t);
  const refused = { type: 'failed', cause: 'its body is not there, or not all of it' };
  const unfinished = await staged(bench, [octets(PART_OCTETS + 1)]);
  assert.deepEqual(await bench.one(largeOf(bench, unfinished.id)), refused, 'its end was never written');
  const cut = await staged(bench, [octets(PART_OCTETS + 1)]);
  await cut.stage.finish();
  await sql.run('DELETE FROM body WHERE id = $1 AND part = 1', uuidOfId(cut.id));
  assert.deepEqual(await bench.one(largeOf(bench, cut.id)), refused, 'its end was lost');
  const holed = await staged(bench, [octets(2 * PART_OCTETS + 1)]);
  await holed.stage.finish();
  await sql.run('DELETE FROM body WHERE id = $1 AND part = 0', uuidOfId(holed.id));
  assert.deepEqual(await bench.one(largeOf(bench, holed.id)), refused, 'its beginning was swept');
  assert.deepEqual(await bench.one(largeOf(bench, bench.nextId())), refused, 'it was never there');
  assert.equal(await sql.run('SELECT 1 FROM event'), 0);
  await unfinished.stage.finish();
  assert.deepEqual(await bench.one(largeOf(bench, unfinished.id)), { type: 'accepted' });
});

test('a body that goes while it is read is an error, never a shorter body', { skip }, async (t) => {
  const { bench, sql } = await openInside(t);
  const { id, stage } = await staged(bench, [octets(PART_OCTETS), octets(1)]);
  await stage.finish();
  await bench.one(largeOf(bench, id));
  await sql.run('DELETE FROM body WHERE id = $1 AND part = 1', uuidOfId(id));
  await assert.rejects(contentOf(bench, id), /the body of \w+ is gone/);
});

test('with its connection a stage is lost, and a new one begins over another', { skip }, async (t) => {
  const { bench, database } = await openInside(t);
  const { store } = bench;
  const { id, stage } = await staged(bench, [octets(PART_OCTETS)]);
  await database.cut();
  await assert.rejects(stage.append(octets(PART_OCTETS)), StoreUnavailable);
  await stage.discard();
  const other = await store.stage(bench.nextId());
  await other.finish();
  await assert.rejects(store.stage(id), /a body is staged as \w+ already/, 'swept later');
});

test('a full database refuses a body as a full disk does', { skip }, async (t) => {
  const { bench, sql } = await openInside(t);
  await fillDisk(sql, 'body');
  const { stage } = await staged(bench, []);
  await assert.rejects(stage.append(octets(PART_OCTETS)), { code: 'ENOSPC' });
  await stage.discard();
});

const AGE = `UPDATE body SET staged_at = staged_at - interval '1 day'`;

test('old bodies that no message names are swept, page by page, and no others', { skip }, async (t) => {
  const { bench, sql, inside } = await openInside(t);
  const finished = async (): Promise<string> => {
    const { id, stage } = await staged(bench, [octets(3)]);
    await stage.finish();
    return id;
  };
  const [inHand, filed] = [await finished(), await finished()];
  await bench.one(largeOf(bench, inHand));
  const { owner: _owner, ...due } = largeOf(bench, filed);
  await bench.one(due);
  for (let count = 0; count < 230; count += 1)
    await sql.run('INSERT INTO body VALUES ($1, $2, $3)', uuidOfId(bench.nextId()), count % 2, octets(1));
  await sql.run(AGE);
  const young = await finished();
  let pieces = 1;
  while (await inside().writer.idle()) pieces += 1;
  assert.equal(pieces, 4, 'three pages, and a look at what is left');
  const left = await sql.all('SELECT DISTINCT id FROM body ORDER BY id');
  assert.deepEqual(
    left.map((row) => uuidOf(bytes(row, 'id'))),
    [inHand, filed, young].map(uuidOfId),
  );
});

test('a body is as old as the database says, whatever clock its id is from', { skip }, async (t) => {
  const { bench, inside } = await openInside(t);
  const { id, stage } = await staged(bench, [octets(PART_OCTETS), octets(1)]);
  bench.clock.advance(2 * DAY);
  while (await inside().writer.idle());
  await stage.finish();
  assert.deepEqual(await bench.one(largeOf(bench, id)), { type: 'accepted' });
  assert.equal(Buffer.concat((await contentOf(bench, id)).slice(1)).length, PART_OCTETS + 1);
});
