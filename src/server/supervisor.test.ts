// What main does with its threads: a reload reaches those that live and those that are starting in the place of one that died; a drain ends all in time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { parseConfig } from '../config/load.ts';
import { type EngineChoice, engineOf } from '../store/engine-choice.ts';
import { type Incarnation, ownersOfThread } from '../store/owner.ts';
import { changesOf, type CommitQuestion } from '../store/packing.ts';
import { countedEntropy } from '../store/store.contract-fixtures.ts';
import { createLog } from '../observe/log.ts';
import { LineClosed } from '../platform/line.ts';
import type { FrontPlan } from './plan.ts';
import { planOf, storeLimitsOf } from './plan-of-config.ts';
import type { StoreThreadNotice } from './store-thread-notice.ts';
import { createSupervisor } from './supervisor.ts';
import type { Crew, ThreadKind } from './thread.ts';

const config = parseConfig(
  'hostname: msa.example.org\ndomains: [example.org]\nlisteners: [{ port: 25, role: mx, tls: none }]\nrelay: { files: ./out }\n',
  'x',
);
const loaded = { config, file: 'x', directory: '/', path: (name: string) => name };
const planFor = (domain: string): FrontPlan => ({
  ...planOf(loaded, { environment: {}, fronts: 1, connections: 10, ticketKeys: new Uint8Array(48) }),
  domains: [domain],
});
const [OLD, NEW] = [planFor('old.example'), planFor('new.example')];

interface Life {
  readonly kind: ThreadKind;
  /** What main asked it, by the name of the question. */
  readonly asked: string[];
  /** The domains, or the floor, that it uses. */
  goesBy: unknown;
  /** A front's. */
  readonly owner: string | undefined;
  /** The store's. */
  readonly node: Incarnation | undefined;
  readonly alive: boolean;
  /** Main hears this from it. */
  says(notice: StoreThreadNotice): void;
  die(): void;
}

/** Undefined: as it always does. */
type Answer = (kind: ThreadKind, ask: string, nth: number) => Promise<unknown> | undefined;

interface Birth {
  readonly owner?: string;
  readonly node?: Incarnation;
  readonly plan?: FrontPlan;
  readonly settings?: { readonly domains: readonly string[] };
  readonly limits?: { readonly queuedMessagesMax: unknown };
}

const goesBy = ({ plan, settings, limits }: Birth): unknown =>
  plan?.domains ?? settings?.domains ?? limits?.queuedMessagesMax;

/** As text, e.g. `free local/1f…/1.`. */
function committed(question: unknown): string {
  return changesOf(question as CommitQuestion)
    .map((change) => (change.type === 'free' ? `free ${change.ownerPrefix}` : change.type))
    .join();
}

/** Threads that only listen, or answer as they are told; `nth` of its kind. While `births` is held none gets ready. */
function fakeCrew(answer: Answer) {
  const lives: Life[] = [];
  let held: Promise<void> | undefined;
  const crew: Crew = {
    async start({ kind, birth: plain, handlers }) {
      const birth = plain as Birth;
      const asked: string[] = [];
      let alive = true;
      const { promise: ended, resolve } = Promise.withResolvers<string>();
      const life: Life = {
        ...{ kind, asked, goesBy: goesBy(birth), owner: birth.owner, node: birth.node },
        get alive() {
          return alive;
        },
        says: (notice) => handlers?.notice?.(notice),
        die() {
          alive = false;
          resolve('it died');
        },
      };
      lives.push(life);
      const nth = lives.filter((one) => one.kind === kind).length;
      await held;
      return {
        ...{ kind, name: kind, ended },
        line: {
          async ask(question) {
            if (!alive) throw new LineClosed();
            const { ask = Object.keys(question as object)[0] ?? '' } = question as { readonly ask?: string };
            asked.push(ask === 'commit' ? committed(question) : ask);
            life.goesBy = goesBy(question as Birth) ?? life.goesBy;
            const own = answer(kind, ask, nth);
            if (own !== undefined) return own;
            return ask === 'commit' ? [{ type: 'freed', count: 0 }] : true;
          },
          tell: () => undefined,
          close: () => undefined,
        },
        terminate: async () => life.die(),
      };
    },
    connect: () => undefined,
    stop: (lastWords) => lastWords(),
  };
  return { crew, lives, hold: (until: Promise<void> | undefined) => void (held = until) };
}

interface Running {
  readonly fronts?: number;
  readonly answer?: Answer;
  readonly store?: EngineChoice;
}

