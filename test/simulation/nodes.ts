// Several nodes on one database: whole servers, each on a machine of its own. What goes wrong with them, and how it heals.

import { LEASE_MS } from '../../src/store/lease.ts';
import { type Incarnation, ownersOfLife } from '../../src/store/owner.ts';
import type { Chance } from './chance.ts';
import { beginCommon, isCommon } from './common-faults.ts';
import { Database } from './database.ts';
import type { SimulatedFront } from './front.ts';
import type { NextHops } from './next-hop.ts';
import { NodePromises } from './node-promises.ts';
import { operate, setState } from './operator.ts';
import { type FaultPlan, logins, type NodesFault, type Plan } from './plan.ts';
import { Server } from './server.ts';
import { settingsOf } from './settings.ts';
import type { Heal, Site } from './site.ts';
import { type Life, Machine, SECOND } from './time.ts';
import { Way } from './way.ts';

/** A command whose outcome is unknown may still be done until then. */
const LATE_MS = 60 * SECOND;

/** How often it is looked whether nodes are well, ms. */
const LOOK_MS = 20;

class Node {
  readonly name: string;
  readonly machine = new Machine();
  readonly way: Way;
  readonly server: Server;
  /** It is not started again. */
  isGone = false;
  /** Since when all is well with it; undefined: it is not. */
  wellSince: number | undefined;
  /** When it was cut off or stood still last, or the database was slow: that may keep a pulse from it. An outage of the database does not count. */
  troubledAt = 0;
  readonly #time: NextHops['time'];
  #wake: (() => void) | undefined;
  /** Its monotonic clock stands still too. */
  #isPaused = false;

  constructor(name: string, hops: NextHops, database: Database, chance: Chance, plan: Plan) {
    this.name = name;
    this.#time = hops.time;
    this.way = new Way(name, database, hops.time, chance.named('way'));
    this.server = new Server({
      ...{ hops, chance, settings: settingsOf(plan), frontCount: plan.fronts, memory: database.memory },
      ...{ storage: this.way, machine: this.machine },
      engine: {
        ...{ engine: 'postgres', directory: 'simulated', node: name },
        server: { hosts: [], database: 'simulated', user: 'simulated' },
      },
    });
  }

  /** Whatever may be with the database. */
  get isSound(): boolean {
    return this.server.isWhole && !this.machine.isStill && this.way.cut === 'none';
  }

