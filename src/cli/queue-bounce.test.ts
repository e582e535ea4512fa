import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../config/load.ts';
import type { Lookups } from '../store/lookups.ts';
import type { Store } from '../store/port.ts';
import { openMemoryStore } from '../store/memory/store.ts';
import { acceptOf, countedEntropy, virtualClock } from '../store/store.contract-fixtures.ts';
import { CommandFailure } from './failure.ts';
import { bounceQueue } from './queue-bounce.ts';

const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const TEXT = [
  'hostname: msa.example.org',
  'domains: [example.org]',
  'tls: { cert: cert.pem, key: key.pem }',
  'relay: { files: ./outbox }',
].join('\n');

/** One message to two recipients; `meanwhile` happens after the first look at the queue. */
async function bounced(meanwhile: 'an attempt begins' | 'the disk is full' | 'nothing') {
  const clock = virtualClock();
  const { store, lookups } = openMemoryStore({ clock, entropy: countedEntropy() });
  await store.commit([acceptOf(id, clock.now(), { to: ['one@far.example', 'two@far.example'] })]);
  let isFirst = true;
  const watched: Lookups = {
    ...lookups,
    async queue(...question) {
      const seen = await lookups.queue(...question);
      if (isFirst && meanwhile === 'an attempt begins')
        await store.commit([
          { type: 'claim', owner: 'a', token: 't', now: clock.now(), shares: [{ max: 1 }] },
        ]);
      isFirst = false;
      return seen;
    },
  };
  const loaded = {
    ...{ file: 'postern.yaml', directory: '/', config: parseConfig(TEXT, 'postern.yaml') },
    path: (relative: string) => `/${relative}`,
  };
  const full: Store = {
    ...store,
    // Only new mail gives way.
    commit: (changes) =>
      changes.some(({ type }) => type === 'accept')
        ? Promise.reject(new CommandFailure('no space'))
        : store.commit(changes),
  };
  const context = {
    loaded,
    store: meanwhile === 'the disk is full' ? full : store,
    lookups: watched,
    by: 'root',
    now: clock.now(),
  };
  const count = await bounceQueue(context, { messageId: id }).catch((error: unknown) => String(error));
  const entries = await lookups.queue({}, { max: 9 });
  const reports = entries.filter(({ message }) => message.id !== id);
  const parts: string[] = [];
  for await (const bytes of (await lookups.content(reports[0]?.message.id ?? '')) ?? [])
    parts.push(Buffer.from(bytes).toString());
  return {
    ...{ count, reports: reports.length },
    told: [...parts.join('').matchAll(/^Final-Recipient: rfc822; *(\S+)\r$/gm)].map(([, to]) => to),
    left: entries.filter(({ message }) => message.id === id),
  };
}

test('what is bounced is gone, and one report tells of it', async () => {
  const { count, reports, told, left } = await bounced('nothing');
  assert.deepEqual([count, reports, left.length], [2, 1, 0]);
  assert.deepEqual(told, ['one@far.example', 'two@far.example']);
});

test('no report tells of a recipient whose attempt began meanwhile, and it is not left held', async () => {
  const { count, reports, told, left } = await bounced('an attempt begins');
  assert.deepEqual([count, reports, left.length], [1, 1, 1]);
  const to = left[0]?.delivery.recipient.forwardPath;
  assert.deepEqual([left[0]?.active, left[0]?.held], [true, false]);
  assert.equal(told.length, 1);
  assert.notEqual(told[0], to);
});

test('what could not be reported stays, and is not left held', async () => {
  const { count, reports, left } = await bounced('the disk is full');
  assert.match(String(count), /no space/);
  assert.equal(reports, 0);
  assert.deepEqual(
    left.map(({ held, active }) => [held, active]),
    [
      [false, false],
      [false, false],
    ],
  );
});
