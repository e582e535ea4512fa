// What several nodes promise beyond one server: nobody sends what it does not hold any more, nobody is taken for dead that is well, and nothing waits for a node
// that is gone longer than its lease lasts. Checked on the spot, by what the store did.

import { LEASE_MS } from '../../src/store/lease.ts';
import { type Incarnation, ownersOfLife } from '../../src/store/owner.ts';
import type { Change, Outcome } from '../../src/store/port.ts';
import type { SimulatedFront } from './front.ts';
import type { Ledger, Taking } from './ledger.ts';
import { type Life, SECOND, type VirtualTime } from './time.ts';

/** A message waits for a node that is gone no longer than this, while a healthy one is there. */
const WAITS_MS = LEASE_MS + 10 * SECOND;

/** As far as the promises need to know them. */
export interface Nodes {
  /** Since when a node has been well without a break, the longest; Infinity: none is. */
  wellSince(): number;
  /** This life goes on, and nothing but an outage of the database has kept its pulses away for longer than its lease lasts. */
  isWell(life: Incarnation): boolean;
}

interface Lease {
  readonly owner: string;
  readonly attempt: number;
}

export class NodePromises {
  /** Takings whose lease was taken over from before it was settled, with that lease: known windows. */
  readonly overtaken = new Map<Taking, string>();
  /** Messages that a node had in hand when it was taken over from. */
  readonly lostHold = new Set<string>();
  /** `id number attempt` of settles that were stale when they were asked again: nobody knows of which time. */
  readonly #doubted = new Set<string>();
  #tookOver = 0;
  readonly #time: VirtualTime;
  readonly #ledger: Ledger;
  readonly #nodes: Nodes;
  /** What hosts do puts nothing off. */
  readonly #isPrompt: boolean;
  /** `id number` → who has it under way. */
  readonly #leases = new Map<string, Lease>();
  /** `id number` → who sent it last, in which attempt. */
  readonly #sent = new Map<string, { readonly taking: Taking; readonly attempt: number }>();
  readonly #accepts = new Set<string>();
  /** `id number` → when somebody was last there who accepted it, took it or gave it up: whoever has it next may be gone as well. Absent: it is put off, or done. */
  readonly #since = new Map<string, number>();
  readonly #dead = new Set<string>();
  /** Somebody's whose mail was stopped for a while. */
  readonly #stopped = new Set<string>();

  constructor(o: {
    readonly time: VirtualTime;
    readonly ledger: Ledger;
    readonly nodes: Nodes;
    readonly isPrompt: boolean;
  }) {
    this.#time = o.time;
    this.#ledger = o.ledger;
    this.#nodes = o.nodes;
    this.#isPrompt = o.isPrompt;
  }

  committed(changes: readonly Change[], outcomes: readonly Outcome[]): void {
    for (const [at, change] of changes.entries()) this.#done(change, outcomes[at]);
  }

