// The queue of `postern send` with a real server: offline times, two flushes at once, and SIGKILL at any moment.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { delivered, eventually, HANGING_MS, PASSWORD, startServer, type TestServer } from './server.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const login = 'alice@example.org';
/** As many as one connection has under way (src/send/flush.ts). */
const WINDOW = 16;
let server: TestServer;

before(async () => {
  server = await startServer({
    extra: 'limits: { identity: { messagesPerHour: none, recipientsPerHour: none } }',
  });
  const { directory, submission, certificate } = server;
  writeFileSync(
    join(directory, 'send.yaml'),
    `host: localhost\nport: ${submission}\naddress: ${login}\npassword: ${PASSWORD}\nca: ${certificate}\nqueue: offline\nqueueDirectory: ./outgoing\n`,
    { mode: 0o600 },
  );
});
after(async () => {
  await server[Symbol.asyncDispose]();
});

const argumentsOf = (args: readonly string[]): readonly string[] => [
  ...[MAIN, 'send', '--config', join(server.directory, 'send.yaml'), ...args],
];

function send(
  args: readonly string[],
  input = '',
): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, argumentsOf(args), { input, encoding: 'utf8', timeout: HANGING_MS });
}

const message = (subject: string): string => `To: x@far.example\nSubject: ${subject}\n\nhello\n`;

function queued(): readonly string[] {
  return readdirSync(join(server.directory, 'outgoing')).filter((name) => name.endsWith('.mail'));
}

/** How often each subject that begins with this was delivered. */
function copies(beginning: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { bytes } of delivered(server.outbox)) {
    const subject = /\r\nSubject: (.*)\r\n/.exec(bytes.toString())?.[1] ?? '';
    if (subject.startsWith(beginning)) found.set(subject, (found.get(subject) ?? 0) + 1);
  }
  return found;
}

const arrived = (beginning: string, count: number): Promise<ReadonlyMap<string, number>> =>
  eventually(`${count} of ${beginning}`, 30, () => {
    const found = copies(beginning);
    return found.size === count && found;
  });

/** Runs it and kills it after this many milliseconds; its exit code, or null if it was killed. */
async function killedAfter(ms: number, args: readonly string[], input = ''): Promise<number | null> {
  const child = spawn(process.execPath, argumentsOf(args), { stdio: ['pipe', 'ignore', 'ignore'] });
  const gone = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const timer = AbortSignal.timeout(ms);
  timer.addEventListener('abort', () => child.kill('SIGKILL'));
  return gone;
}

test('offline, mail goes into the queue and out with the next flush; --list and --remove', async () => {
  await server.stop();
  assert.deepEqual(send(['-t'], message('offline 1')).status, 0);
  assert.deepEqual(send(['-t'], message('offline 2')).status, 0);
  const down = send(['--flush']);
  assert.equal(down.status, 75, down.stderr);
  assert.match(down.stderr, /2 wait/);
  const [first, second] = (JSON.parse(send(['--list', '--json']).stdout) as { messages: { id: string }[] })
    .messages;
  assert.equal(send(['--remove', first?.id ?? '']).status, 0);
  assert.match(send(['--list']).stdout, new RegExp(`^${second?.id} .*<x@far.example> +waits`));
  await server.start();
  assert.equal(send(['--flush']).status, 0);
  await arrived('offline', 1);
  assert.deepEqual([...copies('offline')], [['offline 2', 1]]);
  assert.equal(send(['--list']).stdout, '');
});

test('what the server refuses is not queued but told at once; in the queue it is kept with the reason', () => {
  const foreign = ['-f', 'bob@example.org', 'x@far.example'];
  assert.equal(send(foreign, message('foreign')).status, 77);
  assert.equal(send(['--queue', ...foreign], message('foreign')).status, 0);
  const flushed = send(['--flush']);
  assert.equal(flushed.status, 69, flushed.stderr);
  assert.match(send(['--list']).stdout, /refused for good: 550 5\.7\.1/);
  for (const name of queued()) assert.equal(send(['--remove', name.slice(0, 26)]).status, 0);
});

async function queueMany(name: string, count: number): Promise<void> {
  const { openSpool } = await import('../../src/send/spool.ts');
  const { systemClock } = await import('../../src/platform/clock.ts');
  const { systemEntropy } = await import('../../src/platform/entropy.ts');
  const directory = join(server.directory, 'outgoing');
  const spool = openSpool({ directory, clock: systemClock, entropy: systemEntropy() });
  for (let at = 0; at < count; at += 1) {
    const content = Buffer.from(`From: ${login}\r\n${message(`${name} ${at}`).replaceAll('\n', '\r\n')}`);
    await spool.add({ reversePath: login, recipients: ['x@far.example'], content });
  }
}

