// The rules of leases together: some nodes and a store whose clocks differ, stop and jump, and whose messages are late or lost. Never may a node act whose life
// another has taken over; nobody is declared dead because the store was away; who is gone is taken over from.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  afterPulse,
  beginning,
  BEYOND_MS,
  bounded,
  type Instant,
  isLost,
  LEASE_MS,
  type LifeRow,
  mayTakeOver,
  newLife,
  type OwnLease,
  PULSE_MS,
  renewed,
  stands,
} from './lease.ts';
import { HOUR, MINUTE } from './store.contract-fixtures.ts';

const RUN_MS = 2 * MINUTE;
const LOOK_MS = 200;
/** Without an answer a pulse is sent again. */
const ANSWER_MS = 5_000;

/** `stop`: SIGSTOP, its clocks run on. `pause`: of the machine; its monotonic clock stands, and the wall clock is set when it wakes. */
interface Trouble {
  readonly at: number;
  readonly ms: number;
  readonly node: number;
  readonly type: 'stop' | 'pause' | 'cut' | 'deaf' | 'gone' | 'wallStep';
}

/** The store does not answer for a while; what came meanwhile is done then, by another clock. */
interface Away {
  readonly at: number;
  readonly ms: number;
  readonly stepMs: number;
}

interface Plan {
  readonly nodes: readonly { readonly rate: number; readonly wallAhead: number; readonly phase: number }[];
  readonly troubles: readonly Trouble[];
  readonly aways: readonly Away[];
  /** One after the other, each message takes so long, ms; over 4,900 it is lost. */
  readonly delays: readonly number[];
}

class Model {
  now = 0;
  storeAhead = 0;
  awayUntil = 0;
  readonly rows = new Map<string, LifeRow>();
  /** When each life was declared dead. */
  readonly deaths = new Map<string, number>();
  readonly nodes: readonly ModelNode[];
  readonly #delays: readonly number[];
  readonly #events: { readonly at: number; readonly run: () => void }[] = [];
  #drawn = 0;

  constructor({ nodes, troubles, aways, delays }: Plan) {
    this.#delays = delays;
    this.nodes = nodes.map((clocks, number) => new ModelNode(this, `n${number}`, clocks));
    for (const { at, ms, node, type } of troubles)
      this.at(at, () => this.nodes[node % this.nodes.length]?.trouble(type, ms));
    for (const { at, ms, stepMs } of aways)
      this.at(at, () => {
        this.awayUntil = at + ms;
        this.at(at + ms, () => (this.storeAhead += stepMs));
      });
  }

  at(at: number, run: () => void): void {
    const before = this.#events.findLastIndex((event) => event.at <= at);
    this.#events.splice(before + 1, 0, { at, run });
  }

  /** Looks on after everything that happens, and often. */
  run(look: () => void): void {
    for (let at = LOOK_MS; at <= RUN_MS; at += LOOK_MS) this.at(at, () => undefined);
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
      this.now = Math.max(this.now, next.at);
      next.run();
      look();
      if (this.now >= RUN_MS) return;
    }
  }

  /** Undefined: it is lost. */
  delay(): number | undefined {
    const delay = this.#delays[this.#drawn % this.#delays.length] ?? 0;
    this.#drawn += 1;
    return delay > 4900 ? undefined : delay;
  }

  /** What the store does with a pulse: it is judged by the clock that it has then. */
  pulse(incarnation: string, isFirst: boolean): 'alive' | 'dead' {
    const now = this.now + this.storeAhead;
    const row = this.rows.get(incarnation) ?? (isFirst ? beginning(now) : undefined);
    if (row === undefined || row.state === 'dead') return 'dead';
    const own = renewed(row, now);
    this.rows.set(incarnation, own);
    for (const [other, kept] of this.rows) this.rows.set(other, bounded(kept, now));
    if (!mayTakeOver(own, now)) return 'alive';
    for (const [other, kept] of this.rows) {
      if (!isLost(kept, now)) continue;
      this.rows.set(other, { ...kept, state: 'dead' });
      this.deaths.set(other, this.now);
    }
    return 'alive';
  }
}