async function running({ fronts = 1, answer = () => undefined, store = engineOf(loaded) }: Running = {}) {
  const clock = virtualClock(0);
  const { crew, lives, hold } = fakeCrew(answer);
  const logged: string[] = [];
  const log = createLog('warn', { write: (lines) => void logged.push(lines) });
  const supervisor = createSupervisor({
    ...{ store, plan: OLD, storeLimits: storeLimitsOf(loaded), fronts, log },
    ...{ clock, crew, entropy: countedEntropy() },
    writeLog: () => undefined,
  });
  await supervisor.startStore();
  await supervisor.startLookup();
  await supervisor.startFronts();
  await supervisor.listen();
  const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));
  /** Ends the thread; its replacement is starting until `go` is called. */
  async function dying(kind: ThreadKind) {
    const { promise, resolve: go } = Promise.withResolvers<void>();
    hold(promise);
    lives.findLast((life) => life.kind === kind)?.die();
    await turn();
    clock.advance(60_000);
    await turn();
    hold(undefined);
    const born = lives.findLast((life) => life.kind === kind);
    assert.ok(born && born.asked.length === 0, 'it is being born');
    return {
      born,
      async ready() {
        go();
        await turn();
        await turn();
      },
    };
  }
  const alive = (kind: ThreadKind) => lives.filter((life) => life.kind === kind && life.alive);
  return { supervisor, dying, clock, lives, alive, turn, logged };
}

const limits = (queuedMessagesMax: number) => ({ ...storeLimitsOf(loaded), queuedMessagesMax });

const kinds: readonly (readonly [ThreadKind, unknown])[] = [
  ['store', 7],
  ['lookup', ['new.example']],
  ['front', ['new.example']],
];

for (const [kind, wanted] of kinds)
  test(`a reload while a ${kind} thread is being born reaches it`, async () => {
    const { supervisor, dying } = await running();
    const { born, ready } = await dying(kind);
    await supervisor.reload(NEW, limits(7));
    assert.notDeepEqual(born.goesBy, wanted, 'it was born before');
    await ready();
    assert.deepEqual(born.goesBy, wanted);
    assert.deepEqual(supervisor.restarts.missing, []);
    await supervisor.reload(OLD, limits(8));
    assert.notDeepEqual(born.goesBy, wanted, 'and the next reload too');
  });

test('a front that is born while the server drains takes no connections', async () => {
  const { supervisor, dying } = await running();
  const { born, ready } = await dying('front');
  await supervisor.drain(0);
  await ready();
  assert.ok(!born.asked.includes('listen'), born.asked.join());
});

test('a front that hears of a reload while the drain begins takes no connections', async () => {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const answer: Answer = (kind, ask) => (kind === 'front' && ask === 'reload' ? promise : undefined);
  const { supervisor, dying, turn } = await running({ answer });
  const { born, ready } = await dying('front');
  await supervisor.reload(NEW, limits(7));
  await ready();
  await supervisor.drain(0);
  resolve(true);
  await turn();
  assert.deepEqual(born.asked, ['reload', 'drain']);
});

test('a front that is started again listens, and knows where the self-test comes from', async () => {
  const { supervisor, dying } = await running();
  const { born, ready } = await dying('front');
  await supervisor.selfTestFrom('127.1.2.3');
  await ready();
  assert.deepEqual(born.asked, ['selfTest', 'listen']);
});

test('a message of this host is given to no front that is dead', async () => {
  const { supervisor, dying } = await running();
  await dying('front');
  await assert.rejects(supervisor.submit({} as never), { name: 'StoreUnavailable' });
});

test('a front that can not drain does not end the drain of the others', async () => {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const answer: Answer = (kind, ask, nth) => {
    if (kind !== 'front' || ask !== 'drain') return undefined;
    return nth === 1 ? Promise.reject(new Error('no answer from the store')) : promise;
  };
  const { supervisor, turn } = await running({ fronts: 2, answer });
  let isOver = false;
  const drained = supervisor.drain(90_000).then(() => (isOver = true));
  await turn();
  assert.equal(isOver, false);
  resolve(true);
  await drained;
});

test('a front that is born while the server drains ends at once: it would claim mail', async () => {
  const { supervisor, dying, alive } = await running();
  const { ready } = await dying('front');
  await supervisor.drain(0);
  await ready();
  assert.deepEqual(alive('front'), []);
});

