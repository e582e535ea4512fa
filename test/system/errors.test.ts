// What an operator is told when something is wrong beside a running server: what happened, to what, and what to do.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, HANGING_MS, PASSWORD, startServer, type TestServer } from './server.ts';
import { openClient, submitOne } from './smtp-load.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const login = 'alice@example.org';
let server: TestServer;

before(async () => {
  server = await startServer({
    relay: 'relay: { smarthost: "smtp://127.0.0.1:1" }',
  });
});
after(async () => {
  await server[Symbol.asyncDispose]();
});

test('F-OPS-5: with a broken file beside a running server status works, reload tells the server, and its health shows it', async () => {
  const good = readFileSync(server.config, 'utf8');
  writeFileSync(server.config, `${good}\nlistners: []\n`);
  try {
    const status = server.postern(['status']);
    assert.equal(status.status, 0, status.stderr);
    assert.match(
      status.stdout,
      /^msa\.example\.org runs as process \d+ since [^\n]+\nqueue: 0 messages, .*\nit is well\n$/s,
    );
    assert.match(status.stderr, /unknown key "listners".*\n.*runs on with what it read before\n$/);
    const reload = server.postern(['reload']);
    assert.equal(reload.status, 1);
    assert.match(reload.stderr, /refused, the old configuration stays:\n.*unknown key "listners"/);
    const ill = server.postern(['status']);
    assert.match(ill.stdout, /^problem: configuration: .*listners/m);
    assert.match(ill.stderr, /^postern: the server has 1 problem$/m);
    assert.equal(ill.status, 1);
    const json = server.postern(['status', '--json']);
    assert.equal(json.status, 1);
    const { hostname, pid, problems, warnings } = JSON.parse(json.stdout);
    assert.deepEqual([hostname, typeof pid, problems.length, warnings], ['msa.example.org', 'number', 1, []]);
  } finally {
    writeFileSync(server.config, good);
  }
  writeFileSync(server.config, `{{{\n${good}`);
  const torn = server.postern(['reload']);
  writeFileSync(server.config, good);
  assert.equal(torn.status, 1, torn.stderr);
  assert.match(torn.stderr, /refused, the old configuration stays:\n.*postern\.yaml:\d+: /);
  assert.equal(server.postern(['reload']).status, 0);
  const well = server.postern(['status']);
  assert.equal(well.status, 0, well.stderr);
  assert.doesNotMatch(well.stdout, /listners/);
});

test('F-OPS-5: releasing mail of a suspended account says that it stays', async () => {
  const client = await openClient({ port: server.submission, login, password: PASSWORD });
  await submitOne(client, { login, subject: 'held' });
  client.close();
  await eventually('the end of its first attempt', 10, () =>
    /deferred/.test(server.postern(['trace', login]).stdout),
  );
  assert.equal(server.postern(['account', 'suspend', login]).status, 0);
  server.postern(['queue', 'hold', '--all', '--yes']);
  const { stdout } = server.postern(['queue', 'release', '--all', '--yes']);
  assert.match(
    stdout,
    /^release means 1 held recipient\nrelease: 1 of 1 held recipient\n1 of them stay held because their account is suspended: `postern account resume LOGIN`/,
  );
});

test(
  'F-OPS-5: files and sockets that are not for us are "not permitted"',
  { skip: process.getuid?.() === 0 ? false : 'needs root' },
  () => {
    const as = (...args: readonly string[]) =>
      spawnSync(process.execPath, [MAIN, ...args], {
        uid: 65_534,
        gid: 65_534,
        encoding: 'utf8',
        cwd: '/',
        timeout: HANGING_MS,
      });
    chmodSync(server.directory, 0o755);
    const hidden = join(server.directory, 'hidden');
    mkdirSync(hidden, { mode: 0o700 });
    writeFileSync(join(hidden, 'postern.yaml'), '');
    const barred = as('status', '-c', join(hidden, 'postern.yaml'));
    assert.equal(barred.status, 2);
    assert.match(barred.stderr, /^postern: .*hidden\/postern\.yaml: not permitted: run this as root/);
    chmodSync(server.config, 0o644);
    const socket = as('status', '-c', server.config);
    assert.equal(socket.status, 3, socket.stderr);
    assert.match(socket.stderr, /^postern: \/\S+: not permitted: run this as root/);
  },
);

test('F-OPS-5: a backup that exists, one that is cut off, and a directory in its place', () => {
  const file = join(server.directory, 'copy.db');
  assert.equal(server.postern(['backup', file]).status, 0);
  const again = server.postern(['backup', file]);
  assert.notEqual(again.status, 0);
  assert.match(again.stderr, /copy\.db.*exists/);
  assert.doesNotMatch(again.stderr, /EEXIST/);
  truncateSync(file, 20_000);
  const place = join(server.directory, 'restored');
  mkdirSync(place);
  const config = join(place, 'postern.yaml');
  writeFileSync(config, readFileSync(server.config, 'utf8').replace(/^data:.*/m, `data: ${place}/data`));
  mkdirSync(join(place, 'data'));
  const run = (args: readonly string[]) =>
    spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', timeout: HANGING_MS });
  const restored = run(['restore', file, '-c', config]);
  assert.notEqual(restored.status, 0);
  assert.match(restored.stderr, /cut off|damaged/);
  for (const [args, says] of [
    [['restore', dirname(file), '-c', config], /it is a directory/],
    [['restore', join(place, 'none'), '-c', config], /none: there is no such file/],
  ] as const) {
    const { status, stderr } = run(args);
    assert.notEqual(status, 0);
    assert.match(stderr, says);
    assert.doesNotMatch(stderr, /E[A-Z]{4,}/);
  }
});
