// A front as it is put together, over a virtual clock: its lines to main, the store and the lookup thread, its listening and its clients are the test's.

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { duplexPair, type Duplex } from 'node:stream';
import { parseConfig } from '../../src/config/load.ts';
import type { LineHandlers } from '../../src/platform/line.ts';
import { planCounts } from '../../src/server/counts.ts';
import { createFront } from '../../src/server/front.ts';
import { planOf } from '../../src/server/plan-of-config.ts';
import type { FrontAnswers, FrontPlan, FrontQuestion } from '../../src/server/plan.ts';
import { engineOf } from '../../src/store/engine-choice.ts';
import { countedEntropy } from '../../src/store/store.contract-fixtures.ts';
import { virtualClock } from './clock.ts';
import { turns } from './front.ts';
import { alice, NOW } from './submission.ts';

const config = parseConfig(
  'hostname: msa.example.org\ndomains: [example.org]\nlisteners: [{ port: 25, role: mx, tls: none }]\nrelay: { files: ./out }\n',
  'x',
);
const loaded = { config, file: 'x', directory: '/', path: (name: string) => name };
export const plan: FrontPlan = {
  ...planOf(loaded, { environment: {}, fronts: 1, connections: 10, ticketKeys: new Uint8Array(48) }),
  listeners: [{ address: undefined, port: 587, role: 'submission', tls: 'none' }],
  mechanisms: ['PLAIN'],
};

/** `relays`: it has that role. */
export async function wholeFront(changes: Partial<FrontPlan> = {}, relays = true) {
  const { relay, ...others } = { ...plan, ...changes };
  const clock = virtualClock(NOW);
  const asked = { store: [] as unknown[], lookupThread: [] as unknown[] };
  const told: string[] = [];
  let connected: ((socket: Socket) => void) | undefined;
  let listening = 0;
  const front = createFront(
    {
      plan: { ...others, ...(relays && relay !== undefined ? { relay } : {}) },
      ...{ owner: 'local/x/1.1', store: engineOf(loaded), row: 0 },
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

  function open(address: string): FrontClient {
    assert.ok(connected, 'it listens');
    return new FrontClient(address, connected);
  }

  /** One connection that says this; what it heard. */
  async function client(address: string, ...lines: readonly string[]): Promise<string> {
    const one = open(address);
    await one.say(lines.map((line) => `${line}\r\n`).join(''));
    await one.leave();
    return one.heard;
  }
  const figures = async () => (await ask({ ask: 'figures' })) as FrontAnswers['figures'];
  return {
    clock,
    asked,
    told,
    ask,
    open,
    client,
    figures,
    listening: () => listening,
    takes: () => connected !== undefined,
  };
}

export class FrontClient {
  heard = '';
  readonly #near: Duplex;
  readonly #far: Duplex;

  constructor(address: string, connected: (socket: Socket) => void) {
    const [near, far] = duplexPair();
    this.#near = near;
    this.#far = far;
    Object.assign(far, {
      remoteAddress: address,
      remotePort: 40_000,
      localAddress: '192.0.2.100',
      localPort: 587,
    });
    Object.assign(far, { resetAndDestroy: () => far.destroy() });
    near.on('data', (data) => (this.heard += String(data)));
    connected(far as unknown as Socket);
  }

  get isClosed(): boolean {
    return this.#far.destroyed;
  }

  async say(octets: string): Promise<void> {
    this.#near.write(Buffer.from(octets, 'latin1'));
    await turns();
  }

  async leave(): Promise<void> {
    this.#near.destroy();
    // As a reset does it.
    this.#far.destroy();
    await turns();
  }
}
