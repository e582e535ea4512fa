// The queue of `postern send`: killed between any two steps it loses nothing, and doubles nothing but what was on its way.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { EX } from '../base/sysexits.ts';
import { systemClock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { exitOfFlush, type Expiry, flush } from './flush.ts';
import type { Carrier, Left, Outgoing } from './outgoing.ts';
import { openSpool, type Spool } from './spool.ts';
import { SendFailure } from './failure.ts';

const root = mkdtempSync(join(tmpdir(), 'postern-spool-'));
after(() => rmSync(root, { recursive: true, force: true }));
let made = 0;

function newSpool(): { readonly directory: string; readonly spool: Spool } {
  made += 1;
  const directory = join(root, String(made), 'outgoing');
  return { directory, spool: openSpool({ directory, clock: systemClock, entropy: systemEntropy() }) };
}

const outgoing = (text: string, recipients: readonly string[] = ['b@far.example']): Outgoing => ({
  ...{ reversePath: 'a@example.org', recipients, content: Buffer.from(`Subject: ${text}\r\n\r\nhi\r\n`) },
});

const never = (aside: Spool): Expiry => ({ aside, after: '5d', isOver: () => false });
const always = (aside: Spool): Expiry => ({ aside, after: '5d', isOver: () => true });
const asideOf = (directory: string): Spool =>
  openSpool({ directory: join(directory, 'failed'), clock: systemClock, entropy: systemEntropy() });

/** Accepts all but those whose names say otherwise. */
function carrier(accepted: string[], isDown = false): Carrier {
  return {
    async carry({ content, recipients }) {
      const left = recipients.flatMap((forwardPath): Left[] => {
        if (forwardPath.startsWith('later'))
          return [{ forwardPath, again: 'yes', code: EX.TEMPFAIL, problem: '451 later' }];
        if (forwardPath.startsWith('never'))
          return [{ forwardPath, again: 'no', code: EX.NOUSER, problem: '550 unknown' }];
        if (forwardPath.startsWith('lost'))
          return [{ forwardPath, again: 'mayDouble', code: EX.UNAVAILABLE, problem: 'no answer' }];
        return isDown ? [{ forwardPath, again: 'yes', code: EX.TEMPFAIL, problem: 'down' }] : [];
      });
      const subject = /Subject: (.*)\r\n/.exec(Buffer.from(content).toString())?.[1] ?? '';
      const taken = recipients.filter((one) => !left.some(({ forwardPath }) => forwardPath === one));
      accepted.push(...taken.map((one) => `${subject} to ${one}`));
      return {
        left,
        accepted: taken.length,
        isOfHost: isDown,
        code: EX.TEMPFAIL,
        message: 'some were not accepted',
      };
    },
    close: () => Promise.resolve(),
  };
}

test('E-Q-1: an envelope of the longest kind is read again, and one that could not be is not taken', async () => {
  const { spool, directory } = newSpool();
  const long = (from: number) =>
    `never${String(from).padStart(5, '0')}${'x'.repeat(50)}@${'far.'.repeat(60)}example`;
  const recipients = Array.from({ length: 10_000 }, (_, at) => long(at));
  const id = await spool.add(outgoing('long', recipients));
  const report = await flush(
    spool,
    {
      ...carrier([]),
      carry: async () => ({
        left: recipients.map((forwardPath) => ({
          ...{ forwardPath, again: 'no', code: EX.NOUSER, problem: `550 ${'é'.repeat(4000)}` },
        })),
        ...{ accepted: 0, isOfHost: false, code: EX.NOUSER, message: 'none' },
      }),
    },
    undefined,
    never(asideOf(directory)),
  );
  assert.equal(report.failed, 1);
  const kept = await spool.read(id);
  assert.ok(typeof kept === 'object');
  assert.equal(kept.envelope.failed.length, 10_000);
  const many = Array.from({ length: 60_000 }, (_, at) => long(at));
  await assert.rejects(spool.add(outgoing('more', many)), /the envelope is larger than/);
  assert.deepEqual(await spool.ids(), [id]);
});

test('a queue that others could write to is not read either: its mail would go in our name', async () => {
  const { spool, directory } = newSpool();
  await spool.add(outgoing('one'));
  chmodSync(directory, 0o777);
  const asOthers = (error: unknown) => error instanceof SendFailure && error.code === EX.OSERR;
  await assert.rejects(flush(spool, carrier([]), undefined, never(asideOf(directory))), asOthers);
  await assert.rejects(spool.ids(), asOthers);
});

test('what was sent leaves the queue, what was put off waits, what was refused is kept with its reason', async () => {
  const { spool } = newSpool();
  await spool.add(outgoing('one'));
  const mixed = await spool.add(
    outgoing('two', ['b@far.example', 'later@far.example', 'never@far.example', 'lost@far.example']),
  );
  const refused = await spool.add(outgoing('three', ['never@far.example']));
  const accepted: string[] = [];
  const report = await flush(spool, carrier(accepted), undefined, never(spool));
  assert.deepEqual(
    { ...report, stopped: 0 },
    { sent: 1, waiting: 1, failed: 1, damaged: 0, givenUp: 0, stopped: 0 },
  );
  assert.equal(exitOfFlush(report), EX.UNAVAILABLE);
  assert.deepEqual(accepted, ['one to b@far.example', 'two to b@far.example']);
  assert.deepEqual(await spool.ids(), [mixed, refused]);
  const kept = await spool.read(mixed);
  assert.ok(typeof kept === 'object');
  assert.deepEqual(kept.envelope.recipients, ['later@far.example', 'lost@far.example']);
  assert.deepEqual(kept.envelope.failed, [{ forwardPath: 'never@far.example', problem: '550 unknown' }]);
  assert.deepEqual([kept.envelope.tries, kept.envelope.problem], [1, '451 later']);
  assert.equal(Buffer.from(kept.content).toString(), 'Subject: two\r\n\r\nhi\r\n');
});

test('what was refused is tried again only by name', async () => {
  const { spool } = newSpool();
  const id = await spool.add(outgoing('x', ['never@far.example']));
  const asked: string[] = [];
  const asking: Carrier = {
    ...carrier([]),
    carry: (one) => (asked.push(...one.recipients), carrier([]).carry(one)),
  };
  await flush(spool, asking, undefined, never(spool));
  await flush(spool, asking, undefined, never(spool));
  assert.deepEqual(asked, ['never@far.example']);
  await flush(spool, asking, new Set([id]), never(spool));
  assert.deepEqual(asked, ['never@far.example', 'never@far.example']);
  const kept = await spool.read(id);
  assert.ok(typeof kept === 'object' && kept.envelope.failed.length === 1, 'told once');
});

test('a host that takes nothing changes nothing in the queue', async () => {
  const { spool, directory } = newSpool();
  for (let at = 0; at < 40; at += 1) await spool.add(outgoing(String(at)));
  const before = readdirSync(directory).map((name) => readFileSync(join(directory, name), 'utf8'));
  const report = await flush(spool, carrier([], true), undefined, never(spool));
  assert.deepEqual([report.waiting, exitOfFlush(report)], [40, EX.TEMPFAIL]);
  assert.deepEqual(
    readdirSync(directory).map((name) => readFileSync(join(directory, name), 'utf8')),
    before,
  );
});

test('a damaged file is told of and stays; half-written ones go when their writer is gone', async () => {
  const { spool, directory } = newSpool();
  const id = await spool.add(outgoing('x'));
  const path = join(directory, `${id}.mail`);
  writeFileSync(path, readFileSync(path).subarray(0, -1));
  for (const [name, age] of [
    ['A.1.tmp', 7200],
    ['B.1.tmp', 1],
  ] as const) {
    writeFileSync(join(directory, name), '');
    const then = Date.now() / 1000 - age;
    utimesSync(join(directory, name), then, then);
  }
  const report = await flush(spool, carrier([]), undefined, never(spool));
  assert.deepEqual([report.damaged, exitOfFlush(report)], [1, EX.UNAVAILABLE]);
  assert.deepEqual(readdirSync(directory).sort(), [`${id}.mail`, 'B.1.tmp'].sort());
});

test('a file that is named otherwise is no message, and an id that is none names no file', async () => {
  const { spool, directory } = newSpool();
  const id = await spool.add(outgoing('x'));
  for (const name of ['README.mail', `${id.toLowerCase()}.mail`, `${'U'.repeat(26)}.mail`])
    writeFileSync(join(directory, name), '');
  assert.deepEqual(await spool.ids(), [id]);
  await assert.rejects(spool.remove('../outside'), /is no message id/);
  const stored = await spool.read(id);
  assert.ok(typeof stored === 'object');
  await assert.rejects(spool.replace({ ...stored, id: '../outside' }), /is no message id/);
});

test('what could not be sent in time is put aside with its reason, also where nobody came to it; what is sent in time is not', async () => {
  const { spool, directory } = newSpool();
  const aside = asideOf(directory);
  const late = await spool.add(outgoing('late', ['b@far.example', 'later@far.example', 'never@far.example']));
  const mended: string[] = [];
  const report = await flush(spool, carrier(mended), undefined, always(aside));
  assert.deepEqual(mended, ['late to b@far.example']);
  assert.deepEqual([report.givenUp, report.waiting, report.failed], [1, 0, 0]);
  assert.equal(exitOfFlush(report), EX.UNAVAILABLE);
  assert.deepEqual([await spool.ids(), await aside.ids()], [[], [late]]);
  const kept = await aside.read(late);
  assert.ok(typeof kept === 'object');
  assert.deepEqual(kept.envelope.recipients, []);
  assert.deepEqual(kept.envelope.failed, [
    { forwardPath: 'never@far.example', problem: '550 unknown' },
    { forwardPath: 'later@far.example', problem: 'not sent within 5d: 451 later' },
  ]);

  // More than are on their way at once: the server is gone before most are looked at.
  for (let n = 0; n < 40; n += 1) await spool.add(outgoing(`down ${n}`));
  const down = await flush(spool, carrier([], true), undefined, always(aside));
  assert.deepEqual([down.givenUp, down.waiting, exitOfFlush(down)], [40, 0, EX.UNAVAILABLE]);
  assert.equal((await aside.ids()).length, 41);

  assert.ok(await aside.move(late, spool));
  const sent: string[] = [];
  assert.equal((await flush(spool, carrier(sent), new Set([late]), always(aside))).givenUp, 1);
  assert.deepEqual(sent, []);
  assert.equal((await flush(spool, carrier(sent), undefined, always(aside))).givenUp, 0);
});

test('E-Q-7: killed at any step of putting aside, a message is in one of the two places, whole', async () => {
  for (let at = 1, killed = true; killed; at += 1) {
    const { spool, directory } = newSpool();
    const aside = asideOf(directory);
    for (const name of ['one', 'two']) await spool.add(outgoing(name, ['later@far.example']));
    killed = killedAt(
      directory,
      at,
      `const aside = openSpool({ directory: ${JSON.stringify(join(directory, 'failed'))}, clock: systemClock, entropy: systemEntropy(), step });
       await flush(spool, { close: async () => undefined, async carry({ recipients }) {
         return { left: recipients.map((forwardPath) => ({ forwardPath, again: 'yes', code: 75, problem: '' })), accepted: 0, isOfHost: false, code: 75, message: '' };
       } }, undefined, { aside, after: '5d', isOver: () => true });`,
    );
    const [waiting, given] = [await spool.ids(), await aside.ids()];
    assert.equal(new Set([...waiting, ...given]).size, 2, `step ${at}`);
    assert.equal(waiting.length + given.length, 2, `step ${at}`);
    for (const id of waiting) assert.ok(typeof (await spool.read(id)) === 'object', `step ${at}`);
    for (const id of given) assert.ok(typeof (await aside.read(id)) === 'object', `step ${at}`);
    if (!killed) assert.equal(given.length, 2);
    assert.ok(killed || at > 10, 'it was killed at every step there is');
  }
});

test('a queue that others can look into is not used', async () => {
  const { spool, directory } = newSpool();
  await spool.add(outgoing('x'));
  chmodSync(directory, 0o755);
  await assert.rejects(
    spool.add(outgoing('y')),
    (error) => error instanceof SendFailure && error.code === EX.OSERR,
  );
});

const here = (file: string): string => JSON.stringify(join(import.meta.dirname, file));

/** Runs `code` in a process that is killed at step `at` of the queue; true: it was killed. */
function killedAt(directory: string, at: number, code: string): boolean {
  const script = `
    import { appendFileSync } from 'node:fs';
    import { openSpool } from ${here('spool.ts')};
    import { flush } from ${here('flush.ts')};
    import { systemClock } from ${here('../platform/clock.ts')};
    import { systemEntropy } from ${here('../platform/entropy.ts')};
    let steps = 0;
    const step = () => { steps += 1; if (steps === ${at}) process.kill(process.pid, 'SIGKILL'); };
    const spool = openSpool({ directory: ${JSON.stringify(directory)}, clock: systemClock, entropy: systemEntropy(), step });
    ${code}`;
  const { signal, status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  assert.ok(signal === 'SIGKILL' || status === 0, stderr);
  return signal === 'SIGKILL';
}

test('E-Q-7: killed at any step of queueing, a message is there whole or was never taken', async () => {
  for (let at = 1, killed = true; killed; at += 1) {
    const { spool, directory } = newSpool();
    const told = join(root, `told-${at}`);
    killed = killedAt(
      directory,
      at,
      `await spool.add({ reversePath: '', recipients: ['b@far.example'], content: Buffer.from('Subject: x\\r\\n') });
       appendFileSync(${JSON.stringify(told)}, 'x');`,
    );
    const ids = await spool.ids();
    if (existsSync(told)) assert.equal(ids.length, 1, `step ${at}`);
    for (const id of ids) assert.ok(typeof (await spool.read(id)) === 'object', `step ${at}`);
    assert.ok(killed || at > 4, 'it was killed at every step there is');
  }
});

test('E-Q-7: killed at any step of a flush, nothing is lost, and only what was on its way is sent twice', async () => {
  for (let at = 1, killed = true; killed; at += 1) {
    const { spool, directory } = newSpool();
    for (const name of ['one', 'two', 'three'])
      await spool.add(outgoing(name, ['b@far.example', 'later@far.example']));
    await spool.add(outgoing('four'));
    const log = join(root, `accepted-${at}`);
    writeFileSync(log, '');
    killed = killedAt(
      directory,
      at,
      `await flush(spool, { close: async () => undefined, async carry({ content, recipients }) {
         const left = recipients.filter((one) => one.startsWith('later')).map((forwardPath) => ({ forwardPath, again: 'yes', code: 75, problem: '' }));
         for (const one of recipients.filter((two) => !two.startsWith('later'))) appendFileSync(${JSON.stringify(log)}, String(content).slice(9, 12) + one + '\\n');
         return { left, accepted: 1, isOfHost: false, code: 75, message: '' };
       } }, undefined, { aside: spool, after: '', isOver: () => false });`,
    );
    const first = readFileSync(log, 'utf8').split('\n').slice(0, -1);
    const again: string[] = [];
    await flush(spool, carrier(again), undefined, never(spool));
    for (const name of ['one', 'two', 'thr', 'fou']) {
      const copies = [...first, ...again].filter(
        (line) => line.startsWith(name) && line.includes('b@far.example'),
      );
      assert.ok(
        copies.length === 1 || (copies.length === 2 && killed),
        `step ${at}: ${name} ${copies.length} times`,
      );
    }
    for (const id of await spool.ids()) assert.ok(typeof (await spool.read(id)) === 'object', `step ${at}`);
    if (!killed) assert.deepEqual(again, [], 'a flush that ended leaves nothing to send');
    assert.ok(killed || at > 10, 'it was killed at every step there is');
  }
});
