// The lookup threads of two nodes on one store: with each pulse they tell each other of wrong secrets.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import type { AuthenticationOutcome } from '../identity/authenticator.ts';
import type { Line, LineHandlers } from '../platform/line.ts';
import { openMemoryStore } from '../store/memory/store.ts';
import { changesOf, type CommitQuestion } from '../store/packing.ts';
import { countedEntropy, START } from '../store/store.contract-fixtures.ts';
import { createLookupBody, type LookupThreadQuestion } from './lookup-body.ts';
import type { Peer } from './thread-body.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function cluster() {
  const clock = virtualClock(START);
  const entropy = countedEntropy();
  const { store, lookups } = openMemoryStore({ clock, entropy });
  const toStore: Line = {
    ask: (question) => store.commit(changesOf(question as CommitQuestion)),
    tell: () => undefined,
    close: () => undefined,
  };

  function node(name: string) {
    const body = createLookupBody(
      { settings: { domains: ['example.org'], shared: [] } },
      { clock, entropy, lookups, verify: async () => false },
    );
    const ends = new Map<Peer, LineHandlers>();
    const greet = (peer: Peer): void =>
      body.greet(peer, (handlers) => {
        ends.set(peer, handlers);
        return toStore;
      });
    greet('store');
    greet('front');
    return {
      async guess(password: string): Promise<string> {
        const evidence = { kind: 'password', mechanism: 'PLAIN', authorizationIdentity: '' } as const;
        const question: LookupThreadQuestion = {
          authenticate: { ...evidence, authenticationIdentity: 'alice@example.org', password },
          from: { address: '192.0.2.1' },
        };
        const outcome = (await ends.get('front')?.answer?.(question)) as AuthenticationOutcome;
        return outcome.type === 'refused' ? outcome.cause : outcome.type;
      },
      pulse: () => ends.get('store')?.notice?.({ type: 'lease', life: { node: name, incarnation: '1' } }),
    };
  }

  return { clock, nodes: [node('a'), node('b')] };
}

test('D-OUT-4: a network that guessed at one node is refused at the other', async () => {
  const { clock, nodes } = cluster();
  const [one, other] = nodes;
  assert.ok(one !== undefined && other !== undefined);
  for (let at = 0; at < 20; at += 1) assert.equal(await one.guess(`wrong ${at}`), 'unknown login');
  assert.match(await one.guess('once more'), /^too many wrong secrets from this network for this account/);
  assert.equal(await other.guess('once more'), 'unknown login');
  for (const node of nodes) {
    clock.advance(2_000);
    node.pulse();
    await settled();
  }
  assert.match(await other.guess('and again'), /^too many wrong secrets from this network for this account/);
});
