import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { type Line, openLine } from '../platform/line.ts';
import type { Lookups } from './lookups.ts';
import { openMemoryStore } from './memory/store.ts';
import type { Change, Outcome, StoreNotice } from './port.ts';
import { StoreUnavailable } from './port.ts';
import { changesOf, type CommitQuestion } from './packing.ts';
import { createRemoteStore, UNKNOWN_MS_MAX } from './remote.ts';
import { createRemoteLookups, lookupAnswerer } from './remote-lookups.ts';
import { storeContract } from './store.contract.ts';
import { acceptOf, countedEntropy, type Open, START, virtualClock } from './store.contract-fixtures.ts';

interface Answering {
  commit(changes: readonly Change[]): Promise<readonly Outcome[]>;
  readonly lookups: Lookups;
}

/** Both ends of a line between a front and the threads that own the store. */
function lineTo(
  { commit, lookups }: Answering,
  noticed: (notice: StoreNotice) => void,
): { front: Line; back: Line } {
  const { port1, port2 } = new MessageChannel();
  const answerer = lookupAnswerer(lookups);
  const answer = (question: unknown): Promise<unknown> =>
    answerer.isLookup(question) ? answerer.answer(question) : commit(changesOf(question as CommitQuestion));
  const front = openLine(port1, { notice: (notice) => noticed(notice as StoreNotice) });
  return { front, back: openLine(port2, { answer }) };
}

const open: Open = async (options) => {
  const memory = openMemoryStore(options);
  const lines: Line[] = [];

  /** A front, with a line of its own. */
  function front() {
    const store = createRemoteStore({ clock: options.clock, stage: (id) => memory.store.stage(id) });
    const lookups = createRemoteLookups();
    return {
      ...{ store, lookups },
      connect() {
        const line = lineTo(
          { commit: (changes) => memory.store.commit(changes), lookups: memory.lookups },
          store.noticed,
        );
        memory.store.subscribe((notice) => line.back.tell(notice));
        store.connect(line.front);
        lookups.connect(line.front);
        lines.push(line.front, line.back);
      },
    };
  }

  const { store, lookups, connect } = front();
  connect();
  const opened = {
    ...{ store, lookups },
    async beside() {
      const other = front();
      other.connect();
      return other.store;
    },
    async restart() {
      for (const line of lines.splice(0)) line.close();
      memory.crash();
      connect();
      return opened;
    },
    close() {
      for (const line of lines) line.close();
      memory.close();
    },
  };
  return opened;
};

storeContract('remote', open);

/** A store that answers when the test says so, so that a line can break in between. */
function slowStore(): Answering & { readonly asked: (readonly Change[])[]; answerAll(): void } {
  const memory = openMemoryStore({ clock: virtualClock(), entropy: countedEntropy() });
  const asked: (readonly Change[])[] = [];
  let waiting: (() => void)[] = [];
  return {
    lookups: memory.lookups,
    asked,
    async commit(changes) {
      asked.push(changes);
      const outcomes = await memory.store.commit(changes);
      await new Promise<void>((resolve) => waiting.push(resolve));
      return outcomes;
    },
    answerAll() {
      for (const resolve of waiting) resolve();
      waiting = [];
    },
  };
}

/** The value after it has crossed a line. */
const change = structuredClone(acceptOf('01M86CH3M00011V2MG9H7ZYNWV', START, {}));
/** Somebody waits for it, so that it is on its way at once. */
const freeing = { type: 'free', ownerPrefix: 'nobody', dueAt: START } as const;

function front(t: TestContext) {
  const clock = virtualClock();
  const store = createRemoteStore({
    clock,
    stage: () => Promise.reject(new Error('nothing is staged here')),
  });
  const back = slowStore();
  const lines: Line[] = [];
  t.after(() => lines.forEach((line) => line.close()));
  return {
    clock,
    store,
    back,
    connect(): Line {
      const line = lineTo(back, store.noticed);
      lines.push(line.front, line.back);
      store.connect(line.front);
      return line.back;
    },
  };
}

/** Lets everything that was said arrive. */
async function arrive(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
}

