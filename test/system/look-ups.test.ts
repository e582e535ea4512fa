// Questions to a running server: the fast path, without commander and the schema, answers to the byte as the whole program does.

import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fillQueue, type Queued } from '../../bench/queued.ts';
import type { QueueTotals } from '../../src/store/lookups.ts';
import { startServer, type TestServer } from './server.ts';

let server: TestServer;
let queued: Queued;

before(async () => {
  server = await startServer({ accounts: ['alice@example.org'], autostart: false });
  queued = await fillQueue(join(server.directory, 'data'), 300);
  await server.start();
});
after(() => server[Symbol.asyncDispose]());

/** `--max=N` is not plain enough for the fast path. */
function bothWays(args: readonly string[], max: number) {
  const ask = (...options: readonly string[]) => {
    const { stdout, ...result } = server.postern([...args, ...options]);
    // A minute may end in between.
    return {
      ...result,
      stdout: stdout.replaceAll(/(?<=[A-Z\d]{26} {2}|the oldest is )(?:less than a minute|\d+ \w+)/g, 'AGE'),
    };
  };
  return { fast: ask('--max', String(max)), whole: ask(`--max=${max}`) };
}

const questions = (): readonly (readonly [readonly string[], number, number])[] => [
  [['queue', 'list'], 1000, 0],
  [['queue', 'list'], 50, 0],
  [['queue', 'list', '--json', '--domain', 'd7.example.net'], 10, 0],
  [['queue', 'list', queued.id], 10, 0],
  [['queue', 'list', '--held'], 10, 0],
  [['queue', 'list', '--identity', 'nobody'], 10, 1],
  // With --max it makes no sense: both ways say so.
  [['queue', 'list', '--totals'], 10, 2],
  [['trace', queued.id], 20, 0],
  [['trace', queued.messageIdField, '--json'], 20, 0],
  [['trace', queued.address], 120, 0],
  [['trace', 'nobody@example.org'], 20, 1],
  [['trace', 'nonsense'], 20, 2],
];

test('D-TR-1 D-TR-6: the fast path and the whole program say the same', () => {
  for (const [args, max, status] of questions()) {
    const { fast, whole } = bothWays(args, max);
    assert.deepEqual(fast, whole, args.join(' '));
    assert.equal(fast.status, status, fast.stderr);
  }
});

test('the totals of the queue are told, in all and by domain', () => {
  const { status, stdout } = server.postern(['queue', 'list', '--totals']);
  assert.equal(status, 0);
  const [first, head, second] = stdout.split('\n');
  assert.match(
    first ?? '',
    /^300 messages to 300 recipients, 0 of them held; the oldest is (?:less than a minute|\d+ \w+) old$/,
  );
  assert.match(head ?? '', /^DOMAIN +RECIPIENTS +NEXT HOP$/);
  assert.match(second ?? '', /^d0\.example\.net +2 +files$/);
  const totals = JSON.parse(server.postern(['queue', 'list', '--totals', '--json']).stdout) as QueueTotals;
  assert.deepEqual([totals.deliveries, totals.byDomain.length], [300, 50]);
});

test('a list that shows a part of the whole queue is headed by totals, and says how to see more', () => {
  const lines = server.postern(['queue', 'list']).stdout.trimEnd().split('\n');
  assert.match(lines[0] ?? '', /^300 messages to 300 recipients, /);
  assert.match(lines[1] ?? '', /^DOMAIN +RECIPIENTS +NEXT HOP$/);
  assert.match(lines[2] ?? '', /^d0\.example\.net +2 +files$/);
  assert.deepEqual(lines.slice(12, 14), ['… and more: --totals', '']);
  assert.match(lines[14] ?? '', /^ID +AGE +STATE +TRIES +NEXT TRY +LOGIN +FROM +TO +WHY$/);
  assert.equal(lines.slice(15, -1).filter((line) => line.includes('<')).length, 50);
  assert.equal(lines.at(-1), '… 250 more: say --max N, or select');
  const whole = server.postern(['queue', 'list', '--max', '300']).stdout.trimEnd().split('\n');
  assert.match(whole[0] ?? '', /^ID /);
  assert.equal(whole.length, 301);
  const selected = server.postern(['queue', 'list', '--from', 'nobody@example.org', '--max', '1']).stdout;
  assert.equal(selected, 'nothing in the queue matches\n');
});

test('D-TR-5: a reason is asked for and recorded on the fast path too', () => {
  const before = readFileSync(server.config, 'utf8');
  try {
    appendFileSync(server.config, 'audit:\n  requireReason: true\n');
    assert.equal(server.postern(['reload']).status, 0);
    const refused = server.postern(['trace', queued.id]);
    assert.match(refused.stderr, /say why with --reason TEXT/);
    assert.equal(refused.status, 2);
    assert.equal(server.postern(['trace', queued.id, '--reason', 'ticket 17']).status, 0);
  } finally {
    writeFileSync(server.config, before);
    server.postern(['reload']);
  }
  const exported = server.postern(['audit', 'export']).stdout;
  assert.match(exported, /"lookedUp".*ticket 17/);
});

test('while the file is being mended, a running server can still be asked', () => {
  const before = readFileSync(server.config, 'utf8');
  try {
    appendFileSync(server.config, 'nonsense: 1\n');
    const { fast, whole } = bothWays(['queue', 'list', queued.id], 10);
    assert.equal(fast.status, 0, fast.stderr);
    assert.match(fast.stdout, new RegExp(queued.id));
    // Also shows that there are two ways.
    assert.equal(whole.status, 0, whole.stderr);
    assert.equal(whole.stdout, fast.stdout);
    assert.match(whole.stderr, /unknown key "nonsense"/);
  } finally {
    writeFileSync(server.config, before);
  }
});

test('without a server the store itself is asked', async () => {
  await server.stop();
  for (const [args, max, status] of questions()) {
    const { fast, whole } = bothWays(args, max);
    assert.deepEqual(fast, whole, args.join(' '));
    assert.equal(fast.status, status, fast.stderr);
  }
});
