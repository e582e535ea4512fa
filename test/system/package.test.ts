// The published package: packed, installed from the tarball into an empty directory, its types read and its programs run from there.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, PASSWORD, startServer } from './server.ts';

const root = join(import.meta.dirname, '../..');
const place = mkdtempSync(join(tmpdir(), 'postern-package-'));
const tsc = join(root, 'node_modules/typescript/bin/tsc');

const nodeFirst = `${dirname(process.execPath)}:${process.env['PATH']}`;

interface Result {
  readonly status: number | null;
  readonly output: string;
}

function run(program: string, args: readonly string[], cwd = place, environment: object = {}): Result {
  // `#!/usr/bin/env node` finds the Node that this test runs on.
  const env = { ...process.env, PATH: nodeFirst, ...environment };
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    env,
    encoding: 'utf8',
    timeout: 300_000,
  });
  return { status, output: `${stdout}${stderr}${error?.message ?? ''}` };
}

function good(result: Result): string {
  assert.equal(result.status, 0, result.output);
  return result.output;
}

before(() => {
  good(run('npm', ['pack', '--silent', '--pack-destination', place], root));
  const tarball =
    readdirSync(place).find((name) => name.endsWith('.tgz')) ?? assert.fail('nothing was packed');
  writeFileSync(join(place, 'package.json'), '{ "name": "user", "private": true, "type": "module" }');
  good(
    run('npm', [
      'install',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      `./${tarball}`,
    ]),
  );
});
after(() => rmSync(place, { recursive: true, force: true }));

const program = `
import { openSubmission, submit, SubmissionError, type SubmissionResult } from 'postern/client';

const [port = '', ca = '', password = ''] = process.argv.slice(2);
const message = 'From: alice@example.org\\nTo: bob@far.example\\n\\nhello\\n';
const envelope = { reversePath: 'alice@example.org', recipients: ['bob@far.example'] };
const options = { host: 'localhost', port: Number(port), ca, password };
const result: SubmissionResult = await submit(message, envelope, options);
console.log(result.accepted[0]?.reply.text);
try {
  await using submission = await openSubmission({ ...options, address: 'alice@example.org' });
  await submission.submit(message, { ...envelope, recipients: [{ forwardPath: 'x', notify: ['NEVER'] }] });
} catch (error) {
  if (!(error instanceof SubmissionError)) throw error;
  const kind: 'badInput' | 'aborted' | string = error.kind;
  console.log(kind, error.retry satisfies 'never' | 'later' | 'otherServer');
}
`;

test('BCP134-3.1-c: an installed package submits mail with the types it declares', async () => {
  writeFileSync(join(place, 'send.ts'), program);
  const compiler = {
    compilerOptions: {
      ...{ target: 'es2024', lib: ['es2024', 'esnext.disposable'], module: 'nodenext', strict: true },
      ...{
        exactOptionalPropertyTypes: true,
        types: ['node'],
        typeRoots: [join(root, 'node_modules/@types')],
      },
    },
    files: ['send.ts'],
  };
  writeFileSync(join(place, 'tsconfig.json'), JSON.stringify(compiler));
  // The declarations of the package are read too: nothing is skipped.
  good(run(process.execPath, [tsc, '-p', '.']));
  await using server = await startServer();
  const ca = readFileSync(server.certificate, 'utf8');
  const output = good(run(process.execPath, ['send.js', String(server.submission), ca, PASSWORD]));
  assert.match(output, /^250 2\.0\.0 queued as \w+\nbadInput never\n$/);
});

test('what surrounds the server is in the package: its unit, the alerts, the board', () => {
  for (const file of ['postern.service', 'prometheus/postern.rules.yaml', 'grafana/postern.json'])
    assert.equal(
      readFileSync(join(place, 'node_modules/postern/packaging', file), 'utf8'),
      readFileSync(join(root, 'packaging', file), 'utf8'),
      file,
    );
});

test('every entry of `exports` can be imported, and nothing but them; the command runs', () => {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: object };
  assert.ok('./client' in exports);
  for (const entry of Object.keys(exports)) {
    const name = `postern${entry.slice(1)}`;
    good(run(process.execPath, ['--input-type=module', '-e', `await import('${name}')`]));
  }
  const inner = run(process.execPath, [
    '--input-type=module',
    '-e',
    "await import('postern/dist/base/xml.js')",
  ]);
  assert.match(inner.output, /ERR_PACKAGE_PATH_NOT_EXPORTED/);
  assert.match(good(run(join(place, 'node_modules/.bin/postern'), ['--help'])), /postern/);
  const pages = readdirSync(join(place, 'node_modules/postern/dist/man'));
  assert.ok(pages.includes('postern.1') && pages.includes('postern-queue.1'), pages.join(' '));
  assert.match(
    good(run(join(place, 'node_modules/.bin/postern'), ['completion', 'bash'])),
    /^complete -F _postern postern$/m,
  );
  const sendmail = join(place, 'sendmail');
  symlinkSync(join(place, 'node_modules/.bin/postern'), sendmail);
  const { status, output } = run(sendmail, ['-bd']);
  assert.deepEqual([status, /-bs \(SMTP on standard input\)/.test(output)], [64, true], output);
});

const installed = join(place, 'node_modules/.bin/postern');

test('the installed program names the Node that it needs before it loads anything that an old one has not', () => {
  const old =
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } })";
  for (const args of [['--help'], ['send', '--help'], ['serve']]) {
    const preload = `data:text/javascript,${encodeURIComponent(old)}`;
    const main = join(place, 'node_modules/postern/dist/main.js');
    const result = run(process.execPath, ['--import', preload, main, ...args]);
    assert.equal(result.status, 78, result.output);
    assert.match(
      result.output,
      /^Postern needs Node >=24\.16\.0 .*\nInstall one of these .*PATH find it first\.\n$/,
    );
  }
});

test('the installed server has its thread pool and its allocator set, and serves', async () => {
  await using server = await startServer();
  await server.stop();
  // One of them set by somebody: the others are added all the same.
  const env = { PATH: process.env['PATH'], MALLOC_ARENA_MAX: '3' };
  const child = spawn(installed, ['serve', '-c', server.config], {
    ...{ env, stdio: ['ignore', 'pipe', 'inherit'] },
  });
  const ended = once(child, 'exit');
  try {
    // Read to its end, so that the server never waits for us.
    let output = '';
    child.stdout?.on('data', (part) => (output += String(part)));
    await eventually('ready', 30, () => /\bready\b/.test(output));
    const environment = readFileSync(`/proc/${child.pid}/environ`, 'utf8').split('\0');
    assert.ok(environment.includes('UV_THREADPOOL_SIZE=8'), environment.join(' '));
    assert.ok(environment.includes('MALLOC_ARENA_MAX=3'));
    assert.ok(environment.some((one) => one.startsWith('GLIBC_TUNABLES=')));
    const status = good(run(installed, ['status', '-c', server.config]));
    assert.match(status, new RegExp(`\\b${child.pid}\\b`));
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
});
