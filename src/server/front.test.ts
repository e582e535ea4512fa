// A front as it is put together: what main asks of it, whom it knows, and what it writes. Its lines and its listening are the test's.

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { duplexPair, type Duplex } from 'node:stream';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { turns } from '../../test/fakes/front.ts';
import { alice, NOW } from '../../test/fakes/submission.ts';
import { parseConfig } from '../config/load.ts';
import type { LineHandlers } from '../platform/line.ts';
import { engineOf } from '../store/engine.ts';
import { countedEntropy } from '../store/store.contract-fixtures.ts';
import { planCounts } from './counts.ts';
import { createFront } from './front.ts';
import type { FrontAnswers, FrontPlan, FrontQuestion } from './plan.ts';
import { planOf } from './plan-of-config.ts';

const config = parseConfig(
  'hostname: msa.example.org\ndomains: [example.org]\nlisteners: [{ port: 25, role: mx, tls: none }]\nrelay: { files: ./out }\n',
  'x',
);
const loaded = { config, file: 'x', directory: '/', path: (name: string) => name };
const plan: FrontPlan = {
  ...planOf(loaded, { environment: {}, fronts: 1, connections: 10, ticketKeys: new Uint8Array(48) }),
  listeners: [{ address: undefined, port: 587, role: 'submission', tls: 'none' }],
  mechanisms: ['PLAIN'],
};

const LOGIN = 'AUTH PLAIN AGEAYg==';

async function running() {
  const clock = virtualClock(NOW);
  const asked = { store: [] as unknown[], lookupThread: [] as unknown[] };
  const told: string[] = [];
  let connected: ((socket: Socket) => void) | undefined;
  let listening = 0;
  const front = createFront(
    {
      ...{ plan, owner: 'local/x/1.1', store: engineOf(loaded), row: 0 },
      counts: planCounts({ rows: 1, connections: 10, key: new Uint8Array(16) }),
    },
    {
      ...{ clock, entropy: countedEntropy() },
      network: { dial: () => Promise.reject(new Error('nobody is there')) },
      stage: () => Promise.reject(new Error('nothing is staged')),
      async listen(_, onConnection) {
        listening += 1;
        connected = onConnection;
        return { close: () => void (connected = undefined) };
      },
    },
  );
  let main: LineHandlers = {};
  const lineOf = (ask: (question: unknown) => Promise<unknown>) => ({
    ...{ ask, tell: (notice: unknown) => void told.push((notice as { readonly log: string }).log) },
    close: () => undefined,
  });
  front.greet('main', (handlers) => {
    main = handlers;
    return lineOf(() => Promise.reject(new Error('main is not asked')));
  });
  front.greet('store', () =>
    lineOf(async (question) => {
      asked.store.push(question);
      return [{ type: 'freed', count: 0 }];
    }),
  );
  front.greet('lookup', () =>
    lineOf(async (question) => {
      asked.lookupThread.push(question);
      return { type: 'authenticated', principal: alice };
    }),
  );
  const ask = async (question: FrontQuestion): Promise<unknown> => main.answer?.(question);

  /** One connection that says this; what it heard. */
  async function client(address: string, ...lines: readonly string[]): Promise<string> {
    const [near, far] = duplexPair();
    Object.assign(far, { remoteAddress: address, remotePort: 40_000 });
    let heard = '';
    (near as Duplex).on('data', (data) => (heard += String(data)));
    assert.ok(connected, 'it listens');
    connected(far as unknown as Socket);
    near.write(lines.map((line) => `${line}\r\n`).join(''));
    await turns();
    near.destroy();
    far.destroy();
    await turns();
    return heard;
  }
  const figures = async () => (await ask({ ask: 'figures' })) as FrontAnswers['figures'];
  return {
    clock,
    asked,
    told,
    ask,
    client,
    figures,
    listening: () => listening,
    takes: () => connected !== undefined,
  };
}

test('a login that the lookup thread let in is known for a while, from that address, until a reload', async () => {
  const { asked, client, ask, clock } = await running();
  await ask({ ask: 'listen' });
  const logins = async (address: string): Promise<number> => {
    const before = asked.lookupThread.length;
    assert.match(await client(address, 'EHLO c', LOGIN), /^235 /m);
    return asked.lookupThread.length - before;
  };
  assert.equal(await logins('192.0.2.1'), 1);
  assert.equal(await logins('192.0.2.1'), 0, 'known');
  assert.equal(await logins('192.0.2.2'), 1, 'from elsewhere');
  clock.advance(61_000);
  assert.equal(await logins('192.0.2.1'), 1, 'a minute later');
  await ask({ ask: 'reload', plan });
  assert.equal(await logins('192.0.2.1'), 1, 'after a reload names may mean something else');
});

test('sessions of the self-test are marked at level debug, and not counted', async () => {
  const { ask, client, figures, told, clock } = await running();
  await ask({ ask: 'listen' });
  await ask({ ask: 'selfTest', from: '127.1.2.3' });
  await client('::ffff:127.1.2.3', 'EHLO c', 'QUIT');
  assert.deepEqual((await figures()).counts.connections, {});
  await ask({ ask: 'selfTest', from: undefined });
  await client('::ffff:127.1.2.3', 'EHLO c', 'QUIT');
  assert.deepEqual((await figures()).counts.connections, { submission: 1 });
  clock.advance(1_000);
  assert.equal(told.join('').match(/"msg":"connected"/g)?.length, 1);
});

test('a front listens once, takes nothing from its drain on, gives back its leases, and its last lines are heard', async () => {
  const { ask, client, listening, takes, asked, told } = await running();
  await Promise.all([ask({ ask: 'listen' }), ask({ ask: 'listen' })]);
  assert.equal(listening(), 1);
  await client('192.0.2.1', 'EHLO c', 'QUIT');
  asked.store.length = 0;
  await ask({ ask: 'drain', graceMs: 1_000 });
  assert.equal(takes(), false);
  assert.match(JSON.stringify(asked.store), /free.*local\/x\/1\.1/);
  assert.match(told.join(''), /"msg":"disconnected"/);
});

test('a plan that can not be used changes nothing', async () => {
  const { ask, client } = await running();
  await ask({ ask: 'listen' });
  const broken = { cert: 'no certificate', key: 'no key' };
  await assert.rejects(
    ask({ ask: 'reload', plan: { ...plan, hostname: 'new.example.org', certificates: [broken] } }),
  );
  assert.match(await client('192.0.2.1', 'QUIT'), /^220 msa\.example\.org /);
  await ask({ ask: 'reload', plan: { ...plan, hostname: 'new.example.org' } });
  assert.match(await client('192.0.2.1', 'QUIT'), /^220 new\.example\.org /);
});
