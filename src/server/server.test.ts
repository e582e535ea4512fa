// A start that fails late: its fronts have mail under way by then, which is not cut off.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { parseConfig } from '../config/load.ts';
import { createLog } from '../observe/log.ts';
import { engineOf } from '../store/engine-choice.ts';
import { countedEntropy } from '../store/store.contract-fixtures.ts';
import { planOf, storeLimitsOf } from './plan-of-config.ts';
import { createServer } from './server.ts';
import { createSteps } from './steps.ts';
import type { Crew } from './thread.ts';

const config = parseConfig(
  'hostname: msa.example.org\ndomains: [example.org]\nlisteners: [{ port: 25, role: mx, tls: none }]\nrelay: { files: ./out }\n',
  'x',
);
const loaded = { config, file: 'x', directory: '/', path: (name: string) => name };
const FRONTS = 2;
const plan = planOf(loaded, {
  ...{ environment: {}, fronts: FRONTS, connections: 10, ticketKeys: new Uint8Array(48) },
});

/** Threads that write down what they are asked; `refuses`: what the front of that number does not do. */
function crewOf(told: string[], refuses: string): Crew {
  let stopped = false;
  return {
    async start({ kind, name }) {
      if (name === refuses) throw new Error(`${name} does not start`);
      return {
        ...{ kind, name, ended: new Promise<string>(() => undefined), terminate: async () => undefined },
        line: {
          async ask(question) {
            const { ask = 'commit' } = question as { readonly ask?: string };
            if (!stopped) told.push(`${name}: ${ask}`);
            if (`${name}: ${ask}` === refuses) throw new Error(refuses);
            return ask === 'commit' ? [{ type: 'freed', count: 0 }] : true;
          },
          tell: () => undefined,
          close: () => undefined,
        },
      };
    },
    connect: () => undefined,
    async stop() {
      stopped = true;
      told.push('all end');
    },
  };
}

const failures = [
  { why: 'the second front does not start', refuses: 'front 2', drained: ['front 1'] },
  { why: 'the second front can not listen', refuses: 'front 2: listen', drained: ['front 1', 'front 2'] },
  { why: 'a door can not be opened', refuses: 'door', drained: ['front 1', 'front 2'] },
  { why: 'no thread of the store starts', refuses: 'store', drained: [] },
];

for (const { why, refuses, drained } of failures)
  test(`E-Q-7: a start that fails because ${why} drains the fronts that run, then ends all`, async () => {
    const told: string[] = [];
    const steps = createSteps({ entering: () => undefined, stuck: () => undefined });
    const starting = createServer(
      {
        ...{ store: engineOf(loaded), storeLimits: storeLimitsOf(loaded), fronts: FRONTS },
        inForce: { loaded, plan, lookAtFiles: async () => undefined, renewTicketKeys: async () => undefined },
        graceMs: () => 10_000,
        started: () => ({ type: 'started', time: 0, payload: { by: 'x', action: 'start', detail: {} } }),
      },
      {
        ...{ clock: virtualClock(0), entropy: countedEntropy(), crew: crewOf(told, refuses) },
        log: createLog('fatal', { write: () => undefined }),
        descriptors: { limit: () => undefined, open: () => undefined },
        writeLog: () => undefined,
        async openDoors() {
          if (refuses === 'door') throw new Error(refuses);
        },
      },
      steps,
    );
    await assert.rejects(starting);
    await steps.undo();
    const ends = told.filter((one) => one.endsWith(': drain') || one === 'all end');
    assert.deepEqual(ends, [...drained.map((front) => `${front}: drain`), 'all end']);
  });
