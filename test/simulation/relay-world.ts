// The real relay over the memory store, a virtual clock and two simulated hosts: `mta` for everybody, `inside` for our own domain.

import assert from 'node:assert/strict';
import { messageIdSource, type MessageIdSource } from '../../src/base/message-id.ts';
import type { EventType, FatePayload } from '../../src/record/events.ts';
import { createRelay, type Relay } from '../../src/relay/relay.ts';
import type { RelaySettings } from '../../src/relay/settings.ts';
import { createHolder } from '../../src/store/holder.ts';
import type { Lookups } from '../../src/store/lookups.ts';
import { openMemoryStore } from '../../src/store/memory/store.ts';
import type { AcceptChange, QueuedMessage, Store } from '../../src/store/port.ts';
import {
  countedEntropy,
  DAY,
  HOUR,
  MINUTE,
  START,
  virtualClock,
  type VirtualClock,
} from '../../src/store/store.contract-fixtures.ts';
import { minuteCount } from '../fakes/minute-count.ts';
import { type Host, host, simulatedNetwork } from './network.ts';

const OWNER = 'o';
const content = Buffer.from('Subject: x\r\n\r\nbody\r\n');

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const hop = (name: string) =>
  ({
    type: 'hops',
    hops: [{ protocol: 'smtp', host: name, port: 25, tls: 'none', verify: false }],
  }) as const;

const usual: RelaySettings = {
  hostname: 'msa.example.org',
  domains: ['example.org'],
  route: hop('mta'),
  routes: { 'example.org': hop('inside') },
  retryMs: [15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR],
  expireMs: 5 * DAY,
  delayNoticeMs: 4 * HOUR,
  connectionsMax: 5,
  memoryOctets: 1_000_000,
};

export class RelayWorld {
  readonly clock: VirtualClock = virtualClock();
  readonly store: Store;
  readonly lookups: Lookups;
  readonly relay: Relay;
  readonly mta: Host = host();
  readonly inside: Host = host();
  readonly warnings: string[] = [];
  readonly #ids: MessageIdSource;

  constructor(more: Partial<RelaySettings> = {}) {
    const { clock, mta, inside } = this;
    const entropy = countedEntropy();
    const { store, lookups } = openMemoryStore({ clock, entropy });
    const settings = { ...usual, ...more };
    const warn = (_: object, what: string): void => void this.warnings.push(what);
    this.store = store;
    this.lookups = lookups;
    this.#ids = messageIdSource((length) => entropy.bytes(length));
    this.relay = createRelay({
      ...{ store, lookups, clock, entropy, ids: this.#ids, holder: createHolder(clock, OWNER) },
      countReportToStranger: minuteCount(clock),
      network: simulatedNetwork({ mta, inside }),
      log: { info: () => undefined, warn, error: warn },
      settings: () => settings,
    });
    store.subscribe((notice) => {
      if (notice.type === 'due') this.relay.wake();
      else if (notice.type === 'identityChanged') this.relay.identityChanged(notice);
    });
  }

  /** Accepts a message and hands it over, as a front does; its id. */
  async submit(
    to: readonly string[],
    more: Partial<QueuedMessage> = {},
    notify?: 'NEVER' | 'SUCCESS',
  ): Promise<string> {
    const change = acceptOf(this.#ids.next(this.clock.now()), this.clock.now(), to, more, notify);
    const { message, recipients } = change;
    const [outcome] = await this.store.commit([change]);
    assert.equal(outcome.type, 'accepted');
    this.relay.handOver({
      ...{ message, recipients, owner: OWNER },
      content: { pieces: [content], hasDotLines: true },
    });
    await settleTurns();
    return message.id;
  }

  /** Lets time pass in small steps, so that everything that becomes due happens. */
  async pass(ms: number, stepMs: number = MINUTE): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      this.clock.advance(Math.min(stepMs, left));
      await settleTurns();
    }
  }

  async fates(type: EventType): Promise<readonly { readonly at: number; readonly payload: FatePayload }[]> {
    const events = await this.lookups.events({ max: 10_000 });
    return events
      .filter((event) => event.type === type)
      .map(({ time, payload }) => ({ at: time - START, payload: payload as FatePayload }));
  }
}

async function settleTurns(): Promise<void> {
  for (let n = 0; n < 12; n += 1) await turn();
}

function acceptOf(
  id: string,
  now: number,
  to: readonly string[],
  more: Partial<QueuedMessage>,
  notify: 'NEVER' | 'SUCCESS' | undefined,
): AcceptChange {
  const recipients = to.map((forwardPath) => ({
    forwardPath,
    ...(notify === undefined ? {} : { notify: [notify] }),
  }));
  const message: QueuedMessage = {
    ...{ id, acceptedAt: now, role: 'submission', octets: content.length, headerOctets: 14 },
    ...{ headerUtf8: false, body8bit: false },
    envelope: { reversePath: 'alice@example.org', body: '7BIT', smtputf8: false },
    ...more,
  };
  const client = { clientAddress: '', clientPort: 0, serverAddress: '', serverPort: 0, ehlo: '' };
  const payload = {
    session: { sessionId: 's', role: message.role, ...client },
    envelope: { ...message.envelope, recipients },
    ...{
      rule: '',
      withProtocol: '',
      headerFrom: [],
      subjectOctets: 0,
      completed: [],
      octets: 0,
      bodyHash: '',
    },
  };
  return {
    type: 'accept',
    ...{ message, recipients, owner: OWNER, dueAt: now },
    content: { kind: 'inline', bytes: content },
    event: { type: 'accepted', time: now, messageId: id, payload },
  };
}
