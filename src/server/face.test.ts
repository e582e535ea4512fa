// Main's part of the console, over threads that do as they are told: what dies is replaced and gets its lines again, and what hangs holds nobody up.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../test/fakes/administration.ts';
import { virtualClock } from '../../test/fakes/clock.ts';
import { turns } from '../../test/fakes/front.ts';
import { parseConfig } from '../config/load.ts';
import { createLog } from '../observe/log.ts';
import type { Line } from '../platform/line.ts';
import { type FaceBirth, type FaceConfig, faceConfigOf, originOf } from './face-body.ts';
import { startFace } from './face.ts';
import type { FrontPlan } from './plan.ts';
import type { StoreFigures } from './store-body.ts';
import type { Thread, ThreadOptions } from './thread.ts';

const loadedOf = (hostname: string) => {
  const text = `hostname: ${hostname}\ndomains: [example.org]\nrelay: { smarthost: 'smtp://u@mta', password: Tr0ub4dor }\ntls: { cert: c, key: k }\nconsole: {}`;
  return { file: 'x', directory: '/', config: parseConfig(text, 'x'), path: (name: string) => name };
};
const { console: configured } = loadedOf('a.example.org').config;
const listen = configured === 'off' ? assert.fail('it is configured') : configured;

interface Born {
  readonly options: ThreadOptions;
  readonly asked: unknown[];
  isTerminated: boolean;
  die(because: string): void;
}

async function begin({ answers = true } = {}) {
  const clock = virtualClock(Date.UTC(2026, 0, 2));
  const births: Born[] = [];
  const adopted = new Set<Thread>();
  const inForce = { loaded: loadedOf('a.example.org'), plan: { certificates: [] } as unknown as FrontPlan };
  let refuses = 0;
  let held: Promise<void> | undefined;
  const copies = { open: 0 };
  let figures = new Promise<StoreFigures>(() => undefined);
  const face = await startFace(listen, {
    ...{ clock, inForce, log: createLog('fatal', { write: () => undefined }) },
    crew: {
      start: async (options) => {
        if ((refuses -= 1) >= 0) throw new Error('no memory');
        await held;
        const { promise: ended, resolve } = Promise.withResolvers<string>();
        const asked: unknown[] = [];
        const line: Line = {
          ask: (question) => {
            asked.push(question);
            return answers ? Promise.resolve('answered') : new Promise(() => undefined);
          },
          tell: () => undefined,
          close: () => undefined,
        };
        const born: Born = { options, asked, die: resolve, isTerminated: false };
        births.push(born);
        return {
          ...{ ...options, line, ended },
          async terminate() {
            born.isTerminated = true;
            resolve('terminated');
          },
        };
      },
      connect: () => undefined,
      stop: () => Promise.resolve(),
    },
    supervisor: {
      adopt(thread) {
        adopted.add(thread);
        return () => void adopted.delete(thread);
      },
      frontFigures: () => Promise.resolve([]),
      storeFigures: () => figures,
    },
    administration: openOffice({
      copy: async () => {
        copies.open += 1;
        return { content: (async function* () {})(), close: async () => void (copies.open -= 1) };
      },
    }).ports,
    condition: { startedAt: 0, health: () => Promise.resolve({ problems: [], warnings: [] }) },
    readiness: { look: () => Promise.resolve([]) },
    selfTest: { status: { verdict: 'passed', findings: [] } },
  });
  const refuse = (times: number): void => void (refuses = times);
  /** The next ones are being started until this is called. */
  function hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    held = promise;
    return resolve;
  }
  const storeFigures = {
    resolve: (said: Pick<StoreFigures, 'nearLimits'>) =>
      void (figures = Promise.resolve(said as StoreFigures)),
    hang: () => void (figures = new Promise(() => undefined)),
  };
  return { face, clock, births, adopted, inForce, refuse, hold, copies, storeFigures };
}

test('a thread that died is replaced, has its lines, and starts with the configuration of now', async () => {
  const { face, clock, births, adopted, inForce } = await begin();
  assert.deepEqual([births.length, adopted.size], [1, 1]);
  inForce.loaded = loadedOf('b.example.org');
  births[0]?.die('out of memory\n    at a stack');
  await turns();
  assert.deepEqual(face.restarts.missing, [{ name: 'face', because: 'out of memory' }]);
  assert.equal(adopted.size, 0);
  await assert.rejects(face.link('root'), /being started again/);
  clock.advance(200);
  await turns();
  assert.deepEqual([births.length, adopted.size, face.restarts.missing], [2, 1, []]);
  const birth = births[1]?.options.birth as FaceBirth | undefined;
  assert.equal(birth?.loaded.config.hostname, 'b.example.org');
  assert.equal(await face.link('root'), 'answered');
});

test('one that can not be started is tried again, and is missing until then', async () => {
  const { face, clock, births, refuse } = await begin();
  refuse(2);
  births[0]?.die('killed');
  await turns();
  clock.advance(200);
  await turns();
  assert.deepEqual(face.restarts.missing, [{ name: 'face', because: 'no memory' }]);
  clock.advance(10_000);
  await turns();
  clock.advance(10_000);
  await turns();
  assert.deepEqual([births.length, face.restarts.missing], [2, []]);
});

