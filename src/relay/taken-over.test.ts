// What was leased in a life of this node that is over: others have it, and it is not begun here, whenever the answer comes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeHolder } from '../../test/fakes/holder.ts';
import { delivery, hop, message, START, turns } from '../../test/fakes/delivery-job.ts';
import { countingEntropy, fakeStore } from '../../test/fakes/submission.ts';
import { virtualClock } from '../../test/fakes/clock.ts';
import { minuteCount } from '../../test/fakes/minute-count.ts';
import { messageIdSource } from '../base/message-id.ts';
import type { Change } from '../store/port.ts';
import { createRelay } from './relay.ts';
import type { RelaySettings } from './settings.ts';

const settings: RelaySettings = {
  hostname: 'msa.example.org',
  domains: ['example.org'],
  route: { type: 'hops', hops: [hop] },
  routes: {},
  retryMs: [60_000],
  expireMs: 3_600_000,
  delayNoticeMs: 1_800_000,
  connectionsMax: 1,
  memoryOctets: 1_000_000,
};

function relaying() {
  const clock = virtualClock(START);
  const store = fakeStore();
  const entropy = countingEntropy();
  const holder = fakeHolder('n/1/1.1');
  let dials = 0;
  const claims: ((claimed: object) => void)[] = [];
  store.answer = ({ type }: Change) =>
    type === 'claim' ? (new Promise((resolve) => claims.push(resolve)) as never) : undefined;
  const relay = createRelay({
    ...{ store, clock, entropy, holder, countReportToStranger: minuteCount(clock) },
    ids: messageIdSource((length) => entropy.bytes(length)),
    lookups: {
      content: () => Promise.reject(new Error('not asked for')),
      eventsOfMessage: () => Promise.resolve([]),
    },
    network: {
      dial() {
        dials += 1;
        return new Promise(() => undefined);
      },
    },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    settings: () => settings,
  });
  return { clock, claims, holder, relay, dials: () => dials };
}

for (const [why, owner, begun] of [
  ['in the life that goes on', 'n/1/1.1', 1],
  ['and another life began before it was known', 'n/2/1.1', 0],
] as const) {
  test(`a message was accepted ${why}: it is ${begun === 1 ? 'sent' : 'left to others'}`, async () => {
    const { holder, relay, dials } = relaying();
    holder.owner = owner;
    const content = { pieces: [Buffer.from('Subject: x\r\n\r\n')], hasDotLines: false };
    relay.handOver({ message, recipients: [delivery.recipient], content, owner: 'n/1/1.1' });
    await turns();
    assert.equal(dials(), begun);
  });

  test(`mail was claimed ${why}: it is ${begun === 1 ? 'sent' : 'left to others'}`, async () => {
    const { clock, claims, holder, dials } = relaying();
    clock.advance(1);
    await turns();
    holder.owner = owner;
    claims.shift()?.({ type: 'claimed', deliveries: [delivery], messages: [message], more: false });
    await turns();
    assert.equal(dials(), begun);
  });
}
