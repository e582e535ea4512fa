// Should new connections come here? Named conditions, all of which must be met: for a balancer, or whatever starts and stops servers. Before a stop the server says no
// while it still takes connections, so that nobody is sent to a closed port.

import type { Clock } from '../platform/platform.ts';
import { withDeadline } from '../platform/with-deadline.ts';
import type { Supervisor } from './supervisor.ts';

export interface ReadyWhen {
  /** One word: a key of the JSON and a label of the metric. */
  readonly name: string;
  /** Why it is not met; undefined: it is. What rejects, or takes longer than a look may, is not met. */
  because(): Promise<string | undefined> | string | undefined;
}

export interface ReadyLook {
  readonly name: string;
  /** Undefined: it is met. */
  readonly because: string | undefined;
}

export const isReady = (looks: readonly ReadyLook[]): boolean =>
  looks.every(({ because }) => because === undefined);

/** Balancers ask each second or two, and take silence for a no. */
const LOOK_MS = 1_000;

export class Readiness {
  readonly #clock: Clock;
  readonly #conditions: readonly ReadyWhen[];
  #isLeaving = false;

  constructor(clock: Clock, conditions: readonly ReadyWhen[]) {
    this.#clock = clock;
    const staying = (): string | undefined => (this.#isLeaving ? 'the server is about to stop' : undefined);
    this.#conditions = [...conditions, { name: 'staying', because: staying }];
  }

  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** Never rejects. */
  look(): Promise<readonly ReadyLook[]> {
    return Promise.all(
      this.#conditions.map(async ({ name, because }) => {
        try {
          return { name, because: await withDeadline(this.#clock, LOOK_MS, Promise.resolve(because())) };
        } catch (error) {
          return { name, because: error instanceof Error ? error.message : String(error) };
        }
      }),
    );
  }

  /** Says no from now on; resolves after `announceMs`. */
  async leave(announceMs: number): Promise<void> {
    this.#isLeaving = true;
    if (announceMs > 0) await new Promise<void>((resolve) => this.#clock.after(announceMs, resolve));
  }
}

/** Of every server. */
export function conditionsOf(
  supervisor: Pick<Supervisor, 'listens' | 'restarts' | 'storeFigures' | 'lease'>,
): readonly ReadyWhen[] {
  const missing = (thread: string): string | undefined =>
    supervisor.restarts.missing.find(({ name }) => name === thread)?.because;
  return [
    {
      name: 'listening',
      because: () => (supervisor.listens ? undefined : 'no front takes connections'),
    },
    {
      name: 'lookup',
      because: () => {
        const because = missing('lookup');
        return because === undefined ? undefined : `nobody could log in: ${because}`;
      },
    },
    {
      name: 'store',
      because: async () => missing('store') ?? (await supervisor.storeFigures()).unfit,
    },
    {
      name: 'lease',
      because: () =>
        supervisor.lease.mayAct() ? undefined : 'this node has not heard of the store for too long',
    },
    {
      name: 'feed',
      because: () =>
        supervisor.lease.isSure() ? undefined : 'what other nodes changed is not known: nobody is believed',
    },
    {
      name: 'space',
      because: async () =>
        missing('store') ??
        ((await supervisor.storeFigures()).full
          ? 'below the free-space floor: nothing is accepted'
          : undefined),
    },
  ];
}
