// What must hold when a load has been through trouble: all that was promised arrived, nothing that was refused did, and the trail verifies.

import assert from 'node:assert/strict';
import { delivered, eventually } from './server.ts';
import type { Ended } from './shell.ts';

export interface Told {
  readonly promised: readonly string[];
  readonly refused: readonly { readonly subject: string; readonly reply: string }[];
  /** Cut at their end, without a reply. */
  readonly unknown: readonly string[];
}

export interface Aftermath {
  /** Beyond the first of each message. */
  readonly copies: number;
  /** Delivered without a 250. */
  readonly unasked: number;
  /** Refused, and delivered all the same. */
  readonly refusedButLeft: number;
}

/** The subjects in the files of a `files:` relay. */
export const subjectsIn = (directory: string): readonly string[] =>
  delivered(directory).map(({ bytes }) => /^Subject: (.*)\r$/m.exec(bytes.toString('latin1'))?.[1] ?? '');

/** Waits until the queue is empty, then asserts the promise. `taken`: what the next hop took, by subject, copies included. */
export async function settled(o: {
  readonly server: { postern(args: readonly string[]): Ended | Promise<Ended> };
  readonly load: Told;
  readonly seconds?: number;
  /** How many may have been refused and left all the same: the front that had to withdraw them was killed first, two faults at once. Default: none. */
  readonly refusedButLeftMax?: number;
  taken(): readonly string[];
}): Promise<Aftermath> {
  const { server, load, seconds = 120 } = o;
  const { promised, unknown } = load;
  const arrived = await eventually('delivery of everything promised', seconds, () => {
    const now = new Set(o.taken());
    return promised.every((subject) => now.has(subject)) && now;
  });
  await eventually('an empty queue', 60, async () => {
    const listed = await server.postern(['queue', 'list', '--json']);
    assert.equal(listed.status, 0, listed.stderr);
    return /"deliveries":\s*0/.test(listed.stdout);
  });
  const wrongly = load.refused.filter(({ subject }) => arrived.has(subject));
  if (wrongly.length > (o.refusedButLeftMax ?? 0))
    assert.deepEqual(wrongly, [], 'a refused message was delivered');
  const allowed = new Set([...promised, ...unknown, ...wrongly.map(({ subject }) => subject)]);
  const foreign = [...arrived].filter((subject) => !allowed.has(subject));
  assert.deepEqual(foreign, [], 'a message nobody finished was delivered');
  const verified = await server.postern(['audit', 'verify']);
  assert.equal(verified.status, 0, verified.stdout + verified.stderr);
  const taken = o.taken();
  const refusedButLeft = wrongly.length;
  return {
    ...{ copies: taken.length - new Set(taken).size, refusedButLeft },
    unasked: arrived.size - promised.length - refusedButLeft,
  };
}