  pulsed(tookOver: readonly Incarnation[]): void {
    for (const life of tookOver) {
      this.#tookOver += 1;
      this.#dead.add(ownersOfLife(life));
      this.#ledger.note(`store: ${ownersOfLife(life)} is dead`);
      if (this.#nodes.isWell(life)) this.#ledger.breach(`${ownersOfLife(life)} was well, and taken for dead`);
    }
    for (const owners of this.#dead) this.#free(owners, true);
  }

  taken(taking: Taking): void {
    const accepted = this.#ledger.durable.get(taking.id);
    if (accepted === undefined) return;
    for (const recipient of taking.recipients) {
      const number = accepted.recipients.findIndex(({ forwardPath }) => forwardPath === recipient);
      const key = `${taking.id} ${number}`;
      const lease = this.#leases.get(key);
      if (lease === undefined || !isSameThread(lease.owner, taking.life.name))
        this.#ledger.breach(
          `${key} was sent by ${taking.life.name}, and is leased to ${lease?.owner ?? 'nobody'}`,
        );
      if (!this.#sent.has(key)) this.#waited(taking.id, key);
      this.#sent.set(key, { taking, attempt: lease?.attempt ?? 0 });
    }
  }

  /** At the end. A front that lived to settle what others had taken over has counted it. */
  check(fronts: readonly SimulatedFront[], killed: ReadonlyMap<Life, number>): Record<string, number> {
    let fenced = 0;
    for (const { life, parts } of fronts) {
      const { leasesLost } = parts.relay.stats;
      fenced += leasesLost;
      if (killed.has(life)) continue;
      const sent = [...this.overtaken].filter(
        ([taking, lease]) => taking.life === life && !this.#doubted.has(lease),
      );
      // What goes one way in one attempt is settled together.
      const attempts = new Set(sent.map(([{ id }, lease]) => `${id} ${lease.split(' ')[2]}`)).size;
      if (leasesLost < attempts)
        this.#ledger.breach(`${life.name} sent ${attempts} that it lost, and counted ${leasesLost}`);
    }
    return { tookOver: this.#tookOver, overtaken: this.overtaken.size, fenced };
  }

  /** Whoever has it from now on, or takes it next, has as long again. */
  #changesHands(id: string, key: string): void {
    if (!this.#sent.has(key)) this.#waited(id, key);
    this.#since.set(key, this.#time.monotonic);
  }

  #waited(id: string, key: string): void {
    const identityId = this.#ledger.durable.get(id)?.message.identityId ?? '';
    if (!this.#isPrompt || this.#stopped.has(identityId)) return;
    const begun = this.#since.get(key) ?? Infinity;
    const since = Math.max(begun, this.#nodes.wellSince());
    const waited = this.#time.monotonic - since;
    if (waited > WAITS_MS) this.#ledger.breach(`${key} waited for ${(waited / SECOND).toFixed(1)} s`);
  }

  #done(change: Change, outcome: Outcome | undefined): void {
    const type = outcome?.type;
    if (change.type === 'accept' && type === 'accepted') this.#accepted(change);
    if (change.type === 'report' && type === 'reported' && change.report !== undefined)
      this.#accepted(change.report);
    if (outcome?.type === 'claimed' && change.type === 'claim')
      for (const { messageId, recipientNumber, attempt } of outcome.deliveries)
        this.#claimed(messageId, `${messageId} ${recipientNumber}`, { owner: change.owner, attempt });
    if (change.type === 'settle') this.#settled(change, outcome);
    if (change.type === 'free') this.#freed(change);
    if (change.type === 'withdraw' && type === 'withdrawn') this.#withdrawn(change);
    if (change.type === 'identity' && type === 'written' && change.identity.state !== 'active')
      this.#stopped.add(change.identity.id);
  }

  #accepted({ message, recipients, owner, untried }: Extract<Change, { type: 'accept' }>): void {
    const keys = recipients.map((_, number) => `${message.id} ${number}`);
    const isAgain = this.#accepts.has(message.id);
    this.#accepts.add(message.id);
    // Whoever asks again is there.
    for (const key of keys) this.#since.set(key, this.#time.monotonic);
    if (isAgain || owner === undefined) return;
    for (const key of keys) this.#leases.set(key, { owner, attempt: untried === true ? 0 : 1 });
  }

  #claimed(id: string, key: string, lease: Lease): void {
    this.#changesHands(id, key);
    this.#leases.set(key, lease);
  }

  #settled(change: Extract<Change, { type: 'settle' }>, outcome: Outcome | undefined): void {
    for (const { recipientNumber, attempt } of change.recipients) {
      const key = `${change.messageId} ${recipientNumber}`;
      // What is put off waits for its time.
      if (outcome?.type === 'settled') for (const all of [this.#leases, this.#since]) all.delete(key);
      else if (change.again === true) this.#doubted.add(`${key} ${attempt}`);
    }
  }

  /** Nobody waits for what was taken back. What another has meanwhile is not. */
  #withdrawn({ messageId, owner }: Extract<Change, { type: 'withdraw' }>): void {
    for (const [key, lease] of this.#leases)
      if (key.startsWith(`${messageId} `) && lease.owner === owner) this.#leases.delete(key);
  }

  #freed({ ownerPrefix, only }: Extract<Change, { type: 'free' }>): void {
    if (only === undefined) return this.#free(ownerPrefix, false);
    for (const { messageId, recipientNumber, attempt } of only) {
      const key = `${messageId} ${recipientNumber}`;
      const lease = this.#leases.get(key);
      if (lease?.owner !== ownerPrefix || lease.attempt !== attempt) continue;
      this.#leases.delete(key);
      this.#changesHands(messageId, key);
    }
  }

  #free(ownerPrefix: string, isTakenOver: boolean): void {
    for (const [key, { owner, attempt }] of this.#leases) {
      if (!owner.startsWith(ownerPrefix)) continue;
      this.#leases.delete(key);
      if (!isTakenOver) continue;
      const [id = ''] = key.split(' ');
      this.lostHold.add(id);
      this.#changesHands(id, key);
      const sent = this.#sent.get(key);
      if (sent?.attempt === attempt) this.overtaken.set(sent.taking, `${key} ${attempt}`);
    }
  }
}

/** In whichever life of its node. */
function isSameThread(owner: string, other: string): boolean {
  const parts = (one: string): readonly (string | undefined)[] => [one.split('/')[0], one.split('/').at(-1)];
  return parts(owner).join(' ') === parts(other).join(' ');
}