  async start(): Promise<void> {
    while (!this.isGone && this.server.run === undefined)
      await this.server.start().catch(() => this.#time.pause(SECOND));
  }

  freeze(stands: boolean): void {
    if (this.machine.isStill) return;
    this.#isPaused = stands;
    this.#wake = this.#time.stop(this.machine, stands);
  }

  thaw(): void {
    this.#isPaused = false;
    this.#wake?.();
    this.#wake = undefined;
  }

  /** A paused machine is not set back: no clock would tell it of the pause (docs/SIMULATION.md). */
  stepClock(byMs: number): void {
    if (!this.#isPaused || byMs > 0) this.machine.wallAhead += byMs;
  }

  kill(): void {
    this.server.crash();
    this.thaw();
  }

  look({ away, isSlow }: Database): void {
    const now = this.#time.monotonic;
    if (isSlow || this.machine.isStill || this.way.cut !== 'none') this.troubledAt = now;
    if (this.isSound && away === undefined && !isSlow) this.wellSince ??= now;
    else this.wellSince = undefined;
  }
}

export class SeveralNodes implements Site {
  readonly hops: NextHops;
  readonly promises: NodePromises;
  readonly #chance: Chance;
  readonly #database: Database;
  readonly #nodes: readonly Node[];
  #lookAt = 0;

  constructor(hops: NextHops, chance: Chance, plan: Plan) {
    const { time, ledger } = hops;
    this.hops = hops;
    this.#chance = chance;
    this.promises = new NodePromises({ time, ledger, nodes: this, isPrompt: isPrompt(plan) });
    ledger.suspensionMs = SUSPENSION_MS;
    ledger.onTaking = (taking) => this.promises.taken(taking);
    this.#database = new Database(time, chance.named('database'), {
      committed: (changes, outcomes) => {
        ledger.committed(changes, outcomes);
        this.promises.committed(changes, outcomes);
      },
      pulsed: (tookOver) => this.promises.pulsed(tookOver),
    });
    this.#nodes = Array.from({ length: plan.nodes ?? 1 }, (_, number) => {
      const name = `n${number}`;
      const node = new Node(name, hops, this.#database, chance.named(name), plan);
      node.machine.wallAhead = plan.clocksAhead?.[number] ?? 0;
      return node;
    });
  }

  get memory(): Database['memory'] {
    return this.#database.memory;
  }

  get isWhole(): boolean {
    return this.#nodes.every(({ isGone, server }) => isGone || server.isWhole);
  }

  get everyFront(): readonly SimulatedFront[] {
    return this.#nodes.flatMap(({ server }) => server.everyFront);
  }

  frontOf(life: Life): SimulatedFront | undefined {
    const node = life.machine && this.#nodes.find(({ machine }) => machine === life.machine);
    return node?.server.frontOf(life);
  }

  get killed(): ReadonlyMap<Life, number> {
    return new Map(this.#nodes.flatMap(({ server }) => [...server.killed]));
  }

  fronts(): readonly SimulatedFront[] {
    return this.#nodes.flatMap(({ server }) => server.fronts());
  }

  /** Also of a node that is frozen or cut off: who balances their load may not know yet. */
  listening(): SimulatedFront | undefined {
    const listening = this.#nodes.flatMap(({ server }) => server.listening() ?? []);
    return listening.length === 0 ? undefined : this.#chance.pick(listening);
  }

  operated(): ReturnType<Site['operated']> {
    const sound = this.#nodes.filter(({ isSound }) => isSound);
    return sound.length === 0 ? undefined : this.#chance.pick(sound).server.operated();
  }

  async start(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.start()));
  }

  async stop(graceMs: number, look: () => Promise<void>): Promise<void> {
    await Promise.all(this.#nodes.map(({ server }) => server.stop(graceMs, look)));
  }

  begin(fault: FaultPlan, whose: string | undefined): Heal {
    if (isCommon(fault)) return beginCommon(this, fault);
    if (fault.type === 'database') return this.#beginDatabase(fault);
    if (fault.type !== 'node') throw new Error(`nodes know no fault ${fault.type}`);
    const named = this.#nodes.find(({ name }) => whose?.startsWith(`${name}/`) === true);
    const node = named ?? this.#nodes[fault.node];
    return node === undefined || node.isGone ? undefined : this.#beginNode(node, fault);
  }

  async heal(): Promise<void> {
    const { hops } = this;
    Object.assign(this.#database, { isSlow: false, isLocked: false });
    this.#database.comeBack();
    for (const host of hops.hosts.values()) host.mood = 'fine';
    for (const { way } of this.#nodes) way.cut = 'none';
    for (const node of this.#nodes) node.thaw();
    for (await this.start(); !this.isWhole; await this.start()) await hops.time.pause(SECOND);
    await hops.time.pause(LATE_MS);
    for (const login of logins) {
      await setState(this, login, 'active');
      await operate(this, login, 'release');
    }
  }

  look(): void {
    const now = this.hops.time.monotonic;
    if (now < this.#lookAt) return;
    this.#lookAt = now + LOOK_MS;
    for (const node of this.#nodes) node.look(this.#database);
  }

  wellSince(): number {
    return Math.min(Infinity, ...this.#nodes.flatMap(({ wellSince }) => wellSince ?? []));
  }

  isWell(life: Incarnation): boolean {
    const node = this.#nodes.find(({ name }) => name === life.node);
    const goesOn = node?.server
      .fronts()
      .some(({ parts }) => parts.holder.owner.startsWith(ownersOfLife(life)));
    const troubledAt = node?.troubledAt ?? 0;
    return goesOn === true && this.hops.time.monotonic - troubledAt > LEASE_MS;
  }

  #beginDatabase({ of }: Extract<NodesFault, { type: 'database' }>): Heal {
    if (of.type === 'slow' || of.type === 'locked') {
      const what = of.type === 'slow' ? 'isSlow' : 'isLocked';
      this.#database[what] = true;
      return () => void (this.#database[what] = false);
    }
    this.#database.leave(of.type === 'failOver' ? 'down' : of.type);
    return () => {
      if (of.type === 'failOver') this.#database.machine.wallAhead += of.byMs;
      this.#database.comeBack();
    };
  }

  #beginNode(node: Node, { of }: Extract<NodesFault, { type: 'node' }>): Heal {
    switch (of.type) {
      case 'killed':
        return this.#kill(node, of.isBack);
      case 'frozen':
        node.freeze(of.stands);
        return () => node.thaw();
      case 'cut':
        node.way.cut = of.ways;
        return () => void (node.way.cut = 'none');
      case 'clockStep':
        node.stepClock(of.byMs);
        return undefined;
    }
  }

  /** One is left. */
  #kill(node: Node, isBack: boolean): Heal {
    const isLast = this.#nodes.filter(({ isGone }) => !isGone).length === 1;
    node.isGone = !isBack && !isLast;
    node.kill();
    return node.isGone ? undefined : () => node.start();
  }
}

/** After its commit a suspension is heard by all nodes within this, or they believe nobody. */
const SUSPENSION_MS = 5 * SECOND;

function isPrompt({ faults }: Plan): boolean {
  return !faults.some(
    (fault) => fault.type === 'mood' || (fault.type === 'node' && fault.of.type === 'clockStep'),
  );
}
