// The self-test against servers that are not ours, because ours can't be made so bad: what ends a server, what only warns, and what it says of a
// listener that it can't reach.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { createLog } from '../src/observe/log.ts';
import { systemClock } from '../src/platform/clock.ts';
import { createSelfTest, ownAddress, portsOf, type SelfTest } from '../src/server/self-test.ts';
import { listen, obliging } from './fakes/scripted-smtp.ts';
import { holes } from './system/holes.ts';

const silent = createLog('fatal', { write: () => undefined });

interface Watched {
  readonly selfTest: SelfTest;
  readonly opened: readonly string[];
  readonly sources: readonly (string | undefined)[];
  /** Runs that have ended. */
  ended(count: number): Promise<void>;
}

function watch(port: number, comesFrom: () => Promise<void> = () => Promise.resolve()): Watched {
  const opened: string[] = [];
  const sources: (string | undefined)[] = [];
  const waiting: (() => void)[] = [];
  const selfTest = createSelfTest({
    ...{ clock: systemClock, log: silent },
    facts: () => ({
      ...{ hostname: 'mail.example.org', domains: ['example.org'] },
      listeners: [{ port, address: '127.0.0.1', role: 'submission', tls: 'starttls' }],
    }),
    async comesFrom(address) {
      sources.push(address);
      await comesFrom();
      if (address === undefined) for (const tell of waiting.splice(0)) setImmediate(tell);
    },
    isOpen: (because) => opened.push(because),
  });
  return {
    ...{ selfTest, opened, sources },
    async ended(count) {
      const over = (): number => sources.filter((source) => source === undefined).length;
      while (over() < count) await new Promise<void>((resolve) => waiting.push(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const openRelay = (t: TestContext): Promise<number> =>
  listen(t, { greeting: '220 mail.example.org ESMTP\r\n', answer: obliging });

test('BCP134-3.2-e: a listener that lets strangers in ends the server, once for each run, from an address of its own', async (t) => {
  const { selfTest, opened, sources, ended } = watch(await openRelay(t));
  assert.equal(selfTest.status.verdict, 'not run');
  selfTest.begin();
  selfTest.begin();
  assert.equal(selfTest.status.verdict, 'running');
  await ended(2);
  assert.equal(selfTest.status.verdict, 'open');
  assert.equal(opened.length, 2);
  for (const id of ['auth-required-remote', 'auth-required-local', 'open-relay', 'auth-in-clear'])
    assert.match(opened[0] ?? '', new RegExp(`\\b${id} \\(port \\d+\\): `));
  assert.doesNotMatch(opened[0] ?? '', /starttls-offered|extensions/, 'what shuts no door ends no server');
  const [first, , second] = sources;
  assert.match(first ?? '', /^127\.\d+\.\d+\.\d+$/);
  assert.notEqual(first, second);
});

test('a self-test of a server that stops counts no more', async (t) => {
  const { selfTest, opened, ended } = watch(await openRelay(t));
  selfTest.begin();
  selfTest.stop();
  await ended(1);
  assert.deepEqual(opened, []);
});

test('a listener that is not reached, and a self-test that breaks off, are told and end nothing', async (t) => {
  const port = await listen(t, {});
  const unreached = watch(port === 65_535 ? port - 1 : port + 1);
  unreached.selfTest.begin();
  await unreached.ended(1);
  assert.equal(unreached.selfTest.status.verdict, 'could not tell');
  assert.match(unreached.selfTest.status.findings.join(), /^refused \(port \d+\)/);
  const broken = watch(port, () => Promise.reject(new Error('no front listens')));
  broken.selfTest.begin();
  while (broken.selfTest.status.verdict === 'running') await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(broken.selfTest.status.findings, ['Error: no front listens']);
  assert.deepEqual([...unreached.opened, ...broken.opened], []);
});

test('listeners are looked for where they are, and the own address is never one that others use', () => {
  const listeners = [
    { port: 587, role: 'submission', tls: 'starttls' },
    { port: 465, address: '::', role: 'submission', tls: 'implicit' },
    { port: 25, address: '192.0.2.1', role: 'mx', tls: 'none' },
    { port: 2525, address: '::1', role: 'mx', tls: 'implicit' },
  ] as const;
  assert.deepEqual(portsOf(listeners), [
    { port: 587, kind: 'starttls', address: '127.0.0.1' },
    { port: 465, kind: 'implicit', address: '127.0.0.1' },
    { port: 25, kind: 'mx', address: '192.0.2.1' },
  ]);
  assert.equal(ownAddress(Uint8Array.of(0, 0, 0)), '127.1.0.1');
  assert.equal(ownAddress(Uint8Array.of(255, 255, 255)), '127.2.255.2');
  assert.equal(ownAddress(Uint8Array.of(253, 7, 253)), '127.254.7.254');
});

test('the holes that the system tests make in the server fit the code', () => {
  for (const { why, changes } of holes)
    for (const { file, from } of changes)
      assert.equal(readFileSync(`src${file}`, 'utf8').split(from).length, 2, `${why}: ${file}`);
});