class ModelNode {
  readonly #model: Model;
  readonly #rate: number;
  #wallAhead: number;
  #stoodStill = 0;
  #frozenUntil = 0;
  #cutUntil = 0;
  #deafUntil = 0;
  #lives = 1;
  #own: OwnLease;
  readonly #name: string;

  constructor(model: Model, name: string, { rate, wallAhead, phase }: Plan['nodes'][number]) {
    this.#model = model;
    this.#name = name;
    this.#rate = rate;
    this.#wallAhead = wallAhead;
    this.#own = newLife(`${name}/1`);
    model.at(phase, () => this.#send());
  }

  get incarnation(): string {
    return this.#own.incarnation;
  }

  /** As it would be asked: one that is stopped asks nothing. */
  get acts(): boolean {
    return this.#model.now >= this.#frozenUntil && stands(this.#own.held, this.#instant());
  }

  trouble(type: Trouble['type'], ms: number): void {
    const until = this.#model.now + ms;
    if (type === 'stop' || type === 'pause') this.#frozenUntil = Math.max(this.#frozenUntil, until);
    // Its wall clock is right again as soon as it wakes.
    if (type === 'pause') this.#stoodStill += ms;
    if (type === 'cut') this.#cutUntil = until;
    if (type === 'deaf') this.#deafUntil = until;
    if (type === 'gone') this.#frozenUntil = Infinity;
    if (type === 'wallStep') this.#wallAhead += 10 * ms;
  }

  #instant(): Instant {
    const { now } = this.#model;
    return { monotonic: this.#rate * (now - this.#stoodStill), wall: now + this.#wallAhead };
  }

  /** When it is awake. */
  #later(ms: number, run: () => void): void {
    const { now } = this.#model;
    this.#model.at(now + ms / this.#rate, () => {
      const isAwake = this.#model.now >= this.#frozenUntil;
      if (isAwake) run();
      else if (this.#frozenUntil < Infinity) this.#later(this.#frozenUntil - this.#model.now, run);
    });
  }

  #send(): void {
    const { incarnation, begun } = this.#own;
    const pulse = { incarnation, sent: this.#instant() };
    let isAnswered = false;
    const next = (ms: number): void => {
      if (!isAnswered) this.#later(ms, () => this.#send());
      isAnswered = true;
    };
    this.#later(ANSWER_MS, () => next(0));
    const [there, back] = [this.#model.delay(), this.#model.delay()];
    if (there === undefined || this.#model.now < this.#cutUntil) return;
    const { now, awayUntil } = this.#model;
    this.#model.at(Math.max(now + there, awayUntil), () => {
      const answer = this.#model.pulse(incarnation, !begun);
      const isLostAnswer = this.#model.now < Math.max(this.#cutUntil, this.#deafUntil);
      if (back === undefined || isLostAnswer) return;
      this.#later(back, () => {
        this.#own = afterPulse(this.#own, pulse, answer, () => `${this.#name}/${(this.#lives += 1)}`);
        const took = this.#instant().monotonic - pulse.sent.monotonic;
        next(answer === 'dead' ? 0 : Math.max(0, PULSE_MS - took));
      });
    });
  }
}

const clocks = fc.record({
  rate: fc.double({ min: 0.9995, max: 1.0005, noNaN: true }),
  wallAhead: fc.integer({ min: -3 * HOUR, max: 3 * HOUR }),
  phase: fc.integer({ min: 0, max: PULSE_MS }),
});

const time = fc.integer({ min: 0, max: RUN_MS });
const duration = fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: MINUTE }));

function trouble(...types: readonly Trouble['type'][]): fc.Arbitrary<Trouble> {
  const node = fc.integer({ min: 0, max: 3 });
  return fc.record({ at: time, ms: duration, node, type: fc.constantFrom(...types) });
}

/** One after the other: a lease meets one of them. */
const aways = fc
  .array(
    fc.record({
      apartMs: fc.integer({ min: 20_000, max: MINUTE }),
      ms: fc.integer({ min: 0, max: 30_000 }),
      stepMs: fc.oneof(fc.integer({ min: -5_000, max: 5_000 }), fc.integer({ min: -HOUR, max: HOUR })),
    }),
    { maxLength: 3 },
  )
  .map((all) => {
    let at = 0;
    return all.map(({ apartMs, ms, stepMs }): Away => {
      at += apartMs;
      const away = { at, ms, stepMs };
      at += ms;
      return away;
    });
  });

