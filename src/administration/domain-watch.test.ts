// The DNS is asked for our domains now and then: one after the other, at its pace, and no more of them than are watched.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../test/fakes/administration.ts';
import { turns } from '../../test/fakes/front.ts';
import type { DomainCheck } from '../onboarding/domain-checks.ts';
import type { RecordAnswer } from '../platform/record-lookup.ts';
import { HOUR, MINUTE } from '../store/store.contract-fixtures.ts';
import { type DomainStates, isForExamples, WATCHED_MAX, watchDomains, watchedOf } from './domain-watch.ts';

const SECOND = 1_000;

function watching(
  domains: readonly string[],
  answer: () => RecordAnswer | Promise<RecordAnswer> = () => ({ type: 'answer', records: [] }),
) {
  const names: string[] = [];
  const records = {
    lookup: (name: string) => {
      names.push(name);
      return Promise.resolve(answer());
    },
  };
  const office = openOffice({ domains, records });
  const told: DomainStates[] = [];
  const faults: unknown[] = [];
  const end = watchDomains(office.ports, {
    clock: office.clock,
    told: (states) => void told.push(states),
    failed: (error) => void faults.push(error),
  });
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 10 * SECOND) {
      office.clock.advance(Math.min(left, 10 * SECOND));
      await turns();
    }
  };
  /** Whose DMARC record was asked for, and how often. */
  const asked = (): readonly string[] =>
    names.filter((name) => name.startsWith('_dmarc.')).map((name) => name.slice('_dmarc.'.length));
  return { office, told, faults, end, pass, asked };
}

test('two minutes after the start one domain is asked for each ten seconds, by name, and what came of it is told', async () => {
  const { pass, asked, told, office } = watching(['b.house', 'a.house']);
  assert.deepEqual(told, [{ watched: 2, asked: 0, wrong: 0, unknown: 0 }]);
  await pass(2 * MINUTE - SECOND);
  assert.deepEqual(asked(), []);
  await pass(SECOND);
  assert.deepEqual(asked(), ['a.house']);
  assert.equal((await office.listDomains({ max: 1 })).domains[0]?.checkedAt, office.clock.now());
  await pass(10 * SECOND);
  assert.deepEqual(asked(), ['a.house', 'b.house']);
  assert.deepEqual(told.at(-1), { watched: 2, asked: 2, wrong: 2, unknown: 0 });
  assert.equal(told.length, 3, 'what is as before is not told again');
});

test('what was wrong is asked for again after an hour', async () => {
  const { pass, asked } = watching(['a.house']);
  await pass(2 * MINUTE + HOUR - 10 * SECOND);
  assert.equal(asked().length, 1);
  await pass(10 * SECOND);
  assert.equal(asked().length, 2);
});

test('what was right is asked for again after six hours', async () => {
  const office = openOffice({ domains: ['a.house'] });
  const { clock } = office;
  const askedAt: number[] = [];
  let last: DomainCheck | undefined;
  const began = clock.now();
  watchDomains(
    {
      ...office.ports,
      domainChecks: {
        ...{ last: () => last, texts: () => Promise.reject(new Error('not asked here')) },
        async check() {
          askedAt.push(clock.now() - began);
          last = { checkedAt: clock.now(), records: [] };
          return last;
        },
      },
    },
    { clock, told: () => undefined, failed: (error) => assert.fail(String(error)) },
  );
  for (let at = 0; at < 7 * HOUR; at += 10 * SECOND) {
    clock.advance(10 * SECOND);
    await turns();
  }
  assert.deepEqual(askedAt, [2 * MINUTE, 2 * MINUTE + 6 * HOUR]);
});

test('what somebody has asked for meanwhile is not asked for again', async () => {
  const { pass, asked, office } = watching(['a.house']);
  await office.checkDomain({ domain: 'a.house' });
  await pass(10 * MINUTE);
  assert.equal(asked().length, 1);
});

test('a DNS that does not answer is told as such, and one that is never done fails nothing', async () => {
  const { pass, told, faults } = watching(['a.house'], () => ({ type: 'failed', cause: 'ESERVFAIL' }));
  await pass(2 * MINUTE);
  assert.deepEqual(told.at(-1), { watched: 1, asked: 1, wrong: 0, unknown: 1 });
  assert.deepEqual(faults, []);
});

test('while people ask for as many as may be it waits for its next turn', async () => {
  const { pass, office, asked, faults } = watching(['a.house']);
  const release = Promise.withResolvers<readonly never[]>();
  const others = ['w', 'x', 'y', 'z'].map((name) =>
    office.ports.domainChecks.check(name, () => release.promise),
  );
  await pass(5 * MINUTE);
  assert.deepEqual([asked(), faults], [[], []]);
  release.resolve([]);
  await Promise.all(others);
  await pass(10 * SECOND);
  assert.deepEqual(asked(), ['a.house']);
});

test('a domain that can not be asked for holds up no other, and that is reported', async () => {
  const office = openOffice({ domains: ['a.house', 'b.house'] });
  const tried: string[] = [];
  const faults: unknown[] = [];
  watchDomains(
    {
      ...office.ports,
      domainChecks: {
        ...{ last: () => undefined, texts: () => Promise.reject(new Error('not asked here')) },
        check(domain) {
          tried.push(domain);
          return Promise.reject(new Error('no such thing'));
        },
      },
    },
    { clock: office.clock, told: () => undefined, failed: (error) => void faults.push(error) },
  );
  office.clock.advance(2 * MINUTE);
  await turns();
  office.clock.advance(10 * SECOND);
  await turns();
  office.clock.advance(10 * SECOND);
  await turns();
  assert.deepEqual(tried, ['a.house', 'b.house', 'a.house']);
  assert.equal(faults.length, 3);
});

test('when it has ended it asks no more', async () => {
  const { pass, asked, end } = watching(['a.house']);
  end();
  await pass(10 * MINUTE);
  assert.deepEqual(asked(), []);
});

test('when it has ended while a domain was asked for it tells nothing of it, and asks no more', async () => {
  const answer = Promise.withResolvers<RecordAnswer>();
  const { pass, asked, told, end } = watching(['a.house', 'b.house'], () => answer.promise);
  await pass(2 * MINUTE);
  assert.deepEqual(asked(), ['a.house']);
  end();
  answer.resolve({ type: 'answer', records: [] });
  await pass(10 * MINUTE);
  assert.deepEqual([asked(), told.length], [['a.house'], 1]);
});

test('names for examples are not watched, and no more than may be are', () => {
  for (const domain of ['example.org', 'a.example.com', 'x.test', 'localhost', 'a.invalid', 'b.example'])
    assert.ok(isForExamples(domain), domain);
  for (const domain of ['notexample.org', 'example.org.house', 'test.house', 'contest'])
    assert.ok(!isForExamples(domain), domain);
  const many = Array.from({ length: WATCHED_MAX + 2 }, (_, at) => `d${String(at).padStart(3, '0')}.house`);
  assert.deepEqual(watchedOf([...many.toReversed(), 'a.example.org']), many.slice(0, WATCHED_MAX));
});