for (const kind of ['store', 'lookup'] as const)
  test(`a ${kind} thread that dies during the drain is started again: what is under way needs it`, async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const { supervisor, clock, alive, turn } = await running({
      answer: (of, ask) => (of === 'front' && ask === 'drain' ? promise : undefined),
    });
    const drained = supervisor.drain(90_000);
    alive(kind)[0]?.die();
    await turn();
    clock.advance(60_000);
    await turn();
    assert.equal(alive(kind).length, 1);
    resolve(true);
    await drained;
    await supervisor.stop();
  });

test('a front that can not listen after its birth has claimed mail, maybe: all that its births hold is freed, and the next has a name of its own', async () => {
  const { clock, alive, lives, turn } = await running({
    answer: (kind, ask, nth) =>
      kind === 'front' && ask === 'listen' && nth === 2 ? Promise.reject(new Error('EADDRINUSE')) : undefined,
  });
  alive('front')[0]?.die();
  for (let n = 0; n < 4; n += 1) {
    await turn();
    clock.advance(10_000);
  }
  await turn();
  const owners = lives.flatMap(({ owner }) => owner ?? []);
  assert.equal(new Set(owners).size, 3, owners.join());
  assert.equal(alive('front').length, 1);
  const [ofLivesBefore, ...freed] = lives.flatMap(({ asked }) =>
    asked.filter((ask) => ask.startsWith('free ')),
  );
  assert.equal(ofLivesBefore, 'free local/', 'of this node alone');
  const prefixes = freed.map((ask) => ask.slice('free '.length));
  assert.equal(prefixes.length, 2);
  for (const prefix of prefixes)
    assert.ok(prefix !== '' && owners.every((owner) => owner.startsWith(prefix)), prefix);
});

test('each store thread is told of the same life of the node, whose name all owners bear', async () => {
  const { lives, dying } = await running();
  const { ready } = await dying('store');
  await ready();
  const nodes = lives.flatMap(({ node }) => node ?? []);
  assert.equal(nodes.length, 2);
  const [life] = nodes;
  assert.ok(life);
  assert.deepEqual(nodes[1], life);
  const [owner = ''] = lives.flatMap((one) => one.owner ?? []);
  assert.ok(owner.startsWith(ownersOfThread(life, 1)), owner);
});

test('of a store that several nodes share, a node frees nothing at its start, and ends its life at its stop', async () => {
  const server = { hosts: [], database: 'postern', user: 'postern' };
  const { supervisor, lives } = await running({
    store: { engine: 'postgres', directory: '/', node: 'mail1', server },
  });
  const [store, , front] = lives;
  assert.ok(store && front);
  assert.match(front.owner ?? '', /^mail1\//);
  assert.deepEqual(store.asked, [], 'its new life has given back what those before held');
  await supervisor.stop();
  assert.deepEqual(store.asked, ['end']);
});

test('a store that a single node writes knows no life that could end; and one that is gone ends none, which is told', async () => {
  const embedded = await running();
  await embedded.supervisor.stop();
  assert.ok(embedded.lives.every(({ asked }) => !asked.includes('end')));
  const server = { hosts: [], database: 'postern', user: 'postern' };
  const { supervisor, lives, logged } = await running({
    store: { engine: 'postgres', directory: '/', node: 'mail1', server },
  });
  lives[0]?.die();
  await supervisor.stop();
  assert.match(logged.join(''), /others take over from this node when its lease is over/);
});

test('a node that was taken for dead goes on in another life: in its name all threads are born from then on', async () => {
  const { supervisor, lives, dying, alive, logged } = await running();
  const [store] = alive('store');
  const first = store?.node ?? assert.fail('no node');
  assert.equal(supervisor.lease.mayAct(), true, 'nobody spoke of a lease');
  store?.says({ type: 'lease', life: first });
  assert.equal(supervisor.lease.mayAct(), false, 'it is not held');
  store?.says({ type: 'tookOver', lives: [{ node: 'other', incarnation: '7' }] });
  const life = { ...first, incarnation: 'another' };
  store?.says({ type: 'lease', life });
  for (const kind of ['store', 'front'] as const) await (await dying(kind)).ready();
  assert.deepEqual(alive('store')[0]?.node, life);
  const [front] = alive('front');
  assert.ok(front?.owner?.startsWith(ownersOfThread(life, 1)), front?.owner);
  assert.ok(lives.some(({ asked }) => asked.includes(`free ${ownersOfThread(life, 1)}`)));
  const warned = logged.join('').split('\n');
  const count = (text: string): number => warned.filter((line) => line.includes(text)).length;
  assert.equal(count('"node":"other","incarnation":"7"'), 1);
  assert.equal(count('"incarnation":"another"'), 1);
});