test('5321-y: remote: what was asked over a line that broke is asked again over the next, and is done once', async (t) => {
  const { store, back, connect } = front(t);
  const first = connect();
  const accepting = store.commit([change]);
  const answered = store.commit([freeing]);
  await arrive();
  assert.deepEqual(back.asked, [[change], [freeing]]);
  assert.notEqual(await back.lookups.message(change.message.id), undefined, 'it is in the store already');
  first.close();
  await arrive();
  const late = store.commit([freeing]);
  connect();
  await arrive();
  assert.deepEqual(back.asked.slice(2), [[{ ...change, again: true }], [freeing], [freeing]]);
  back.answerAll();
  assert.deepEqual(await Promise.all([accepting, answered, late]), [
    [{ type: 'accepted' }],
    [{ type: 'freed', count: 0 }],
    [{ type: 'freed', count: 0 }],
  ]);
  assert.equal(await back.lookups.queueCount({}), 1);
  assert.equal((await back.lookups.eventsOfMessage(change.message.id, 9)).length, 1);
  // An answered question is not asked again.
  connect();
  await arrive();
  assert.equal(back.asked.length, 5);
});

test('5321-y: remote: who is answered over two lines takes the place of nobody who asked meanwhile', async (t) => {
  const { store, back, connect } = front(t);
  connect();
  const twice = store.commit([freeing]);
  await arrive();
  // Both lines stand, so it is answered over each.
  connect();
  await arrive();
  assert.equal(back.asked.length, 2);
  let later: Promise<readonly Outcome[]> | undefined;
  const asking = twice.then(() => {
    later = store.commit([change]);
  });
  back.answerAll();
  await asking;
  await arrive();
  back.answerAll();
  assert.deepEqual(await later, [{ type: 'accepted' }]);
});

test('remote: what is asked before there is a line waits for it', async (t) => {
  const { store, back, connect } = front(t);
  const asked = store.commit([freeing]);
  await arrive();
  store.disconnect();
  connect();
  await arrive();
  back.answerAll();
  assert.deepEqual(await asked, [{ type: 'freed', count: 0 }]);
});

test('remote: after thirty seconds without an answer the outcome is unknown, and nothing is asked again', async (t) => {
  const { clock, store, back, connect } = front(t);
  connect();
  let state = 'open';
  const asked = store.commit([change]).catch((error: unknown) => {
    state = 'unknown';
    return error;
  });
  await arrive();
  clock.advance(UNKNOWN_MS_MAX - 1);
  await arrive();
  assert.equal(state, 'open');
  clock.advance(1);
  assert.ok((await asked) instanceof StoreUnavailable);
  assert.equal(UNKNOWN_MS_MAX, 30_000);
  connect();
  back.answerAll();
  await arrive();
  assert.deepEqual(back.asked, [[change]]);
  // Each question has its own thirty seconds.
  const next = store.commit([freeing]);
  clock.advance(UNKNOWN_MS_MAX - 1);
  await arrive();
  back.answerAll();
  assert.deepEqual(await next, [{ type: 'freed', count: 0 }]);
  clock.advance(UNKNOWN_MS_MAX);
});

test('remote: a store that has been out for thirty seconds is not waited for, until there is a line again', async (t) => {
  for (const how of ['it is told', 'a question finds out'] as const) {
    const { clock, store, back, connect } = front(t);
    const first = connect();
    if (how === 'it is told') store.disconnect();
    else first.close();
    await arrive();
    const inDoubt = store.commit([change]).catch((error: unknown) => error);
    await arrive();
    clock.advance(UNKNOWN_MS_MAX - 1);
    const late = store.commit([freeing]);
    clock.advance(1);
    assert.ok((await inDoubt) instanceof StoreUnavailable, how);
    const failed = { type: 'failed', cause: 'the store has been away for more than 30 s' };
    assert.deepEqual(await store.commit([change, freeing]), [failed, failed], how);
    connect();
    await arrive();
    back.answerAll();
    assert.deepEqual(await late, [{ type: 'freed', count: 0 }], how);
    assert.deepEqual(back.asked, [[freeing]], 'what failed was not done');
  }
});

test('remote: a store that fails says so at once, as an outcome that is unknown', async (t) => {
  const store = createRemoteStore({ clock: virtualClock(), stage: () => Promise.reject(new Error('no')) });
  const { lookups } = openMemoryStore({ clock: virtualClock(), entropy: countedEntropy() });
  const line = lineTo(
    { commit: () => Promise.reject(new RangeError('disk I/O error')), lookups },
    store.noticed,
  );
  t.after(() => line.front.close());
  store.connect(line.front);
  await assert.rejects(store.commit([freeing]), { name: 'StoreUnavailable', message: 'disk I/O error' });
});

