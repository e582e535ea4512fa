// The pulses of a node: what all threads are told of each, and what is not begun without the lease.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import type { PulseAnswer } from '../store/engine.ts';
import type { Changed } from '../store/freshness.ts';
import { BEGIN_MS, PULSE_MS } from '../store/lease.ts';
import type { Incarnation } from '../store/owner.ts';
import type { Change, Outcome } from '../store/port.ts';
import { acceptOf, countedEntropy, settleOf, START } from '../store/store.contract-fixtures.ts';
import { startPulses } from './pulses.ts';
import type { StoreThreadNotice } from './store-thread-notice.ts';

const life = { node: 'n', incarnation: '1' };
const HELD_MS = 12_000;
const FRESH_MS = 4_000;

const turns = async (): Promise<void> => {
  for (let n = 0; n < 5; n += 1) await new Promise(setImmediate);
};

interface Asked {
  readonly life: Incarnation;
  readonly isFirst: boolean;
  /** By the monotonic clock, ms. */
  readonly at: number;
  answer(answer: PulseAnswer): Promise<void>;
  fail(): Promise<void>;
}

function pulsing(isNewLife = true) {
  const clock = virtualClock(START);
  const asked: Asked[] = [];
  const told: StoreThreadNotice[] = [];
  const waited: string[] = [];
  const pulses = startPulses({
    ...{ clock, entropy: countedEntropy(), life, isNewLife },
    tell: (notice) => void told.push(notice),
    waits: (because) => void waited.push(because),
    pulse: (of, isFirst) =>
      new Promise((resolve, reject) => {
        asked.push({
          ...{ life: of, isFirst, at: clock.monotonic() },
          answer: (answer) => (resolve(answer), turns()),
          fail: () => (reject(new Error('no connection')), turns()),
        });
      }),
  });
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await turns();
  };
  const alive = (changed: Changed = [], tookOver: readonly Incarnation[] = []): PulseAnswer => ({
    ...{ type: 'alive', at: clock.now(), changed, tookOver },
  });
  const next = (): Asked => asked.shift() ?? assert.fail('no pulse was sent');
  return { clock, asked, told, waited, pulses, pass, alive, next };
}

const ahead = START;

test('a pulse every two seconds, from the start on; the first one begins the life, once it was heard', async () => {
  const { asked, pass, alive, next } = pulsing();
  const first = next();
  assert.deepEqual([first.life, first.isFirst, first.at], [life, true, 0]);
  await pass(500);
  await first.answer(alive());
  await pass(1499);
  assert.equal(asked.length, 0);
  await pass(1);
  const second = next();
  assert.deepEqual([second.isFirst, second.at], [false, PULSE_MS]);
});

test('it has begun when it holds its lease, in this life or in another, or when nothing is heard', async () => {
  const begun = async ({ pulses }: ReturnType<typeof pulsing>): Promise<boolean> => {
    await turns();
    return Promise.race([pulses.begun.then(() => true), turns().then(() => false)]);
  };
  const alive = pulsing();
  assert.equal(await begun(alive), false);
  await alive.next().answer(alive.alive());
  assert.equal(await begun(alive), true);
  const dead = pulsing();
  await dead.next().answer({ type: 'dead' });
  assert.equal(await begun(dead), false);
  await dead.pass(0);
  await dead.next().answer(dead.alive());
  assert.equal(await begun(dead), true);
  const unheard = pulsing();
  await unheard.next().fail();
  assert.equal(await begun(unheard), true);
});

test('what was not heard is sent again: at once, or after five seconds', async () => {
  const { asked, pass, alive, next } = pulsing();
  await next().fail();
  await pass(PULSE_MS);
  const second = next();
  assert.deepEqual([second.isFirst, second.at], [true, PULSE_MS], 'it may not have come');
  await pass(4999);
  assert.equal(asked.length, 0);
  await pass(1);
  await pass(0);
  const third = next();
  assert.equal(third.at, PULSE_MS + 5000);
  await second.answer(alive());
  await third.answer(alive());
  await pass(PULSE_MS);
  assert.equal(next().isFirst, false);
});