function plans(o: {
  readonly troubles: fc.Arbitrary<Trouble>;
  readonly delays: fc.Arbitrary<number>;
}): fc.Arbitrary<Plan> {
  return fc.record({
    nodes: fc.array(clocks, { minLength: 2, maxLength: 4 }),
    troubles: fc.array(o.troubles, { maxLength: 6 }),
    aways,
    delays: fc.array(o.delays, { minLength: 1, maxLength: 20 }),
  });
}

const promptly = fc.integer({ min: 0, max: 300 });
const whenever = fc.oneof(promptly, fc.integer({ min: 0, max: 6_000 }));

/** Nobody acts in a life that is over. */
function assertApart(plan: Plan): void {
  const model = new Model(plan);
  model.run(() => {
    for (const { acts, incarnation } of model.nodes)
      if (acts && model.deaths.has(incarnation))
        assert.fail(`${incarnation} acts at ${model.now}, and died at ${model.deaths.get(incarnation)}`);
  });
}

test('lease: never may act whose life another has taken over, whatever clocks and messages do', () => {
  const troubles = trouble('stop', 'pause', 'cut', 'deaf', 'gone', 'wallStep');
  fc.assert(fc.property(plans({ troubles, delays: whenever }), assertApart), { numRuns: 200 });
});

test('lease: who is cut off stops first, however far the clock of the store jumps meanwhile', () => {
  const cutAt = fc.integer({ min: 30_000, max: 34_000 });
  const jump = fc.record({
    afterMs: fc.integer({ min: 0, max: LEASE_MS }),
    ms: fc.integer({ min: 0, max: 3_000 }),
    stepMs: fc.integer({ min: 1_500, max: 6_000 }),
  });
  const base = plans({
    troubles: trouble('wallStep'),
    delays: fc.oneof(promptly, fc.constantFrom(0, 2_000, 4_000)),
  });
  fc.assert(
    fc.property(base, cutAt, jump, (plan, at, { afterMs, ms, stepMs }) =>
      assertApart({
        ...plan,
        troubles: [{ at, ms: MINUTE, node: 0, type: 'cut' }],
        aways: [{ at: at + afterMs, ms, stepMs }],
      }),
    ),
    { numRuns: 400 },
  );
});

test('lease: nobody is declared dead because the store was away', () => {
  fc.assert(
    fc.property(plans({ troubles: trouble('wallStep'), delays: promptly }), (plan) => {
      const model = new Model(plan);
      model.run(() => assert.deepEqual([...model.deaths], []));
    }),
    { numRuns: 200 },
  );
});

test('lease: who is gone is taken over from within a lease and eight seconds, by who is there; later if the clock of the store was set back then', () => {
  const gone = fc.integer({ min: 20_000, max: RUN_MS / 2 });
  const setBack = fc.record({
    afterMs: fc.integer({ min: 0, max: LEASE_MS }),
    stepMs: fc.integer({ min: -HOUR, max: 0 }),
  });
  const base = plans({ troubles: trouble('wallStep'), delays: promptly });
  fc.assert(
    fc.property(base, gone, fc.option(setBack), (plan, at, step) => {
      const leaves: Trouble = { at, ms: 0, node: 0, type: 'gone' };
      const aways = step === null ? [] : [{ at: at + step.afterMs, ms: 0, stepMs: step.stepMs }];
      const model = new Model({ ...plan, aways, troubles: [...plan.troubles, leaves] });
      model.run(() => undefined);
      const diedAt = model.deaths.get('n0/1') ?? Infinity;
      const from = at + (step?.afterMs ?? 0);
      assert.ok(diedAt > at && diedAt <= from + LEASE_MS + BEYOND_MS + 3 * PULSE_MS, `${at}: ${diedAt}`);
    }),
    { numRuns: 100 },
  );
});