test('a copy that the thread was sending takes no space any more when it ends', async () => {
  const { births, copies } = await begin();
  await births[0]?.options.handlers?.answer?.({ ask: 'copy' });
  assert.equal(copies.open, 1);
  births[0]?.die('out of memory');
  await turns();
  assert.equal(copies.open, 0);
});

test('while it is started again a reload waits for nobody, and what it brought is told to the new one', async () => {
  const { face, clock, births, inForce, hold } = await begin();
  const release = hold();
  births[0]?.die('killed');
  await turns();
  clock.advance(200);
  await turns();
  inForce.loaded = loadedOf('b.example.org');
  await face.reload(inForce.loaded);
  release();
  await turns();
  const told = (births[1]?.asked[0] as { readonly loaded?: FaceConfig } | undefined)?.loaded;
  assert.equal(told?.config.hostname, 'b.example.org');
});

test('one that comes up after the stop is ended, and gets no lines', async () => {
  const { face, clock, births, adopted, hold } = await begin();
  const release = hold();
  births[0]?.die('killed');
  await turns();
  clock.advance(200);
  await turns();
  await face.stop();
  release();
  await turns();
  assert.deepEqual([births.length, births[1]?.isTerminated, adopted.size], [2, true, 0]);
});

test('a console that hangs holds no reload up', async () => {
  const { face, clock, births } = await begin({ answers: false });
  let isDone = false;
  const reloading = face.reload(loadedOf('b.example.org')).then(() => void (isDone = true));
  await turns();
  assert.deepEqual([births[0]?.asked.length, isDone], [1, false]);
  clock.advance(2_000);
  await reloading;
});

test('what the thread tells of domains and the trail is kept, also when it is replaced', async () => {
  const { face, clock, births } = await begin();
  assert.deepEqual(face.figures, { refusedTokens: 0 });
  const domains = { watched: 2, asked: 1, wrong: 1, unknown: 0 };
  const verified = { endedAt: 5, isBroken: false };
  for (const notice of [{ domains }, { verified }, { refusedToken: { because: 'unknown', address: 'x' } }])
    births[0]?.options.handlers?.notice?.(notice);
  births[0]?.die('killed');
  await turns();
  clock.advance(200);
  await turns();
  assert.deepEqual(face.figures, { refusedTokens: 1, domains, verified });
});

test('whose limits are near their end is asked of the store thread, and not waited for long', async () => {
  const { clock, births, storeFigures } = await begin();
  const answer = () => births[0]?.options.handlers?.answer?.({ ask: 'nearLimits' });
  storeFigures.resolve({ nearLimits: ['i1'] });
  assert.deepEqual(await answer(), ['i1']);
  storeFigures.hang();
  const asked = assert.rejects(Promise.resolve(answer()), /no answer in time/);
  await turns();
  clock.advance(2_000);
  await asked;
});

test('after the stop nothing is started', async () => {
  const { face, clock, births } = await begin();
  await face.stop();
  await turns();
  clock.advance(60_000);
  await turns();
  assert.equal(births.length, 1);
  assert.deepEqual(face.restarts.missing, []);
});

test('no secret of the configuration crosses into the thread', async () => {
  const { births } = await begin();
  const crossed = JSON.stringify(births[0]?.options.birth);
  assert.doesNotMatch(crossed, /Tr0ub4dor/);
  assert.match(crossed, /smtp:\/\/u@mta/);
  assert.equal(faceConfigOf(loadedOf('a.example.org')).config.relay.password, '(not shown)');
});

test('browsers call it by its origin, or by where it listens', () => {
  assert.equal(originOf(listen, 'msa.example.org'), 'http://127.0.0.1:8588');
  assert.equal(originOf({ ...listen, address: '::1', port: 9 }, 'msa.example.org'), 'http://[::1]:9');
  assert.equal(
    originOf({ ...listen, origin: 'https://c.example.org' }, 'msa.example.org'),
    'https://c.example.org',
  );
  const safe = { ...listen, address: '::', tls: true };
  assert.equal(originOf(safe, 'msa.example.org'), 'https://msa.example.org:8588');
  assert.equal(originOf({ ...safe, port: 443 }, 'msa.example.org'), 'https://msa.example.org');
});

test('a console that says nothing for half a minute is ended and replaced; a link is not waited for that long', async () => {
  const { face, clock, births } = await begin({ answers: false });
  const asked = assert.rejects(face.link('root'), /made no link: no answer in time; try again/);
  await turns();
  clock.advance(10_000);
  await asked;
  await turns();
  assert.deepEqual(births[0]?.asked.at(-1), { alive: true });
  clock.advance(29_999);
  await turns();
  assert.equal(births.length, 1);
  clock.advance(1);
  await turns();
  clock.advance(200);
  await turns();
  assert.equal(births.length, 2);
});

test('a console that answers is left alone', async () => {
  const { face, clock, births } = await begin();
  for (let at = 0; at < 20; at += 1) {
    clock.advance(10_000);
    await turns();
  }
  assert.deepEqual([births.length, face.restarts.missing], [1, []]);
});
