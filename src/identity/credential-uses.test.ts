// When a use is told to the store, and when it is known there already.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import type { Identity, Proof } from '../record/identity.ts';
import type { CredentialUse } from '../store/lookups.ts';
import { createCredentialUses } from './credential-uses.ts';

const START = Date.UTC(2026, 10, 24, 9);
const HOUR = 3_600_000;
const alice = { id: 'i-alice' } as Identity;
const proof = (id: string): Proof => ({ id }) as Proof;

function noting(stored: CredentialUse[] = []) {
  const clock = virtualClock(START);
  const noted: string[] = [];
  let looks = 0;
  let isAway = false;
  const note = createCredentialUses({
    clock,
    lookups: {
      credentialUses: async () => {
        looks += 1;
        if (isAway) throw new Error('away');
        return stored;
      },
    },
    note({ credentialId, at, address }) {
      noted.push(`${credentialId} ${address} ${(at - START) / HOUR}`);
      stored.push({ credentialId, at, address });
    },
  });
  return {
    ...{ clock, noted },
    looks: () => looks,
    away: (yes: boolean) => void (isAway = yes),
    async use(address: string, id = 'c1') {
      note(alice, proof(id), address);
      await new Promise(setImmediate);
    },
  };
}

test('a use is noted once a day for each network and credential', async () => {
  const { use, clock, noted, looks } = noting();
  await use('192.0.2.1');
  await use('192.0.2.99');
  await use('192.0.3.1');
  await use('192.0.2.1', 'c2');
  assert.deepEqual(noted, ['c1 192.0.2.1 0', 'c1 192.0.3.1 0', 'c2 192.0.2.1 0']);
  assert.equal(looks(), 3, 'what memory knows is not looked for');
  clock.advance(23 * HOUR);
  await use('192.0.2.1');
  assert.equal(noted.length, 3);
  clock.advance(HOUR);
  await use('192.0.2.7');
  assert.deepEqual(noted.slice(3), ['c1 192.0.2.7 24']);
});

test('what the store knows is not noted again after a restart', async () => {
  const stored = [
    { credentialId: 'c1', at: START - 25 * HOUR, address: '192.0.2.1' },
    { credentialId: 'c1', at: START - 2 * HOUR, address: '2001:db8:0:1::7' },
    { credentialId: 'c2', at: START - HOUR, address: '192.0.2.1' },
  ];
  const { use, clock, noted } = noting(stored);
  await use('2001:db8:0:1::8');
  assert.deepEqual(noted, []);
  await use('192.0.2.1');
  assert.deepEqual(noted, ['c1 192.0.2.1 0'], 'a day old');
  clock.advance(22 * HOUR);
  await use('2001:db8:0:1::9');
  assert.deepEqual(noted.slice(1), ['c1 2001:db8:0:1::9 22'], 'by the time of the note, not of the look');
});

test('while the store does not answer a use is noted rather than not', async () => {
  const { use, away, noted } = noting();
  away(true);
  await use('192.0.2.1');
  await use('192.0.2.1');
  assert.deepEqual(noted, ['c1 192.0.2.1 0']);
});
