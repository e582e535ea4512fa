// The published package: packed, installed from the tarball into an empty directory, its types read and its programs run from there.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { PASSWORD, startServer } from './server.ts';

const root = join(import.meta.dirname, '../..');
const place = mkdtempSync(join(tmpdir(), 'postern-package-'));
const tsc = join(root, 'node_modules/typescript/bin/tsc');

interface Result {
  readonly status: number | null;
  readonly output: string;
}

function run(program: string, args: readonly string[], cwd = place, environment: object = {}): Result {
  const env = { ...process.env, ...environment };
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
    "await import('postern/dist/client/xml.js')",
  ]);
  assert.match(inner.output, /ERR_PACKAGE_PATH_NOT_EXPORTED/);
  assert.match(good(run(join(place, 'node_modules/.bin/postern'), ['--help'])), /postern/);
  const sendmail = join(place, 'sendmail');
  symlinkSync(join(place, 'node_modules/.bin/postern'), sendmail);
  const { status, output } = run(sendmail, ['-bd']);
  assert.deepEqual([status, /-bs \(SMTP on standard input\)/.test(output)], [64, true], output);
});