test('everybody is told until when lease and feed are believed, from when the pulse was sent; a new line as well', async () => {
  const { told, pulses, pass, alive, next } = pulsing();
  assert.deepEqual(pulses.lease, { type: 'lease', life }, 'nothing is held before the first answer');
  await pass(1000);
  await next().answer(alive());
  const lease = { type: 'lease', life, held: { until: HELD_MS, ahead }, sure: { until: FRESH_MS, ahead } };
  assert.deepEqual(told, [{ type: 'unsure' }, lease]);
  assert.deepEqual(pulses.lease, lease);
});

test('changes and takeovers are told before it is said that all was', async () => {
  const { told, pass, alive, next } = pulsing();
  await next().answer(alive());
  await pass(PULSE_MS);
  told.length = 0;
  const change = {
    type: 'identityChanged',
    identityId: 'i',
    revision: 2,
    state: 'suspended',
    gone: [],
  } as const;
  const lives = [{ node: 'm', incarnation: '9' }];
  await next().answer(alive([change], lives));
  assert.deepEqual(
    told.map((notice) => (notice.type === 'lease' ? notice.type : notice)),
    [change, { type: 'tookOver', lives }, 'lease'],
  );
});

test('a clock that is off that of the store: it is told once, what is due goes by the clock of the store, and its end is told', async () => {
  const { clock, told, pulses, pass, alive, next } = pulsing();
  const off = () => told.filter(({ type }) => type === 'clockOff');
  const aheadBy = async (ms: number, nextAfterMs = PULSE_MS): Promise<void> => {
    const { at, ...answer } = alive() as Extract<PulseAnswer, { type: 'alive' }>;
    await next().answer({ ...answer, at: at - ms });
    await pass(nextAfterMs);
  };
  const dueAt = (): number | undefined => {
    let sent: readonly Change[] = [];
    const apply = (changes: readonly Change[]): readonly Outcome[] => ((sent = changes), []);
    void pulses.guarded(apply)([{ type: 'free', ownerPrefix: 'o', dueAt: clock.now() }], 0);
    const [free] = sent;
    return free?.type === 'free' ? free.dueAt - clock.now() : undefined;
  };
  await aheadBy(1000);
  assert.deepEqual([off(), dueAt()], [[], 0]);
  await aheadBy(3_600_000);
  await aheadBy(3_600_000);
  const isOff = { type: 'clockOff', aheadMs: 3_600_000, isOff: true };
  assert.deepEqual([off(), dueAt()], [[isOff], -3_600_000]);
  await pass(2000);
  await aheadBy(-3_600_000, 0);
  assert.equal(dueAt(), -3_600_000, 'an answer that took long says nothing');
  await aheadBy(0);
  const isRight = { type: 'clockOff', aheadMs: 0, isOff: false };
  assert.deepEqual([off(), dueAt()], [[isOff, isRight], 0]);
});

test('taken for dead: nothing is held from then on, another life begins at once, and is named when it stands in the store', async () => {
  const { told, pulses, pass, alive, next } = pulsing();
  await next().answer(alive());
  await pass(PULSE_MS);
  told.length = 0;
  await next().answer({ type: 'dead' });
  assert.deepEqual(
    told.map((notice) => notice.type === 'lease' && [notice.life, notice.held]),
    [[life, undefined]],
  );
  await pass(0);
  const begins = next();
  assert.equal(begins.isFirst, true);
  assert.equal(begins.life.node, 'n');
  assert.notEqual(begins.life.incarnation, '1');
  await begins.answer(alive());
  assert.deepEqual([pulses.lease.life, pulses.lease.held?.until], [begins.life, PULSE_MS + HELD_MS]);
});

test('a thread that comes after another never begins its life: if nobody knows that any more, another one begins', async () => {
  const { told, pulses, pass, alive, next } = pulsing(false);
  const first = next();
  assert.deepEqual([first.life, first.isFirst], [life, false]);
  await first.answer({ type: 'dead' });
  assert.equal(pulses.lease.held, undefined);
  await pass(0);
  const begins = next();
  assert.equal(begins.isFirst, true);
  assert.notEqual(begins.life.incarnation, life.incarnation);
  await begins.answer(alive());
  const last = told.at(-1);
  assert.deepEqual(last?.type === 'lease' && last.life, begins.life);
});

