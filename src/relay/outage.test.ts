// When a route is left alone, and that it is never left alone for good: connections that fail late, after others that stood.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { jobTo, hop, START, turns } from '../../test/fakes/delivery-job.ts';
import { type Host, host, simulatedNetwork } from '../../test/simulation/network.ts';
import type { JobResult } from './delivery-job.ts';
import { createHopPool } from './hop-pool.ts';

const SECOND = 1000;

/** A pool whose dials to a host in `slow` fail or succeed when the test says so. */
function poolTo(hosts: Readonly<Record<string, Host>>) {
  const clock = virtualClock(START);
  const told: string[] = [];
  const words: string[] = [];
  const inner = simulatedNetwork(hosts);
  const slow = new Set<string>();
  /** Dials that are under way, in order. */
  const dials: { fail(): Promise<void>; succeed(): Promise<void> }[] = [];
  const pool = createHopPool({
    hops: Object.keys(hosts).map((name) => ({ ...hop, host: name })),
    clock,
    network: {
      async dial(target, timeoutMs) {
        if (slow.has(target.host ?? '')) {
          const isToFail = await new Promise<boolean>((resolve) => {
            const say = (fails: boolean): Promise<void> => {
              resolve(fails);
              return turns();
            };
            dials.push({ fail: () => say(true), succeed: () => say(false) });
          });
          if (isToFail) throw new Error('ETIMEDOUT');
        }
        return inner.dial(target, timeoutMs);
      },
    },
    settings: { hostname: 'msa.example.org', connectionsMax: 3, retryMs: [900_000] },
    changed(down, diagnostic) {
      told.push(down ? 'down' : 'up');
      words.push(diagnostic);
    },
    replyLost: () => undefined,
  });
  const send = (name: string): Promise<JobResult> => pool.deliver(jobTo(`${name}@far.example`));
  return { clock, dials, send, slow, told, words };
}

function fateOf(result: JobResult): string {
  return result.type === 'attempted' ? result.attempts.map(({ type }) => type).join() : result.type;
}

test('E-Q-6: two hosts: the second falls silent while the first loses its only connection: the first is tried again', async () => {
  const [one, two] = [host(), host()];
  const { clock, dials, send, slow, told } = poolTo({ one, two });
  let end = (): void => undefined;
  one.end = () => 'stall';
  one.leaves = (leave) => (end = leave);
  const first = send('first');
  await turns();
  // A further connection: the first host takes none, the second does not answer.
  one.up = false;
  slow.add('two');
  const second = send('second');
  await turns();
  end();
  assert.equal(fateOf(await first), 'deferred');
  await dials[0]?.fail();
  assert.equal(fateOf(await second), 'hostDown');
  one.up = true;
  one.end = () => '250 2.0.0 kept';
  clock.advance(SECOND);
  assert.equal(fateOf(await send('third')), 'relayed');
  assert.equal(told.at(-1) ?? 'up', 'up');
});

test('E-Q-6: one host: a connection that fails after the end of all others is no outage of its own', async () => {
  const mta = host();
  const { clock, dials, send, slow, told } = poolTo({ mta });
  slow.add('mta');
  const all = ['a', 'b', 'c'].map((name) => send(name));
  await turns();
  clock.advance(SECOND);
  await dials[0]?.fail();
  await dials[1]?.succeed();
  assert.deepEqual((await Promise.all(all.slice(0, 2))).map(fateOf), ['relayed', 'relayed']);
  // The idle connection is closed.
  clock.advance(31 * SECOND);
  await turns();
  await dials[2]?.fail();
  assert.equal(fateOf(await (all[2] as Promise<JobResult>)), 'hostDown');
  slow.clear();
  clock.advance(SECOND);
  assert.equal(fateOf(await send('d')), 'relayed');
  assert.equal(told.at(-1) ?? 'up', 'up');
});

/** What the hop says to all who have not logged in. */
const STRANGER = '530 5.7.0 Authentication required';

test('E-Q-6 E-S-1: a hop that wants another login is left alone as one that is down: nothing is tried but by one mail at the end of each pause', async () => {
  const mta = host();
  let mails = 0;
  mta.mail = () => {
    mails += 1;
    return STRANGER;
  };
  const { clock, send, told, words } = poolTo({ mta });
  const first = await send('r0');
  assert.ok(first.type === 'attempted');
  const [attempt] = first.attempts;
  assert.deepEqual([attempt?.type, attempt?.status], ['deferred', '4.7.0']);
  assert.equal(attempt?.againAt, START + 5 * SECOND, 'it comes back when the hop is looked at again');
  for (const pause of [5, 10, 30]) {
    const waiting = await send('waits');
    assert.ok(waiting.type === 'hostDown' && !waiting.probed);
    assert.match(waiting.diagnostic, /refuses our mail: 530 5\.7\.0/);
    clock.advance(pause * SECOND);
    const together = await Promise.all(['a', 'b', 'c'].map((name) => send(name)));
    assert.deepEqual(together.map(fateOf), ['deferred', 'hostDown', 'hostDown']);
  }
  assert.deepEqual([mails, mta.dials, told], [4, 4, ['down']]);
  assert.match(words[0] ?? '', /530/);
  mta.mail = () => '250 2.1.0 ok';
  clock.advance(60 * SECOND);
  assert.equal(fateOf(await send('d')), 'relayed');
  assert.deepEqual((await Promise.all(['e', 'f'].map((name) => send(name)))).map(fateOf), [
    'relayed',
    'relayed',
  ]);
  assert.deepEqual(told, ['down', 'up']);
});

test('E-S-1: what is refused for our login over a connection that carried mail is not tried twice', async () => {
  const mta = host();
  let mails = 0;
  mta.mail = () => ((mails += 1) > 1 ? STRANGER : '250 2.1.0 ok');
  const { send } = poolTo({ mta });
  assert.equal(fateOf(await send('a')), 'relayed');
  assert.equal(fateOf(await send('b')), 'deferred');
  assert.equal(mails, 2);
});

test('E-Q-6: a hop that refuses us and is reached again after an outage is not back', async () => {
  const mta = host();
  mta.mail = () => STRANGER;
  const { clock, send, told, words } = poolTo({ mta });
  await send('a');
  mta.up = false;
  clock.advance(5 * SECOND);
  assert.equal(fateOf(await send('b')), 'hostDown');
  mta.up = true;
  clock.advance(10 * SECOND);
  assert.equal(fateOf(await send('c')), 'deferred');
  assert.deepEqual(told, ['down', 'down', 'down'], 'it was never back');
  assert.match(words.join(' | '), /530 .* \| .*ECONNREFUSED \| .*530 /);
  mta.mail = () => '250 2.1.0 ok';
  clock.advance(30 * SECOND);
  assert.equal(fateOf(await send('d')), 'relayed');
  assert.deepEqual(told.slice(3), ['up']);
});
