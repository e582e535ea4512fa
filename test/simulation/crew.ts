// The threads of one run of the simulated server: their bodies are those of src/server, each in a life of its own, over a virtual platform.

import {
  createLookupBody,
  type LookupBirth,
  type LookupThreadQuestion,
} from '../../src/server/lookup-body.ts';
import type { FrontBirth } from '../../src/server/plan.ts';
import { createStoreBody, type StoreBirth } from '../../src/server/store-body.ts';
import type { Crew, Thread, ThreadKind, ThreadOptions } from '../../src/server/thread.ts';
import type { OpenLine, ThreadBody } from '../../src/server/thread-body.ts';
import type { Chance } from './chance.ts';
import { createSimulatedFront, type SimulatedFront } from './front.ts';
import { simulatedLine } from './line.ts';
import type { NextHops } from './next-hop.ts';
import type { Storage } from './storage.ts';
import { Life } from './time.ts';

const ARGON2_MS = 25;
/** A thread is ready after up to so long, ms. */
const BIRTH_MS = 5;

export interface CrewWorld {
  readonly hops: NextHops;
  readonly storage: Storage;
  /** Main's. */
  readonly main: Life;
  readonly chance: Chance;
  /** How much longer a thread of this kind takes to be born, ms. */
  delayMs(kind: ThreadKind): number;
  born(front: SimulatedFront): void;
  /** Not at the end of all. */
  died(life: Life): void;
  /** All threads are about to be ended. */
  ending(): Promise<void>;
}

interface Member {
  readonly kind: ThreadKind;
  readonly life: Life;
  readonly body: ThreadBody;
  readonly front?: SimulatedFront | undefined;
}

export class VirtualCrew implements Crew {
  readonly #world: CrewWorld;
  readonly #members = new Map<Thread, Member>();
  /** Also of those that are being born. */
  readonly #lives: { readonly kind: ThreadKind; readonly life: Life }[] = [];
  #stopped = false;

  constructor(world: CrewWorld) {
    this.#world = world;
  }

  /** Of a kind, alive, in the order of their births. */
  alive(kind: ThreadKind): readonly Life[] {
    return this.#lives.filter((one) => one.kind === kind && one.life.alive).map(({ life }) => life);
  }

  fronts(): readonly SimulatedFront[] {
    const fronts = [...this.#members.values()].flatMap(({ front }) => front ?? []);
    return fronts.filter(({ life }) => life.alive);
  }

  async start({ kind, name, birth, handlers = {} }: ThreadOptions): Promise<Thread> {
    const { hops, main, chance } = this.#world;
    if (this.#stopped) throw new Error('the server is stopping');
    const own = kind === 'front' ? (birth as FrontBirth).owner : `${main.name}${kind}`;
    const life = new Life(own, main.machine);
    this.#lives.push({ kind, life });
    life.onEnd(() => (this.#stopped ? undefined : this.#world.died(life)));
    const delayMs = chance.between(0.5, BIRTH_MS) + this.#world.delayMs(kind);
    await hops.time.pause(delayMs, main);
    if (!life.alive) throw new Error('it died before it was ready');
    const died = Promise.withResolvers<never>();
    life.onEnd(() => died.reject(new Error('it died before it was ready')));
    const { body, front } = await Promise.race([this.#bodyOf(kind, birth, life), died.promise]);
    if (front !== undefined) this.#world.born(front);
    const [mainEnd, ownEnd] = simulatedLine({ time: hops.time, chance }, main, life);
    body.greet('main', ownEnd);
    const thread = { kind, name, line: mainEnd(handlers), ...this.#endOf(life) };
    this.#members.set(thread, { kind, life, body, front });
    return thread;
  }

  connect(asker: Thread, answerer: Thread): void {
    const [one, other] = [this.#members.get(asker), this.#members.get(answerer)];
    if (one === undefined || other === undefined) return;
    const { hops, chance } = this.#world;
    const [here, there] = simulatedLine({ time: hops.time, chance }, one.life, other.life);
    if (one.life.alive) one.body.greet(other.kind, here);
    if (other.life.alive) other.body.greet(one.kind, other.kind === 'lookup' ? this.#counting(there) : there);
    if (one.kind === 'front' && other.kind === 'store') hops.ledger.linked(one.life);
  }

  #counting(open: OpenLine): OpenLine {
    const { logins } = this.#world.hops.ledger;
    return (handlers) =>
      open({
        ...handlers,
        answer(question) {
          if ('authenticate' in (question as LookupThreadQuestion)) logins.asked += 1;
          return handlers.answer?.(question);
        },
      });
  }

  async stop(lastWords: () => Promise<void>): Promise<void> {
    this.#stopped = true;
    await this.#world.ending();
    for (const kind of ['face', 'front', 'lookup', 'store'] as const) {
      if (kind === 'store') await lastWords();
      for (const life of this.alive(kind)) life.end();
    }
  }

  async #bodyOf(
    kind: ThreadKind,
    birth: object,
    life: Life,
  ): Promise<{ readonly body: ThreadBody; readonly front?: SimulatedFront }> {
    if (kind === 'store') return { body: await this.#store(birth as StoreBirth, life) };
    if (kind === 'lookup') return { body: this.#lookupThread(birth as LookupBirth, life) };
    const { hops, storage, chance } = this.#world;
    const front = createSimulatedFront({
      ...{ hops, life, birth: birth as FrontBirth, chance: chance.named(life.name) },
      stage: (id) => storage.stage(id, life),
    });
    return { body: front, front };
  }

  #store(birth: StoreBirth, life: Life): Promise<ThreadBody> {
    const { hops, storage, chance } = this.#world;
    const { time } = hops;
    return createStoreBody(birth, {
      ...{ clock: time.clockOf(life), entropy: chance.named('store entropy') },
      engine: {
        writer: (options) => storage.writer(options, life),
        space: () => storage.space(),
        size: async () => 0,
      },
      schedule: {
        soon: (run) => void time.after(storage.gatheringMs(), run, life),
        later: (ms, run) => void time.after(ms, run, life),
      },
      waits: () => undefined,
      end(error) {
        hops.ledger.note(`${life.name} ends: ${String(error)}`);
        life.end();
        throw error;
      },
    });
  }

  #lookupThread(birth: LookupBirth, life: Life): ThreadBody {
    const { hops, storage, chance } = this.#world;
    return createLookupBody(birth, {
      ...{ clock: hops.time.clockOf(life), entropy: chance.named('lookup'), lookups: storage.lookups(life) },
      // Argon2 takes real time in a thread of its own: no seed would play the same way twice. Nobody has a password of the kind here.
      verify: async () => {
        await hops.time.pause(ARGON2_MS, life);
        return false;
      },
    });
  }

  #endOf(life: Life): Pick<Thread, 'ended' | 'terminate'> {
    const { hops, main } = this.#world;
    return {
      ended: new Promise((resolve) => {
        life.onEnd(() => void hops.time.after(0, () => resolve('it was killed'), main));
      }),
      terminate: async () => life.end(),
    };
  }
}