test('a begin that is not answered for minutes is given up: another life begins', async () => {
  const { pulses, pass, alive, next } = pulsing();
  for (let ms = 0; ms < BEGIN_MS; ms += PULSE_MS) {
    const asked = next();
    assert.deepEqual([asked.life, asked.isFirst], [life, true]);
    await asked.fail();
    await pass(PULSE_MS);
  }
  const begins = next();
  assert.equal(begins.isFirst, true);
  assert.notEqual(begins.life.incarnation, life.incarnation);
  await begins.answer(alive());
  assert.deepEqual(pulses.lease.life, begins.life);
});

const namesake = { node: 'n', incarnation: '7', host: 'h2', until: START };

test('while another has its name it waits, says so once, and begins when that one is over', async () => {
  const { waited, pulses, pass, alive, next } = pulsing();
  let hasBegun = false;
  void pulses.begun.then(() => (hasBegun = true));
  for (let n = 0; n < 3; n += 1) {
    const asked = next();
    assert.equal(asked.isFirst, true);
    await asked.answer({ type: 'taken', by: namesake });
    await pass(PULSE_MS);
  }
  assert.deepEqual(waited, [
    'a node called n is in the store already, incarnation 7, on host h2: if it does not live any more, its lease ends in some seconds',
  ]);
  assert.equal(hasBegun, false);
  await next().answer(alive());
  assert.equal(hasBegun, true);
});

test('another that has its name and lives is named, and this one does not begin', async () => {
  const { pulses, pass, next } = pulsing();
  await next().answer({ type: 'taken', by: namesake });
  await pass(PULSE_MS);
  const rejected = assert.rejects(pulses.begun, {
    name: 'NodeNameTaken',
    message:
      'a node called n is in the store already, incarnation 7, on host h2, and it lives: give each node a name of its own (`node:`), or stop that one',
  });
  await next().answer({ type: 'taken', by: { ...namesake, until: START + PULSE_MS } });
  await rejected;
});

test('taken for dead, and another has its name now: that is told once, nothing is held, and it goes on when that one is over', async () => {
  const { told, pulses, pass, alive, next } = pulsing();
  await next().answer(alive());
  await pass(PULSE_MS);
  told.length = 0;
  await next().answer({ type: 'dead' });
  for (const until of [START, START + PULSE_MS]) {
    await pass(PULSE_MS);
    await next().answer({ type: 'taken', by: { ...namesake, until } });
  }
  assert.deepEqual(
    told.filter(({ type }) => type !== 'lease'),
    [{ type: 'nameTaken', by: namesake }],
  );
  assert.equal(pulses.lease.held, undefined);
  await pass(PULSE_MS);
  await next().answer(alive());
  assert.notEqual(pulses.lease.held, undefined);
});

test('stopped, none is sent any more, and what is answered late gives nothing back', async () => {
  const { asked, pulses, pass, alive, next } = pulsing();
  await next().answer(alive());
  await pass(PULSE_MS);
  const late = next();
  assert.deepEqual(pulses.stop(), life);
  await late.answer(alive());
  assert.equal(pulses.lease.held, undefined);
  await pass(10 * PULSE_MS);
  assert.deepEqual(asked, []);
});

const accept = acceptOf('01KB0000000000000000000000', START, {});
const claim: Change = { type: 'claim', owner: 'n/1/1.1', token: 't', shares: [{ max: 1 }] };
const settle = settleOf('n/1/1.1', [], { type: 'final' }, START);
const again: Change = { ...accept, again: true };
const all: readonly Change[] = [claim, settle, accept, again];

interface Guarded {
  readonly why: string;
  /** Since the last pulse, ms. */
  readonly after: number;
  readonly sent: readonly Change[];
}

const guarded: readonly Guarded[] = [
  { why: 'with lease and feed everything is sent', after: FRESH_MS - 1, sent: all },
  { why: 'nothing is claimed that could not leave', after: FRESH_MS, sent: all.slice(1) },
  { why: 'nor accepted without the lease', after: HELD_MS, sent: [settle, again] },
];

for (const { why, after, sent } of guarded)
  test(`what begins something: ${why}; each has its own outcome`, async () => {
    const { pulses, pass, alive, next } = pulsing();
    await next().answer(alive());
    await pass(after);
    const asked: Change[] = [];
    const apply = (changes: readonly Change[]): readonly Outcome[] => {
      asked.push(...changes);
      return changes.map(({ type }) => ({ type: 'failed', cause: `done: ${type}` }));
    };
    for (const answers of [apply, async (changes: readonly Change[]) => apply(changes)]) {
      asked.length = 0;
      const outcomes = await pulses.guarded(answers)(all, 0);
      assert.deepEqual(asked, sent);
      assert.deepEqual(
        outcomes.map((outcome) => outcome.type === 'failed' && /^done: (.*)/.exec(outcome.cause)?.[1]),
        all.map((change) => (sent.includes(change) ? change.type : undefined)),
      );
    }
  });

