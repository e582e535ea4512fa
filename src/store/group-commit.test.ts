// What goes into one transaction, and what waits for it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGroupCommit, type Schedule } from './group-commit.ts';
import { PATIENCE_MS } from './patience.ts';
import type { Change, Outcome } from './port.ts';

/** Only the kind matters here, and a name to tell them by. */
const change = (type: Change['type'], name: string, events: readonly object[] = []): Change =>
  ({ type, name, events }) as unknown as Change;
const nameOf = (one: Change): string => (one as unknown as { name: string }).name;

const outcomesOf = (changes: readonly Change[]): readonly Outcome[] =>
  changes.map((one) => nameOf(one) as unknown as Outcome);

function turns() {
  const soon: (() => void)[] = [];
  const later: { ms: number; run: () => void }[] = [];
  const schedule: Schedule = {
    soon: (run) => void soon.push(run),
    later: (ms, run) => void later.push({ ms, run }),
  };
  const turn = (): void => {
    for (const run of soon.splice(0)) run();
  };
  const elapse = (): void => {
    for (const { run } of later.splice(0)) run();
  };
  return { soon, later, schedule, turn, elapse };
}

function bench(fails: () => boolean = () => false) {
  const groups: string[][] = [];
  const { schedule, ...rest } = turns();
  const { commit } = createGroupCommit((changes) => {
    groups.push(changes.map(nameOf));
    if (fails()) throw new Error('disk');
    return outcomesOf(changes);
  }, schedule);
  return { groups, commit, ...rest };
}

/** An engine that answers when it is told to; claims have a lane of their own. */
function slowBench() {
  const groups: { readonly lane: number; readonly names: readonly string[]; answer(): void; fail(): void }[] =
    [];
  const { schedule, ...rest } = turns();
  const { commit } = createGroupCommit(
    (changes, lane) => {
      const { promise, resolve, reject } = Promise.withResolvers<readonly Outcome[]>();
      groups.push({
        ...{ lane, names: changes.map(nameOf) },
        answer: () => resolve(outcomesOf(changes)),
        fail: () => reject(new Error('the connection broke')),
      });
      return promise;
    },
    schedule,
    (changes) => (changes.some(({ type }) => type === 'claim') ? 1 : 0),
  );
  const asked = (): readonly string[] => groups.map(({ lane, names }) => `${lane}: ${names.join(' ')}`);
  return { groups, commit, asked, ...rest };
}

test('whatever was asked by then goes into one transaction, and each asker hears of its own', async () => {
  const { commit, turn, groups } = bench();
  const asked = [commit([change('accept', 'a'), change('accept', 'b')]), commit([change('claim', 'c')])];
  turn();
  assert.deepEqual(groups, [['a', 'b', 'c']]);
  assert.deepEqual(await Promise.all(asked), [['a', 'b'], ['c']]);
});

test('what nobody waits for rides along, or goes by itself when its time has come', async () => {
  const { commit, turn, elapse, groups, soon, later } = bench();
  const settled = commit([change('settle', 's')]);
  assert.equal(soon.length, 0);
  assert.deepEqual(
    later.map(({ ms }) => ms),
    [PATIENCE_MS],
  );
  const accepted = commit([change('accept', 'a')]);
  turn();
  assert.deepEqual(groups, [['s', 'a']]);
  assert.deepEqual(await Promise.all([settled, accepted]), [['s'], ['a']]);
  elapse();
  turn();
  assert.equal(groups.length, 1, 'nothing was left');

  const alone = commit([change('record', 'r'), change('credentialUsed', 'u')]);
  elapse();
  turn();
  assert.deepEqual(await alone, ['r', 'u']);
});

test('D-TR-5: who looks something up waits for its record: it does not wait for company', async () => {
  const { commit, turn, later } = bench();
  const asked = commit([change('record', 'l', [{ type: 'lookedUp' }])]);
  assert.equal(later.length, 0);
  turn();
  assert.deepEqual(await asked, ['l']);
});

test('a group is bounded, but one asker is never divided', async () => {
  const { commit, turn, groups } = bench();
  const many = (count: number): Change[] => Array.from({ length: count }, () => change('accept', 'x'));
  const asked = [commit(many(1500)), commit(many(600)), commit(many(3000))];
  for (let at = 0; at < 3; at += 1) turn();
  assert.deepEqual(
    groups.map(({ length }) => length),
    [1500, 600, 3000],
  );
  await Promise.all(asked);
});

test('a transaction that failed fails for all who were in it, and for nobody else', async () => {
  let broken = true;
  const { commit, turn } = bench(() => broken);
  const asked = [commit([change('accept', 'a')]), commit([change('settle', 'b')])];
  turn();
  for (const one of asked) await assert.rejects(one, /disk/);
  broken = false;
  const next = commit([change('accept', 'c')]);
  turn();
  assert.deepEqual(await next, ['c']);
  assert.deepEqual(await commit([]), []);
});

test('one group is under way at a time: what is asked meanwhile is the next one, in the order it was asked', async () => {
  const { commit, turn, elapse, groups, asked, soon } = slowBench();
  const first = commit([change('accept', 'a')]);
  turn();
  const settled = commit([change('settle', 'b')]);
  const next = [commit([change('accept', 'c')]), commit([change('accept', 'd')])];
  elapse();
  turn();
  assert.deepEqual(asked(), ['0: a']);
  groups[0]?.answer();
  assert.deepEqual(await first, ['a']);
  turn();
  assert.deepEqual(asked(), ['0: a', '0: b c d']);
  groups[1]?.answer();
  assert.deepEqual(await Promise.all([settled, ...next]), [['b'], ['c'], ['d']]);
  assert.equal(soon.length, 0, 'nothing was left');
});

test('what nobody waits for has patience also when it was asked while a group was under way', async () => {
  const { commit, turn, elapse, groups, asked } = slowBench();
  const first = commit([change('accept', 'a')]);
  turn();
  const settled = commit([change('settle', 's')]);
  groups[0]?.answer();
  await first;
  turn();
  assert.deepEqual(asked(), ['0: a']);
  elapse();
  turn();
  assert.deepEqual(asked(), ['0: a', '0: s']);
  groups[1]?.answer();
  assert.deepEqual(await settled, ['s']);
});

test('lanes do not wait for each other', async () => {
  const { commit, turn, groups, asked } = slowBench();
  const claimed = commit([change('claim', 'c')]);
  turn();
  const accepted = commit([change('accept', 'a')]);
  const claimedAgain = commit([change('claim', 'd')]);
  turn();
  assert.deepEqual(asked(), ['1: c', '0: a']);
  groups[1]?.answer();
  assert.deepEqual(await accepted, ['a']);
  turn();
  assert.equal(groups.length, 2, 'a claim is under way in the lane of claims');
  groups[0]?.answer();
  assert.deepEqual(await claimed, ['c']);
  turn();
  groups[2]?.answer();
  assert.deepEqual(await claimedAgain, ['d']);
});

test('a group that is rejected fails for all who were in it, and what waited is asked', async () => {
  const { commit, turn, groups } = slowBench();
  const failing = [commit([change('accept', 'a')]), commit([change('accept', 'b')])];
  turn();
  const next = commit([change('accept', 'c')]);
  groups[0]?.fail();
  for (const one of failing) await assert.rejects(one, /the connection broke/);
  turn();
  groups[1]?.answer();
  assert.deepEqual(await next, ['c']);
});
