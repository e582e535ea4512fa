// Checks of domains are kept with their age, made within their time, shared, and few at once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import type { RecordAnswer, RecordSource } from '../platform/record-lookup.ts';
import type { WantedRecord } from './dns-records.ts';
import { DomainChecks } from './domain-checks.ts';

const wanted: readonly WantedRecord[] = [1, 2].map((at) => ({
  ...{ name: `n${at}.example.org.`, type: 'TXT', data: 'x', isNeeded: true, compare: 'exact' },
  consequence: '',
}));
const wantedNow = () => Promise.resolve(wanted);

/** Answers when it is told to. */
function heldBack() {
  const waiting: ((answer: RecordAnswer) => void)[] = [];
  const source: RecordSource = { lookup: () => new Promise((resolve) => void waiting.push(resolve)) };
  return {
    source,
    asked: () => waiting.length,
    answer: (records: readonly string[]) =>
      waiting.splice(0).forEach((one) => one({ type: 'answer', records })),
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('what was found is kept with its age, and not asked again at once', async () => {
  const clock = virtualClock(1000);
  let asked = 0;
  const source: RecordSource = {
    async lookup() {
      asked += 1;
      return { type: 'answer', records: ['x'] };
    },
  };
  const checks = new DomainChecks(clock, () => source);
  assert.equal(checks.last('example.org'), undefined);
  const first = await checks.check('example.org', wantedNow);
  assert.deepEqual(
    [first.checkedAt, first.records.map(({ verdict }) => verdict), asked],
    [1000, ['right', 'right'], 2],
  );
  clock.advance(9_999);
  assert.equal(await checks.check('example.org', wantedNow), first);
  clock.advance(1);
  assert.equal((await checks.check('example.org', wantedNow)).checkedAt, 11_000);
  assert.equal(asked, 4);
});

test('who asks for the same domain meanwhile shares its answer', async () => {
  const dns = heldBack();
  const checks = new DomainChecks(virtualClock(0), () => dns.source);
  const both = Promise.all([checks.check('a.example', wantedNow), checks.check('a.example', wantedNow)]);
  await turn();
  assert.equal(dns.asked(), 2);
  dns.answer(['x']);
  const [one, other] = await both;
  assert.equal(one, other);
});

test('what has not answered after ten seconds is not known', async () => {
  const dns = heldBack();
  const clock = virtualClock(0);
  const checks = new DomainChecks(clock, () => dns.source);
  const check = checks.check('a.example', wantedNow);
  await turn();
  clock.advance(10_000);
  const { records } = await check;
  assert.deepEqual(
    records.map(({ verdict, because }) => [verdict, because]),
    [
      ['unknown', 'the DNS gave no answer (ETIMEOUT)'],
      ['unknown', 'the DNS gave no answer (ETIMEOUT)'],
    ],
  );
});

test('few domains are asked for at once: one more is refused, and nothing waits for it', async () => {
  const dns = heldBack();
  const checks = new DomainChecks(virtualClock(0), () => dns.source);
  const four = ['a', 'b', 'c', 'd'].map((name) => checks.check(name, wantedNow));
  await turn();
  await assert.rejects(checks.check('e', wantedNow), { name: 'TooManyChecks' });
  await assert.rejects(checks.texts('e'), { name: 'TooManyChecks' });
  dns.answer(['x']);
  await Promise.all(four);
  const fifth = checks.check('e', wantedNow);
  await turn();
  dns.answer(['x']);
  assert.equal((await fifth).records.length, 2);
});

test('a record of megabytes is cut', async () => {
  const source: RecordSource = {
    lookup: () => Promise.resolve({ type: 'answer', records: ['y'.repeat(1_000_000)] }),
  };
  const checks = new DomainChecks(virtualClock(0), () => source);
  const { records } = await checks.check('a.example', wantedNow);
  assert.equal(records[0]?.found[0]?.length, 1000);
});