test('what was asked before the first pulse is heard waits for the clock of the store, however long the answer takes', async () => {
  const { pulses, pass, alive, next, told } = pulsing();
  const asked: Change[] = [];
  const apply = (changes: readonly Change[]): readonly Outcome[] => {
    asked.push(...changes);
    return changes.map(() => ({ type: 'recorded' }));
  };
  const free: Change = { type: 'free', ownerPrefix: 'o', dueAt: START };
  const outcomes = pulses.guarded(apply)([free, again], 0);
  await pass(3000);
  assert.equal(asked.length, 0);
  const { at, ...answer } = alive() as Extract<PulseAnswer, { type: 'alive' }>;
  await next().answer({ ...answer, at: at - 3_600_000 });
  assert.deepEqual(await outcomes, [{ type: 'recorded' }, { type: 'recorded' }]);
  const halfMs = 1500;
  const dueAts = asked.map((change) => ('dueAt' in change ? change.dueAt - START : undefined));
  assert.deepEqual(dueAts, [-3_600_000 + halfMs, -3_600_000 + halfMs]);
  assert.ok(
    told.every(({ type }) => type !== 'clockOff'),
    'it is not told from a guess',
  );
});

test('a group of which nothing may be sent asks for nothing', async () => {
  const { pulses } = pulsing();
  const outcomes = await pulses.guarded(() => assert.fail('asked'))([accept, claim], 0);
  assert.deepEqual(
    outcomes.map(({ type }) => type),
    ['failed', 'failed'],
  );
});

test('a pulse that says that nothing can be kept: nothing is accepted until another one says otherwise', async () => {
  const { told, pulses, pass, alive, next } = pulsing();
  const accept = acceptOf('01KB0000000000000000000000', START, { owner: 'a' });
  const unfit = { type: 'unfit', cause: 'fsync is off' };
  const applied: Change[][] = [];
  const apply = pulses.guarded((changes) => {
    applied.push([...changes]);
    return changes.map(() => ({ type: 'accepted' }) as const);
  });
  await next().answer({ ...alive(), unfit: 'fsync is off' } as PulseAnswer);
  assert.equal(pulses.unfit, 'fsync is off');
  assert.deepEqual(pulses.refusal([accept]), [unfit]);
  const again: Change = { ...accept, again: true };
  assert.deepEqual(await apply([accept, again], 0), [unfit, { type: 'accepted' }]);
  assert.deepEqual(applied, [[again]], 'only the store knows what came of it');
  assert.equal(pulses.refusal([accept, again]), undefined);
  await pass(PULSE_MS);
  await next().answer({ ...alive(), unfit: 'fsync is off' } as PulseAnswer);
  await pass(PULSE_MS);
  await next().answer(alive());
  assert.equal(pulses.refusal([accept]), undefined);
  assert.deepEqual(
    told.filter(({ type }) => type === 'unfit'),
    [{ type: 'unfit', because: 'fsync is off' }, { type: 'unfit' }],
  );
});

test('why a pulse fails is told at once, then once a minute, and when it does no more', async () => {
  const { told, pulses, pass, alive, next } = pulsing();
  for (let seconds = 0; seconds < 64; seconds += 2) {
    await next().fail();
    await pass(PULSE_MS);
  }
  const failing = { type: 'sideWork', work: 'pulse', because: 'no connection' };
  assert.deepEqual(pulses.sideWorks, { pulse: { failures: 32, because: 'no connection' } });
  assert.deepEqual(pulses.refusal([accept]), [
    {
      type: 'failed',
      cause: 'this node does not hold its lease: no connection',
    },
  ]);
  await next().answer(alive());
  assert.deepEqual(
    told.filter(({ type }) => type === 'sideWork'),
    [failing, failing, { type: 'sideWork', work: 'pulse' }],
  );
  assert.deepEqual(pulses.sideWorks, { pulse: { failures: 32 } });
});