/** Dates the message back by this many days. */
function aged(name: string, days: number): void {
  const path = join(server.directory, 'outgoing', name);
  const bytes = readFileSync(path, 'latin1');
  const end = bytes.indexOf('\n');
  const envelope = JSON.parse(bytes.slice(0, end)) as { queuedAt: number };
  envelope.queuedAt -= days * 86_400_000;
  writeFileSync(path, JSON.stringify(envelope) + bytes.slice(end), 'latin1');
}

test('what could not be sent for five days is put aside and told; by name it is sent all the same', async () => {
  await server.stop();
  for (const subject of ['old one', 'young one']) assert.equal(send(['-t'], message(subject)).status, 0);
  const [old = '', young = ''] = queued().toSorted();
  aged(old, 5);
  aged(young, 4);
  const flushed = send(['--flush']);
  assert.equal(flushed.status, 69, flushed.stderr);
  assert.match(
    flushed.stderr,
    /1 could not be sent within 5d: they are in .*outgoing\/failed, to be sent by --flush ID/,
  );
  assert.deepEqual(queued(), [young]);
  assert.deepEqual(readdirSync(join(server.directory, 'outgoing/failed')), [old]);
  const listed = send(['--list']).stdout;
  assert.match(listed, new RegExp(`${old.slice(0, 26)} .*given up: not sent within 5d: `));
  assert.match(listed, new RegExp(`${young.slice(0, 26)} .*waits`));
  assert.match(
    send(['--list', '--json']).stdout,
    new RegExp(`"givenUp": \\[\\s*\\{\\s*"id": "${old.slice(0, 26)}"`),
  );
  assert.equal(send(['--flush']).status, 75, 'it is told once');

  await server.start();
  assert.equal(send(['--flush']).status, 0);
  await arrived('young one', 1);
  assert.equal(copies('old one').size, 0);
  assert.equal(send(['--flush', old.slice(0, 26)]).status, 0);
  await arrived('old one', 1);
  assert.deepEqual(readdirSync(join(server.directory, 'outgoing/failed')), []);
});

test('two flushes at once send nothing twice', async () => {
  await queueMany('both', 100);
  const ends = await Promise.all([1, 2, 3].map(() => killedAfter(HANGING_MS, ['--flush'])));
  assert.ok(ends.includes(0) && ends.every((code) => code === 0 || code === 75), ends.join(' '));
  const found = await arrived('both', 100);
  assert.ok([...found.values()].every((count) => count === 1));
  assert.deepEqual(queued(), []);
});

test('E-Q-7: SIGKILL at any moment of queueing loses nothing that was taken, and doubles nothing', async () => {
  const taken: string[] = [];
  const maybe: string[] = [];
  for (let at = 0; at < 24; at += 1) {
    const subject = `killed ${at}.`;
    const code = await killedAfter(40 + at * 6, ['--queue', '-t'], message(subject));
    if (code === 0) taken.push(subject);
    else maybe.push(subject);
  }
  assert.equal(send(['--flush']).status, 0);
  const queuedOnes = await eventually('all that were taken', 20, () => {
    const found = copies('killed');
    return taken.every((subject) => found.has(subject)) && found;
  });
  for (const [subject, count] of queuedOnes) assert.equal(count, 1, subject);
  assert.ok(maybe.length > 0, 'some were killed');
});

test('E-Q-7: SIGKILL at any moment of a flush loses nothing, and doubles what one connection had under way at most', async () => {
  const COUNT = 300;
  await queueMany('flushed', COUNT);
  let kills = 0;
  for (let at = 0; queued().length > 0 && at < 40; at += 1) {
    const code = await killedAfter(150 + ((at * 37) % 200), ['--flush']);
    if (code === null) kills += 1;
  }
  assert.ok([0, 75].includes(send(['--flush']).status ?? -1));
  assert.deepEqual(queued(), []);
  const found = await arrived('flushed', COUNT);
  const doubles = [...found.values()].reduce((sum, count) => sum + count - 1, 0);
  assert.ok(kills > 0, 'it was killed');
  assert.ok(doubles <= kills * WINDOW, `${doubles} doubles after ${kills} kills`);
});