/** Look-ups whose one content has three pieces, over lines of their own. */
function reading(t: TestContext, word: string) {
  const memory = openMemoryStore({ clock: virtualClock(), entropy: countedEntropy() });
  const state = { open: 0, read: 0 };
  async function* pieces(): AsyncGenerator<Uint8Array> {
    state.open += 1;
    try {
      for (const at of [1, 2, 3]) {
        state.read = at;
        yield Buffer.from(`${word}${at} `);
      }
    } finally {
      state.open -= 1;
    }
  }
  const lookups: Lookups = {
    ...memory.lookups,
    content: async (id) => (id === 'none' ? undefined : pieces()),
  };
  const { port1, port2 } = new MessageChannel();
  const answerer = lookupAnswerer(lookups);
  const back = openLine(port2, {
    answer: (question) => (answerer.isLookup(question) ? answerer.answer(question) : 'no look-up'),
  });
  port2.on('close', () => answerer.close());
  t.after(() => back.close());
  return { front: openLine(port1, {}), back, state };
}

test('remote: content comes piece by piece, and is closed at the other end when it is left', async (t) => {
  const { front: line, state } = reading(t, 'piece');
  const lookups = createRemoteLookups();
  lookups.connect(line);
  assert.equal(await lookups.content('none'), undefined);
  const whole: string[] = [];
  for await (const piece of (await lookups.content('x')) ?? []) whole.push(Buffer.from(piece).toString());
  assert.deepEqual(whole, ['piece1 ', 'piece2 ', 'piece3 ']);
  assert.equal(state.open, 0);
  for await (const piece of (await lookups.content('x')) ?? []) {
    assert.equal(Buffer.from(piece).toString(), 'piece1 ');
    assert.deepEqual([state.open, state.read], [1, 1]);
    break;
  }
  assert.equal(state.open, 0);
});

test('F-TX-4: remote: content that was begun over one line is never continued from another', async (t) => {
  const [old, fresh] = [reading(t, 'old'), reading(t, 'fresh')];
  const lookups = createRemoteLookups();
  lookups.connect(old.front);
  const begun = (await lookups.content('x'))?.[Symbol.asyncIterator]();
  assert.ok(begun);
  assert.equal(Buffer.from((await begun.next()).value ?? []).toString(), 'old1 ');
  old.back.close();
  await arrive();
  assert.equal(old.state.open, 0, 'the other end has closed what it had open');
  lookups.connect(fresh.front);
  const other = (await lookups.content('y'))?.[Symbol.asyncIterator]();
  assert.ok(other);
  await assert.rejects(begun.next(), StoreUnavailable);
  assert.equal(Buffer.from((await other.next()).value ?? []).toString(), 'fresh1 ');
  assert.deepEqual(await begun.next(), { done: true, value: undefined });
  await other.return?.();
});

test('remote: look-ups without a line, or over one that breaks, are unavailable; a failed one says why', async (t) => {
  const { front: line, back } = reading(t, 'x');
  const lookups = createRemoteLookups();
  await assert.rejects(lookups.queueCount({}), StoreUnavailable);
  lookups.connect(line);
  assert.equal(await lookups.queueCount({}), 0);
  await assert.rejects(line.ask({ contentNext: 7 }), /this content is not open/);
  assert.equal(await line.ask({ contentClose: 7 }), undefined);
  for (const question of [undefined, null, 'lookup', 7, {}])
    assert.equal(await line.ask(question), 'no look-up');
  const open = lookups.queueCount({});
  back.close();
  await assert.rejects(open, StoreUnavailable);
  await assert.rejects(lookups.identityByLogin('x'), StoreUnavailable);
  lookups.disconnect();
  await assert.rejects(lookups.content('x'), StoreUnavailable);
});

test('remote: every look-up of the port goes over the line', () => {
  const { lookups } = openMemoryStore({ clock: virtualClock(), entropy: countedEntropy() });
  const { connect, disconnect, ...remote } = createRemoteLookups();
  assert.deepEqual(Object.keys(remote).sort(), Object.keys(lookups).sort());
  assert.deepEqual([typeof connect, typeof disconnect], ['function', 'function']);
});
