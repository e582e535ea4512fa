// Contract: sessions of the console. Each begins and ends with its record; what has ended is not used any more.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventDraft } from '../record/events.ts';
import { type ConsoleSession, SESSIONS_MAX } from './console-sessions.ts';
import { Bench, HOUR, MINUTE, type Open, START } from './store.contract-fixtures.ts';

export function consoleSessionOf(said: Partial<ConsoleSession> = {}): ConsoleSession {
  return {
    ...{ key: 'key', name: 'name', identityId: 'id-alice', mark: 'mark' },
    ...{ usedAt: START, endsAt: START + 12 * HOUR },
    facts: {
      ...{ who: 'alice@example.org', beganAt: START, by: 'password' },
      ...{ address: '192.0.2.1', browser: 'Firefox “ä”' },
    },
    ...said,
  };
}

export function consoleEvent(time: number): EventDraft {
  return { type: 'consoleSession', time, payload: { by: 'alice', action: 'console sign-in', detail: {} } };
}

const event = consoleEvent(START);
const begin = (said: Partial<ConsoleSession> = {}) =>
  ({ type: 'consoleSession', begin: consoleSessionOf(said), event }) as const;
const use = (key: string, usedAt: number, mark = 'mark') =>
  ({ type: 'consoleSession', use: { key, usedAt, mark } }) as const;
const end = (identityId: string, name: string) =>
  ({ type: 'consoleSession', end: { identityId, name }, event }) as const;
const was = (wasThere: boolean) => ({ type: 'session', wasThere });

export function sessionsContract(name: string, open: Open): void {
  provedContract(name, open);

  test(`${name}: a session of the console is found by its key and by its identity, used, and ended, each end with its record`, async () => {
    await using bench = await Bench.open(open);
    const records = async (): Promise<number> =>
      (await bench.lookups.events({ max: 99 })).filter(({ type }) => type === 'consoleSession').length;
    assert.deepEqual(await bench.one(begin()), was(true));
    assert.deepEqual(await bench.lookups.consoleSession('key'), consoleSessionOf());
    assert.equal(await bench.lookups.consoleSession('other'), undefined);
    assert.deepEqual(await bench.one(use('key', START + MINUTE, 'new')), was(true));
    const used = consoleSessionOf({ usedAt: START + MINUTE, mark: 'new' });
    assert.deepEqual(await bench.lookups.consoleSessions('id-alice'), [used]);

    const hers = { key: 'hers', name: 'hers', identityId: '', mark: '', endsAt: START + 13 * HOUR };
    await bench.one(begin(hers));
    assert.deepEqual(
      (await bench.lookups.consoleSessions('')).map(({ key }) => key),
      ['hers'],
    );
    assert.equal(await records(), 2);
    for (const missing of [end('id-alice', 'hers'), end('', 'name'), end('id-alice', 'key')])
      assert.deepEqual(await bench.one(missing), was(false));
    assert.equal(await records(), 2, 'nothing ended');
    assert.deepEqual(await bench.one(end('id-alice', 'name')), was(true));
    assert.equal(await records(), 3);
    assert.equal(await bench.lookups.consoleSession('key'), undefined);
    assert.deepEqual(await bench.one(use('key', START + HOUR)), was(false));
    assert.equal(await bench.lookups.consoleSession('key'), undefined, 'an ended one stays ended');
    assert.deepEqual(await bench.lookups.consoleSession('hers'), consoleSessionOf(hers));
  });

  test(`${name}: of too many sessions of an identity the one that began first gives way, and of nobody else`, async () => {
    await using bench = await Bench.open(open);
    await bench.one(begin({ key: 'other', identityId: 'id-bob', endsAt: START }));
    for (let at = 0; at <= SESSIONS_MAX; at += 1)
      await bench.one(begin({ key: `k${at}`, name: `n${at}`, endsAt: START + HOUR + at }));
    const kept = (await bench.lookups.consoleSessions('id-alice')).map(({ key }) => key);
    assert.deepEqual(
      kept,
      Array.from({ length: SESSIONS_MAX }, (_, at) => `k${SESSIONS_MAX - at}`),
    );
    assert.notEqual(await bench.lookups.consoleSession('other'), undefined);
  });

  test(`${name}: sessions that are over go with the next purge`, async () => {
    await using bench = await Bench.open(open);
    await bench.one(begin({ key: 'over', name: 'over', endsAt: START + HOUR }));
    await bench.one(begin({ endsAt: START + HOUR + 1 }));
    await bench.one({ type: 'purge', eventsBefore: START, now: START + HOUR, max: 10 });
    assert.equal(await bench.lookups.consoleSession('over'), undefined);
    assert.notEqual(await bench.lookups.consoleSession('key'), undefined);
  });
}

function provedContract(name: string, open: Open): void {
  test(`${name}: a session that is proved goes on under another key, with its record; the one before opens nothing and proves nothing`, async () => {
    await using bench = await Bench.open(open);
    await bench.one(begin());
    await bench.one(begin({ key: 'other', name: 'other' }));
    await bench.one(use('key', START + MINUTE, 'new'));
    const proved = { ...consoleSessionOf().facts, provedAt: START + HOUR };
    const prove = (key: string, next: string) =>
      bench.one({ type: 'consoleSession', prove: { key, next, facts: proved }, event: consoleEvent(START) });
    assert.deepEqual(await prove('key', 'next'), was(true));
    const kept = consoleSessionOf({ key: 'next', usedAt: START + MINUTE, mark: 'new', facts: proved });
    assert.deepEqual(await bench.lookups.consoleSession('next'), kept);
    assert.equal(await bench.lookups.consoleSession('key'), undefined);
    assert.deepEqual(await prove('key', 'again'), was(false));
    assert.equal(await bench.lookups.consoleSession('again'), undefined);
    const events = await bench.lookups.events({ max: 99 });
    assert.equal(events.filter(({ type }) => type === 'consoleSession').length, 3);
    assert.deepEqual(
      await bench.lookups.consoleSession('other'),
      consoleSessionOf({ key: 'other', name: 'other' }),
    );
    assert.deepEqual(await bench.one(use('key', START + HOUR)), was(false), 'nor is it used');
    assert.deepEqual(await bench.one(end('id-alice', 'name')), was(true));
    assert.equal(await bench.lookups.consoleSession('next'), undefined);
  });
}
