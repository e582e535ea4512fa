// Challenges of passkeys: each once, for five minutes, for whom it was asked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { countedEntropy } from '../store/store.contract-fixtures.ts';
import { CHALLENGE_MS, CHALLENGES_MAX, passkeysAt } from './passkeys.ts';

const ORIGIN = 'https://console.example.org';

function open() {
  const clock = virtualClock(0);
  const passkeys = passkeysAt(ORIGIN, { clock, entropy: countedEntropy() });
  return { clock, passkeys: passkeys ?? assert.fail() };
}

test('a challenge is for one answer, of whom it was asked', () => {
  const { passkeys } = open();
  const asked = passkeys.ask('alice', 'alice');
  assert.equal(asked.origin, ORIGIN);
  assert.equal(passkeys.take('bob'), undefined);
  assert.deepEqual(passkeys.take('alice'), asked);
  assert.equal(passkeys.take('alice'), undefined);
});

test('the newest counts, for five minutes', () => {
  const { passkeys, clock } = open();
  passkeys.ask('alice', 'alice');
  const second = passkeys.ask('alice', 'alice');
  assert.deepEqual(passkeys.take('alice'), second);
  passkeys.ask('alice', 'alice');
  clock.advance(CHALLENGE_MS);
  assert.equal(passkeys.take('alice'), undefined);
});

test('the oldest give way when a thousand are asked for', () => {
  const { passkeys } = open();
  for (let at = 0; at <= 1000; at += 1) passkeys.ask(String(at), 'alice');
  assert.equal(passkeys.take('0'), undefined);
  assert.ok(passkeys.take('1') !== undefined);
});

test('an address has none', () => {
  const ports = { clock: virtualClock(0), entropy: countedEntropy() };
  assert.equal(passkeysAt('http://127.0.0.1:8588', ports), undefined);
});

test('whoever asks for ever more challenges takes none away from anybody else', () => {
  const { passkeys } = open();
  const asked = passkeys.ask('alice 1', 'alice');
  for (let at = 0; at <= CHALLENGES_MAX; at += 1) passkeys.ask(`mallory ${at}`, 'mallory');
  assert.deepEqual(passkeys.take('alice 1'), asked);
  assert.equal(passkeys.take('mallory 0'), undefined);
});
