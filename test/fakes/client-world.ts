// A world for the client without sockets: fake servers, a scripted DNS, a clock that runs as fast as nothing else happens.

import assert from 'node:assert/strict';
import { SubmissionError } from '../../src/client/errors.ts';
import type { SubmissionOptions } from '../../src/client/options.ts';
import type { ClientPorts } from '../../src/client/ports.ts';
import { openSubmission, type Submission } from '../../src/client/submission.ts';
import { virtualClock, type VirtualClock } from './clock.ts';
import { type FakeNetwork, fakeNetwork, type HostScript } from './smtp-hosts.ts';

export const ADDRESS = 'alice@example.org';
export const PASSWORD = 'correct horse';

export interface World {
  readonly network: FakeNetwork;
  readonly clock: VirtualClock;
  readonly ports: ClientPorts;
  /** DNS names asked for. */
  readonly asked: string[];
}

export function world(
  scripts: Readonly<Record<string, HostScript>>,
  zone: Readonly<Record<string, string[]>> = {},
): World {
  const clock = virtualClock(0);
  const network = fakeNetwork(scripts);
  const asked: string[] = [];
  const ports: ClientPorts = {
    ...{ clock, network, networkPlace: () => 'home' },
    entropy: { bytes: (length) => new Uint8Array(length) },
    records: {
      async lookup(name) {
        asked.push(name);
        return { type: 'answer', records: zone[name] ?? [] };
      },
    },
    documents: { fetch: async () => ({ type: 'notThere', status: 404 }) },
  };
  return { network, clock, ports, asked };
}

/** Time passes as fast as nothing else happens. */
export async function settled<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let done = false;
  const end = (): void => void (done = true);
  promise.then(end, end);
  for (let turns = 0; !done; turns += 1) {
    assert.ok(turns < 10_000, 'nothing comes of it');
    await new Promise((resolve) => setImmediate(resolve));
    if (turns % 10 === 9 && !done) clock.advance(1000);
  }
  return promise;
}

/** Connects as alice to the host `msa`. */
export function open({ ports, clock }: World, options: Partial<SubmissionOptions> = {}): Promise<Submission> {
  return settled(
    clock,
    openSubmission({ host: 'msa', address: ADDRESS, password: PASSWORD, ports, ...options }),
  );
}

/** The error that it rejects with. */
export async function failure(promise: Promise<unknown>): Promise<SubmissionError> {
  const error = await promise.then(
    () => assert.fail('it should have failed'),
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof SubmissionError, String(error));
  assert.ok(error.nextStep.length > 10);
  return error;
}
