// bin/postern: which Node it starts, what for, and in which surroundings. The Node is a script that says so.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';

const root = mkdtempSync(join(tmpdir(), 'postern-launcher-'));
after(() => rmSync(root, { recursive: true, force: true }));

const NAMES = ['MALLOC_ARENA_MAX', 'GLIBC_TUNABLES', 'UV_THREADPOOL_SIZE'] as const;

function program(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

/** Says its name, its arguments, and which of the variables it has. */
const saying = (name: string): string =>
  [`echo ${name}`, 'echo "$@"', ...NAMES.map((one) => `echo "${one}=\${${one}-}"`)].join('\n');

let places = 0;

/** `homeAt`: where the package lies in the place; `nodeAt`: the Node that came with it. */
function place(homeAt: string, nodeAt: string | undefined, files: readonly string[] = []) {
  const directory = join(root, String((places += 1)));
  const home = join(directory, homeAt);
  mkdirSync(join(home, 'bin'), { recursive: true });
  copyFileSync(join(import.meta.dirname, '../bin/postern'), join(home, 'bin/postern'));
  chmodSync(join(home, 'bin/postern'), 0o755);
  for (const file of files) program(join(home, file), '');
  if (nodeAt !== undefined) program(join(directory, nodeAt), saying('its own'));
  program(join(directory, 'path/node'), saying('of the path'));
  program(join(directory, 'path/nproc'), 'echo 12');

  function run(args: readonly string[], environment: object = {}, name = join(home, 'bin/postern')) {
    const PATH = `${join(directory, 'path')}:/usr/bin:/bin`;
    const { stdout, stderr } = spawnSync(name, args, { encoding: 'utf8', env: { PATH, ...environment } });
    assert.equal(stderr, '');
    const [node = '', line = '', ...variables] = stdout.trimEnd().split('\n');
    return { node, args: line.replaceAll(`${home}/bin/..`, 'HOME'), variables };
  }
  return { run, home, directory };
}

test('the Node that came with it is started, once, wherever it lies', () => {
  const ways = [
    ['postern', 'postern/node_modules/.bin/node'],
    ['node_modules/postern', 'node_modules/.bin/node'],
    ['lib/node_modules/postern', 'lib/node_modules/postern/node_modules/.bin/node'],
  ] as const;
  for (const [homeAt, nodeAt] of ways) {
    const { node, args } = place(homeAt, nodeAt).run(['trace', 'a b']);
    assert.deepEqual([node, args], ['its own', 'HOME/dist/main.js trace a b'], homeAt);
  }
});

test('another Node looks at its own version before it reads anything', () => {
  const { node, args } = place('postern', undefined).run(['--help']);
  assert.deepEqual([node, args], ['of the path', '-r HOME/scripts/check-node.cjs HOME/dist/main.js --help']);
});

test('a checkout runs from its source; called sendmail it says so', () => {
  const { run, home, directory } = place('postern', 'postern/node_modules/.bin/node', ['src/main.ts']);
  assert.equal(run(['status']).args, 'HOME/src/main.ts status');
  const sendmail = join(directory, 'sendmail');
  symlinkSync(join(home, 'bin/postern'), sendmail);
  assert.equal(run(['-t'], {}, sendmail).args, 'HOME/src/main.ts sendmail -t');
});

const wanted = ['MALLOC_ARENA_MAX=6', 'GLIBC_TUNABLES=glibc.malloc.hugetlb=1', 'UV_THREADPOOL_SIZE=8'];

test('a server gets its pool and its allocator, whatever is set already stays, and no command pays for it', () => {
  const { run } = place('postern', 'postern/node_modules/.bin/node');
  assert.deepEqual(run(['serve', '-c', 'x']).variables, wanted);
  assert.deepEqual(run(['-c', 'x', 'demo']).variables, wanted);
  const own = { MALLOC_ARENA_MAX: '3', GLIBC_TUNABLES: '' };
  assert.deepEqual(run(['serve'], own).variables, [
    'MALLOC_ARENA_MAX=3',
    'GLIBC_TUNABLES=',
    'UV_THREADPOOL_SIZE=8',
  ]);
  assert.deepEqual(
    run(['trace', 'x']).variables,
    NAMES.map((name) => `${name}=`),
  );
});
