// How many password hashes may run at once (requirements F-AUTH-6): few, so that the thread pool still serves files and DNS;
// some wait; beyond that the answer is `busy` at once, which becomes 454 and never a wrong verdict. It is fair between networks: they take turns, one
// network has a small share of the slots to wait in, and some slots are for networks from which somebody logged in lately.

import { invariant } from '../base/assert.ts';

export type GateOutcome<T> = { readonly type: 'done'; readonly value: T } | { readonly type: 'busy' };

export interface Visitor {
  readonly network: string;
  /** Somebody logged in from there lately. */
  readonly known: boolean;
  /** Many users come from there by design. */
  readonly shared?: boolean | undefined;
}

export interface KdfGate {
  run<T>(visitor: Visitor, job: () => Promise<T>): Promise<GateOutcome<T>>;
  readonly running: number;
  readonly waiting: number;
}

export const RUNNING_MAX = 2;
export const WAITING_MAX = 64;
/** The part of these that is for known networks. */
const WAITING_KEPT = 24;
const WAITING_PER_NETWORK = 8;
const WAITING_PER_SHARED_NETWORK = 32;

/** Waiting attempts by network; the network whose turn is next comes first. */
class WaitingLine {
  readonly #networks = new Map<string, (() => void)[]>();
  size = 0;

  waitingOf(network: string): number {
    return this.#networks.get(network)?.length ?? 0;
  }

  push(network: string, go: () => void): void {
    const waiting = this.#networks.get(network);
    if (waiting === undefined) this.#networks.set(network, [go]);
    else waiting.push(go);
    this.size += 1;
  }

  shift(): (() => void) | undefined {
    for (const [network, waiting] of this.#networks) {
      const go = waiting.shift();
      this.#networks.delete(network);
      if (waiting.length > 0) this.#networks.set(network, waiting);
      this.size -= 1;
      return go;
    }
    return undefined;
  }
}

export function createKdfGate(runningMax = RUNNING_MAX, waitingMax = WAITING_MAX): KdfGate {
  const known = new WaitingLine();
  const strange = new WaitingLine();
  const keptForKnown = Math.floor((waitingMax * WAITING_KEPT) / WAITING_MAX);
  let running = 0;
  let knownIsNext = true;

  function hasPlace({ network, known: isKnown, shared }: Visitor): boolean {
    const line = isKnown ? known : strange;
    const ofNetwork = shared === true ? WAITING_PER_SHARED_NETWORK : WAITING_PER_NETWORK;
    if (line.waitingOf(network) >= ofNetwork || known.size + strange.size >= waitingMax) return false;
    return isKnown || strange.size < waitingMax - keptForKnown;
  }

  /** Known networks and others take turns too. */
  function leave(): void {
    running -= 1;
    invariant(running >= 0, 'a hash leaves the gate twice');
    const [first, second] = knownIsNext ? [known, strange] : [strange, known];
    knownIsNext = !knownIsNext;
    (first.shift() ?? second.shift())?.();
  }

  function enter({ network, known: isKnown }: Visitor): Promise<void> | undefined {
    if (running < runningMax) {
      running += 1;
      return undefined;
    }
    return new Promise((resolve) => {
      (isKnown ? known : strange).push(network, () => {
        running += 1;
        resolve();
      });
    });
  }

  return {
    async run(visitor, job) {
      if (running >= runningMax && !hasPlace(visitor)) return { type: 'busy' };
      await enter(visitor);
      try {
        return { type: 'done', value: await job() };
      } finally {
        leave();
      }
    },
    get running() {
      return running;
    },
    get waiting() {
      return known.size + strange.size;
    },
  };
}
