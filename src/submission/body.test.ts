// Bodies on their way in: every octet, in order, hashed; in memory while there is room, staged when there is none.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { concat, latin1 } from '../base/bytes.ts';
import { INLINE_OCTETS_MAX, openBody } from './body.ts';
import { createMemoryBudget } from './memory-budget.ts';
import { fakeStore, type FakeStage, type FakeStore } from '../../test/fakes/submission.ts';

const MIB = 1024 * 1024;

/** Different at every place, so that no order but the right one has its hash. */
function octets(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let at = 0; at < length; at += 1) {
    state = (state * 1_103_515_245 + 12_345) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function piecesOf(bytes: Uint8Array, size: number): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}

function stageIn(store: FakeStore): FakeStage | undefined {
  return store.stages.get('m1');
}

const sizes: readonly (readonly [length: number, pieceSize: number, staged: boolean, why: string])[] = [
  [0, 1, false, 'empty'],
  [1, 1, false, 'one octet'],
  [1000, 1, false, 'octet by octet'],
  [INLINE_OCTETS_MAX, 4096, false, 'the most that is kept in memory'],
  [INLINE_OCTETS_MAX + 1, 4096, true, 'one more is staged'],
  [INLINE_OCTETS_MAX + 1, MIB, true, 'in one piece'],
  [MIB, 65_536, true, 'a large one'],
];

test('F-TX-4 F-SMUG-7: what was hashed is what is kept, octet for octet, in memory or staged', async () => {
  for (const [length, pieceSize, staged, why] of sizes) {
    const store = fakeStore();
    const memory = createMemoryBudget(4 * MIB);
    const bytes = octets(length);
    const body = openBody(store, 'm1', memory);
    for (const piece of piecesOf(bytes, pieceSize)) await body.write(piece);
    const finished = await body.finish();
    const kept = staged ? stageIn(store)?.pieces : finished.chunks;
    assert.ok(kept !== undefined, why);
    assert.equal(finished.staged, staged, why);
    assert.equal(finished.octets, length, why);
    assert.equal(finished.hash, hashOf(bytes), why);
    assert.equal(hashOf(concat(kept)), finished.hash, why);
    // There is memory enough: what is staged is kept besides, for the relay.
    assert.equal(hashOf(concat(finished.chunks ?? [])), finished.hash, why);
    assert.equal(stageIn(store)?.state, staged ? 'finished' : undefined, why);
    body.release();
    assert.equal(memory.used, 0, why);
  }
});

test('F-DOS-2/4: no need to wait while the body is small, and to wait when the disk can not keep up', async () => {
  const store = fakeStore();
  let goOn = (): void => undefined;
  store.staging = () => new Promise((resolve) => (goOn = resolve));
  const body = openBody(store, 'm1', createMemoryBudget(4 * MIB));
  assert.equal(body.write(octets(INLINE_OCTETS_MAX)), undefined);
  assert.equal(body.write(octets(1)), undefined);
  const busy = body.write(octets(MIB));
  assert.ok(busy instanceof Promise);
  store.staging = () => Promise.resolve();
  goOn();
  await busy;
});

test('E-D-5: what is staged is kept in memory only while half of the budget is free', async () => {
  const memory = createMemoryBudget(MIB);
  const body = openBody(fakeStore(), 'm1', memory);
  for (const piece of piecesOf(octets(600 * 1024), 16_384)) await body.write(piece);
  const finished = await body.finish();
  assert.ok(finished.staged);
  assert.equal(finished.chunks, undefined);
  body.release();
  assert.equal(memory.used, 0);
});

test('writes that do not wait for each other keep their order', async () => {
  const store = fakeStore();
  const bytes = octets(MIB);
  const body = openBody(store, 'm1', createMemoryBudget(2 * MIB));
  store.staging = () => new Promise(setImmediate);
  await Promise.all(piecesOf(bytes, 10_000).map((piece) => body.write(piece) ?? Promise.resolve()));
  const { hash } = await body.finish();
  assert.equal(hashOf(concat(stageIn(store)?.pieces ?? [])), hash);
  assert.equal(hash, hashOf(bytes));
});

test('when memory is short even a small body is staged, and the budget is never overdrawn', async () => {
  const store = fakeStore();
  const memory = createMemoryBudget(1000);
  const bytes = octets(5000);
  const body = openBody(store, 'm1', memory);
  for (const piece of piecesOf(bytes, 300)) {
    await body.write(piece);
    assert.ok(memory.used <= 1000);
  }
  const finished = await body.finish();
  assert.equal(finished.chunks, undefined);
  assert.equal(hashOf(concat(stageIn(store)?.pieces ?? [])), hashOf(bytes));
  body.release();
  assert.equal(memory.used, 0);
});

test('F-DOS-2/4: neither a small piece nor what is staged holds the buffer that it came in', async () => {
  for (const [budget, length] of [
    [MIB, 2],
    [1000, 65_536],
  ] as const) {
    const buffer = octets(65_536);
    const body = openBody(fakeStore(), 'm1', createMemoryBudget(budget));
    const before = hashOf(buffer.subarray(0, length));
    await body.write(buffer.subarray(0, length));
    // Whoever reads from it still would read this.
    buffer.fill(0);
    assert.equal((await body.finish()).hash, before);
  }
});

const eightBit: readonly (readonly [pieces: readonly string[], has8bit: boolean])[] = [
  [['plain\r\n'], false],
  [['plain', '\x7f\x00'], false],
  [['gr\xfcn'], true],
  [['plain', '\x80', 'plain'], true],
];

test('an octet over 127 anywhere is told', async () => {
  for (const [pieces, has8bit] of eightBit) {
    const body = openBody(fakeStore(), 'm1', createMemoryBudget(MIB));
    for (const piece of pieces) await body.write(latin1(piece));
    assert.equal((await body.finish()).has8bit, has8bit, pieces.join('|'));
  }
});

test('a stage that fails is told at the end, at whatever step, and all memory is free again', async () => {
  for (const broken of ['stage', 'append', 'finish'] as const) {
    const store = fakeStore();
    const memory = createMemoryBudget(2 * MIB);
    store.staging = (step) => (step === broken ? Promise.reject(new Error(`no ${step}`)) : Promise.resolve());
    const body = openBody(store, 'm1', memory);
    for (const piece of piecesOf(octets(MIB), 65_536)) await body.write(piece);
    await assert.rejects(body.finish(), new RegExp(`no ${broken}`));
    await body.discard();
    assert.equal(memory.used, 0, broken);
    assert.equal(stageIn(store)?.state, broken === 'stage' ? undefined : 'discarded');
  }
});

test('a body that is given up leaves neither memory nor stage, even while it is written', async () => {
  for (const length of [1000, MIB]) {
    const store = fakeStore();
    const memory = createMemoryBudget(2 * MIB);
    store.staging = () => new Promise(setImmediate);
    const body = openBody(store, 'm1', memory);
    void body.write(octets(length));
    await body.discard();
    assert.equal(memory.used, 0);
    assert.notEqual(stageIn(store)?.state, 'open');
  }
});
