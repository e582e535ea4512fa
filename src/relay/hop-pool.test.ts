// How many connections a route takes, and which message goes over which: messages follow one another when all connections are at work.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { jobTo, hop, START } from '../../test/fakes/delivery-job.ts';
import { host, simulatedNetwork, type Host } from '../../test/simulation/network.ts';
import type { Network } from '../platform/network.ts';
import type { JobResult } from './delivery-job.ts';
import { createHopPool } from './hop-pool.ts';

function poolTo(target: Host) {
  const clock = virtualClock(START);
  const writes: string[] = [];
  let mails = 0;
  let lost = 0;
  const inner = simulatedNetwork({ mta: target });
  const network: Network = {
    async dial(...at) {
      const wire = await inner.dial(...at);
      let mailsHere = 0;
      return {
        ...wire,
        write(pieces) {
          const text = Buffer.concat(pieces).toString('latin1');
          writes.push(text);
          if (text.includes('MAIL FROM')) mailsHere += 1;
          mails = mailsHere;
          return wire.write(pieces);
        },
      };
    },
  };
  const pool = createHopPool({
    ...{ hops: [hop], network, clock },
    settings: { hostname: 'msa.example.org', connectionsMax: 2, retryMs: [900_000] },
    changed: () => undefined,
    replyLost: () => void (lost += 1),
  });
  /** MAIL so far over the connection that was written to last. */
  return { pool, writes, mails: () => mails, lost: () => lost };
}

const fates = (results: readonly JobResult[]): readonly string[] =>
  results.map((result) =>
    result.type === 'attempted' ? result.attempts.map(({ type }) => type).join() : result.type,
  );

const names = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `r${n}@far.example`);

test('E-Q-5/4: when all connections are at work, the end of one leaves with the beginning of the next', async () => {
  const target = host();
  const { pool, writes } = poolTo(target);
  const results = await Promise.all(names(20).map((name) => pool.deliver(jobTo(name))));
  assert.deepEqual(new Set(fates(results)), new Set(['relayed']));
  assert.equal(target.dials, 2);
  assert.deepEqual(new Set(target.received.map(({ to }) => to[0])), new Set(names(20)));
  assert.equal(target.received.length, 20);
  const joined = writes.filter((text) => text.includes('\r\n.\r\nMAIL FROM'));
  assert.equal(joined.length, 18, 'all but the last of each connection');
  pool.close();
});

test('E-Q-8 D-OUT-3: what may not go any more when its turn comes is given back', async () => {
  const target = host();
  const { pool } = poolTo(target);
  const results = await Promise.all(
    names(8).map((name, at) => pool.deliver(jobTo(name, undefined, at !== 5))),
  );
  assert.deepEqual(fates(results), [...Array<string>(5).fill('relayed'), 'withheld', 'relayed', 'relayed']);
  assert.equal(target.received.length, 7);
});

for (const [how, farewell] of [
  ['and lingers', '421 4.7.0 one message a connection'],
  ['and closes', 'drop'],
] as const)
  test(`E-S-2 E-Q-3: a server that takes one message a connection ${how} gets the others over further ones, each once`, async () => {
    const target = host();
    const { pool, mails, lost } = poolTo(target);
    target.mail = () => (mails() > 1 ? farewell : '250 2.1.0 ok');
    const results = await Promise.all(names(20).map((name) => pool.deliver(jobTo(name))));
    assert.deepEqual(fates(results), Array<string>(20).fill('relayed'));
    assert.equal(target.received.length, 20);
    assert.deepEqual(new Set(target.received.map(({ to }) => to[0])), new Set(names(20)));
    assert.equal(lost(), 0);
  });
