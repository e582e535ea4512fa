// This node among those that share its store: it says there what it is and how it is configured, and looks at the others now and then. Nodes that stay configured differently are warned of.

import type { Log } from '../observe/log.ts';
import type { Clock } from '../platform/platform.ts';
import type { Lookups } from '../store/lookups.ts';
import type { NodeFacts, NodeLife, StoreNodes } from '../store/nodes.ts';
import type { Incarnation } from '../store/owner.ts';
import type { Store } from '../store/port.ts';
import { createLook, type Look } from './store-looks.ts';
import { type Difference, differenceInWords, differencesOf } from './alike.ts';

/** `away`: its lease has ended, and nobody has taken over yet. `gone`: another has taken over what it had. `stopped`: it ended in order. */
type NodeState = 'alive' | 'away' | 'gone' | 'stopped';

export interface ShownNode extends Incarnation {
  readonly state: NodeState;
  /** Of its lease, ms; below zero: since it ended. */
  readonly leaseLeftMs: number;
  readonly isThis?: true;
  /** Absent, like the version: it has said nothing yet. */
  readonly roles?: readonly string[];
  readonly version?: string;
  readonly startedAt?: number;
  readonly isLeaving?: true;
}

export interface ClusterLook {
  readonly nodes: readonly ShownNode[];
  readonly differences: readonly Difference[];
  /** Those that have lasted longer than it takes to change all nodes. */
  readonly lasting: readonly Difference[];
}

export interface Cluster {
  /** Undefined: the store does not answer in time (`store-looks.ts`). */
  look(): Promise<ClusterLook | undefined>;
  end(): void;
}

export interface ClusterOptions {
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn' | 'info'>;
  readonly store: Pick<Store, 'commit'>;
  readonly lookups: Pick<Lookups, 'nodes'>;
  life(): Incarnation;
  /** Of this node, as it is configured now. */
  facts(): NodeFacts;
}

const EVERY_MS = 30_000;
/** Between two words about looks that fail, ms. */
const TOLD_EACH_MS = 60_000;
/** For so long nodes may differ while somebody changes one after the other, ms. */
const CHANGING_MS = 600_000;

export function joinCluster(options: ClusterOptions): Cluster {
  return new JoinedCluster(options);
}

class JoinedCluster implements Cluster {
  readonly #options: ClusterOptions;
  readonly #look: Look;
  /** Since when (monotonic, ms), by subject. */
  readonly #since = new Map<string, number>();
  readonly #warned = new Set<string>();
  /** When it was said last that a look fails, monotonic, ms. Undefined: the last one did not. */
  #failureToldAt: number | undefined;
  #cancel: () => void;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#look = createLook(options.clock);
    this.#cancel = options.clock.after(0, () => this.#again());
  }

  async look(): Promise<ClusterLook | undefined> {
    const { value: nodes, because = '' } = await this.#look('nodes', () => this.#nodes());
    if (nodes === undefined) {
      this.#failed(because);
      return undefined;
    }
    this.#works();
    return this.#judge(nodes);
  }

  #failed(because: string): void {
    const { clock, log } = this.#options;
    const now = clock.monotonic();
    if (this.#failureToldAt !== undefined && now - this.#failureToldAt < TOLD_EACH_MS) return;
    this.#failureToldAt = now;
    log.warn({ because }, "the other nodes can't be looked at");
  }

  #works(): void {
    if (this.#failureToldAt === undefined) return;
    this.#failureToldAt = undefined;
    this.#options.log.info({}, 'the other nodes are looked at again');
  }

  end(): void {
    this.#cancel();
  }

  #again(): void {
    this.#cancel = this.#options.clock.after(EVERY_MS, () => this.#again());
    void this.look();
  }

  /** As they stand in the store, and this one as it is now: what it says there is written if that has changed, or if its life is new. */
  async #nodes(): Promise<StoreNodes> {
    const { store, lookups } = this.#options;
    const facts = this.#options.facts();
    const life = this.#options.life();
    const { at, lives } = await lookups.nodes();
    const own = lives.find((one) => isSame(one, life));
    if (own !== undefined && JSON.stringify(own.facts) !== JSON.stringify(facts))
      await store.commit([{ type: 'nodeFacts', life, facts }]);
    return { at, lives: lives.map((one) => (one === own ? { ...one, facts } : one)) };
  }

  #judge({ at, lives }: StoreNodes): ClusterLook {
    const { clock, log } = this.#options;
    const now = clock.monotonic();
    const differences = differencesOf(lives);
    const subjects = new Set(differences.map(({ subject }) => subject));
    for (const subject of this.#since.keys())
      if (!subjects.has(subject)) {
        this.#since.delete(subject);
        if (this.#warned.delete(subject)) log.info({ subject }, 'nodes are configured alike again');
      }
    for (const subject of subjects) this.#since.set(subject, this.#since.get(subject) ?? now);
    const lasting = differences.filter(
      ({ subject }) => now - (this.#since.get(subject) ?? now) >= CHANGING_MS,
    );
    for (const one of lasting.filter(({ subject }) => !this.#warned.has(subject))) {
      this.#warned.add(one.subject);
      log.warn({ differs: differenceInWords(one) }, 'nodes are configured differently');
    }
    return { nodes: shown(lives, at, this.#options.life()), differences, lasting };
  }
}

function isSame(one: Incarnation, other: Incarnation): boolean {
  return one.node === other.node && one.incarnation === other.incarnation;
}

function stateAt({ state, until }: NodeLife, at: number): NodeState {
  if (state === 'alive') return until > at ? 'alive' : 'away';
  return state === 'dead' ? 'gone' : 'stopped';
}

/** Lives that are over are told of until their node lives again. */
function shown(lives: readonly NodeLife[], at: number, own: Incarnation): readonly ShownNode[] {
  const stateOf = (life: NodeLife): NodeState => stateAt(life, at);
  const living = new Set(lives.filter((life) => stateOf(life) === 'alive').map(({ node }) => node));
  return lives
    .filter((life) => stateOf(life) === 'alive' || !living.has(life.node))
    .map((life) => ({
      ...{ node: life.node, incarnation: life.incarnation, state: stateOf(life) },
      leaseLeftMs: life.until - at,
      ...(isSame(life, own) ? { isThis: true as const } : {}),
      ...(life.facts === undefined ? {} : toldBy(life.facts)),
    }));
}

function toldBy({ roles, version, startedAt, isLeaving }: NodeFacts): Partial<ShownNode> {
  return {
    ...{ roles, version },
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(isLeaving === undefined ? {} : { isLeaving }),
  };
}
