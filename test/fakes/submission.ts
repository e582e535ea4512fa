// What a submission needs, in memory and under the test's control: a store that writes down what it is asked and answers as it is told.

import { fakeHolder } from './holder.ts';
import { messageIdSource } from '../../src/base/message-id.ts';
import type { Entropy } from '../../src/platform/platform.ts';
import type { SessionFacts } from '../../src/record/events.ts';
import type { Identity, Principal } from '../../src/record/identity.ts';
import type { Lookups } from '../../src/store/lookups.ts';
import type { Change, Outcome, Stage, Store } from '../../src/store/port.ts';
import type { Door, HandOver, SubmissionContext, SubmissionSettings } from '../../src/submission/context.ts';
import { createLabels } from '../../src/submission/labels.ts';
import { createMemoryBudget, shareOfBudget } from '../../src/submission/memory-budget.ts';
import { createIdentityStatuses } from '../../src/submission/identity-status.ts';
import { type VirtualClock, virtualClock } from './clock.ts';

export interface FakeStage {
  readonly pieces: Uint8Array[];
  state: 'open' | 'finished' | 'discarded';
}

export interface FakeStore extends Store {
  readonly changes: Change[];
  readonly stages: Map<string, FakeStage>;
  readonly labelKeys: Map<string, Uint8Array>;
  /** Replaces the usual answer; may throw or wait. */
  answer?: ((change: Change) => Outcome | undefined | Promise<Outcome | undefined>) | undefined;
  /** What each step of a stage waits for, or throws. */
  staging?: ((step: 'stage' | 'append' | 'finish') => Promise<void>) | undefined;
}

export function fakeStore(): FakeStore {
  const fake: FakeStore = {
    changes: [],
    stages: new Map(),
    labelKeys: new Map(),
    async commit(changes) {
      const outcomes: Outcome[] = [];
      for (const change of changes) {
        fake.changes.push(change);
        outcomes.push((await fake.answer?.(change)) ?? usualAnswer(fake, change));
      }
      return outcomes as never;
    },
    async stage(id) {
      await fake.staging?.('stage');
      const stage: FakeStage = { pieces: [], state: 'open' };
      fake.stages.set(id, stage);
      return stageOf(fake, stage);
    },
    subscribe: () => () => undefined,
  };
  return fake;
}

function stageOf(fake: FakeStore, stage: FakeStage): Stage {
  return {
    async append(...pieces) {
      await fake.staging?.('append');
      stage.pieces.push(...pieces);
    },
    async finish() {
      await fake.staging?.('finish');
      stage.state = 'finished';
    },
    discard() {
      stage.state = 'discarded';
      return Promise.resolve();
    },
  };
}

const usual: Readonly<Partial<Record<Change['type'], Outcome>>> = {
  accept: { type: 'accepted' },
  withdraw: { type: 'withdrawn', count: 1 },
  record: { type: 'recorded' },
  free: { type: 'freed', count: 1 },
  queue: { type: 'changed', count: 1 },
};

function usualAnswer(fake: FakeStore, change: Change): Outcome {
  if (change.type === 'sharedKey') {
    const key = fake.labelKeys.get(change.period) ?? change.proposedKey;
    fake.labelKeys.set(change.period, key);
    return { type: 'key', key };
  }
  return usual[change.type] ?? { type: 'failed', cause: `the fake store knows no ${change.type}` };
}

/** Never the same octets twice, always the same sequence. */
export function countingEntropy(): Entropy {
  let drawn = 0;
  return {
    bytes(length) {
      drawn += 1;
      const bytes = Buffer.alloc(length, 0x5a);
      bytes.writeUInt16BE(drawn, length - 2);
      return bytes;
    },
  };
}

export const alice: Principal = {
  identityId: 'i-alice',
  login: 'alice@example.org',
  proof: { kind: 'password', id: 'password', label: 'password' },
  mechanism: 'PLAIN',
  revision: 1,
  mailbox: true,
  rights: [
    { kind: 'address', address: 'alice@example.org' },
    { kind: 'address', address: 'sales@example.org' },
  ],
  limits: {},
};

export const aliceAsStored: Identity = {
  id: alice.identityId,
  login: alice.login,
  state: 'active',
  mailbox: true,
  rights: alice.rights,
  credentials: [{ id: 'password', kind: 'password', label: 'password', createdAt: 0, verifiers: [] }],
  limits: {},
  revision: 1,
  createdAt: 0,
};

export const session: SessionFacts = {
  sessionId: 's1',
  role: 'submission',
  clientAddress: '198.51.100.77',
  clientPort: 50123,
  serverAddress: '192.0.2.1',
  serverPort: 587,
  ehlo: 'laptop-of-alice.home.example',
  tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' },
};

export const door: Door = {
  session,
  principal: alice,
  withProtocol: 'ESMTPSA',
  rule: 'own address alice@example.org',
};

export const mxDoor: Door = {
  session: { ...session, role: 'mx', ehlo: 'mail.far.example' },
  withProtocol: 'ESMTPS',
  rule: 'mailbox here',
};

export const defaults: SubmissionSettings = {
  hostname: 'msa.example.org',
  domains: new Set(['example.org', 'tenant2.example']),
  headerOctetsMax: 256 * 1024,
  receivedMax: 100,
  received: 'pseudonymous',
  displayNames: 'refuse',
  limits: {},
};

export interface World {
  readonly context: SubmissionContext;
  readonly clock: VirtualClock;
  readonly store: FakeStore;
  readonly identities: Map<string, Identity>;
  readonly handedOver: HandOver[];
}

/** 23 November 2026, 10:00 UTC. */
export const NOW = Date.UTC(2026, 10, 23, 10);

export async function submissionWorld(
  options: {
    settings?: Partial<SubmissionSettings>;
    memoryOctets?: number;
    strangersMemoryOctets?: number;
    relayFromMemory?: boolean;
    relaysHere?: boolean;
  } = {},
): Promise<World> {
  const clock = virtualClock(NOW);
  const store = fakeStore();
  const entropy = countingEntropy();
  const identities = new Map([[aliceAsStored.id, aliceAsStored]]);
  const lookups = {
    identityById: (id) => Promise.resolve(identities.get(id)),
    identityByLogin: (login) => Promise.resolve([...identities.values()].find((one) => one.login === login)),
  } as Lookups;
  const handedOver: HandOver[] = [];
  const settings = { ...defaults, ...options.settings };
  const labels = createLabels(store, entropy);
  await labels.prepare(NOW);
  const memory = createMemoryBudget(options.memoryOctets ?? 1024 * 1024);
  const context: SubmissionContext = {
    store,
    lookups,
    clock,
    entropy,
    labels,
    ids: messageIdSource((length) => entropy.bytes(length)),
    identityStatuses: createIdentityStatuses(lookups, () => true),
    memory,
    strangersMemory: shareOfBudget(memory, options.strangersMemoryOctets ?? Infinity),
    withdrawing: new Set(),
    holder: fakeHolder('node1/1/front0'),
    settings: () => settings,
    wouldRelayFromMemory: () => options.relayFromMemory ?? false,
    handOver: (fresh) => void handedOver.push(fresh),
    relaysHere: options.relaysHere ?? true,
  };
  return { context, clock, store, identities, handedOver };
}
