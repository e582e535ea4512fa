// What every command says: help, mistakes, exit codes, what it does beside a running server.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { startControl } from '../../src/http/control.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { systemEntropy } from '../../src/platform/entropy.ts';
import { administrationPorts } from '../../src/server/administration.ts';
import { lockDataDirectory } from '../../src/store/sqlite/data-directory.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { acceptOf } from '../../src/store/store.contract-fixtures.ts';
import { assertRefused, COULD_NOT_TELL, makeStore, place, postern, spawned, USAGE } from './place.ts';

test('what can not be told is 3: the directory is in use, the store is newer', async () => {
  const at = place();
  await at.good('account add alice@example.org');
  const unlock = lockDataDirectory(at.data);
  const list = `account list -c ${at.config}`;
  await at.refused(COULD_NOT_TELL, /starting or stopping/, `restore ${at.config}`);
  const inUse = /a server is starting or stopping on .*data, or another command .*: try again/;
  assertRefused(await spawned(list), COULD_NOT_TELL, inUse, list);
  unlock();
  assert.equal((await spawned(list)).status, 0);
  for (const command of ['status', 'reload'])
    await at.refused(1, /no server runs on this data directory/, command);
  const db = new DatabaseSync(join(at.data, 'postern.sqlite'));
  db.exec('PRAGMA user_version = 999');
  db.close();
  await at.refused(COULD_NOT_TELL, /written by a newer Postern \(format 999/, 'account list');
});

test('beside a running server a file that is broken stops only what needs it', async (t) => {
  const at = place();
  await at.good('account add alice@example.org');
  const open = openSqliteStore({ dataDirectory: at.data, clock: systemClock, entropy: systemEntropy() });
  t.after(() => open.close());
  await open.store.commit([
    acceptOf('06FN0Z2V3W00000000000000AB', Date.now(), {
      ...{ identityId: (await open.lookups.identityByLogin('alice@example.org'))?.id ?? '' },
      ...{ text: 'From: alice@example.org\r\n\r\nHello.\r\n', to: ['bob@far.example'] },
    }),
  ]);
  const never = () => Promise.reject(new Error('not asked here'));
  const loaded = loadConfig(at.config);
  const close = await startControl(at.data, {
    administration: administrationPorts({
      ...{ store: open.store, lookups: open.lookups, loaded: () => loaded, copy: never },
    }),
    ...{ clock: systemClock, status: never, reload: never, consoleLink: never, notTaken: () => undefined },
  });
  t.after(() => close());
  writeFileSync(at.config, 'hostname: msa.example.org\ndomains: [example.org]\ndata: ./data\nlistners: []\n');
  for (const [line, said] of [
    ['account suspend alice@example.org', /is suspended/],
    ['account list', /alice@example\.org +suspended/],
    ['queue hold --all --yes', /1 recipient/],
    ['queue release --identity alice@example.org --yes', /release: 1 of 1 held recipient\n/],
    ['audit verify', /the chain holds/],
    ['account add bob@example.org', /added bob@example\.org/],
  ] as const) {
    const { status, stdout, stderr } = await at.run(line);
    assert.equal(status, 0, `${line}: ${stderr}`);
    assert.match(stdout, said);
    assert.match(
      stderr,
      /unknown key "listners"[^\n]*\n(.*\n)*postern: the server runs on with what it read before/,
    );
  }
  await at.refused(USAGE, /listners/, 'dns');
});

test('mistakes of usage are 2, and say what would be right', async () => {
  const at = place();
  makeStore(at);
  for (const [line, because] of [
    ['account list --jsn', /unknown option '--jsn'/],
    ['acount list', /unknown command 'acount'\n\(Did you mean account\?\)/],
    ['account show', /missing required argument 'login'/],
    ['account show alice bob', /too many arguments/],
    ['account app-password add alice', /--label <text>' not specified/],
    ['serve --role submision', /'submision' is invalid\. Allowed choices are submission, mx, relay/],
    ['serve --role', /argument missing/],
    ['serve --role mx', /no listener of role mx/],
    ['check --role submission', /nothing that is accepted would ever leave/],
  ] as const)
    await at.refused(USAGE, because, line);
  const unknown = await spawned(`account list --jsn -c ${at.config}`);
  assertRefused(unknown, USAGE, /unknown option '--jsn'/, 'account list --jsn');
  const wrong = join(at.directory, 'no-such.yaml');
  for (const line of [
    `-c ${wrong} account list`,
    `account -c ${wrong} list`,
    `account list -c ${wrong}`,
    `check -c ${wrong}`,
  ]) {
    const result = await postern(line);
    assertRefused(result, USAGE, /no-such\.yaml: there is no such file/, line);
    assert.equal(result.stdout, '');
  }
  const env = { POSTERN_CONFIG: at.config };
  assert.equal((await spawned('account list', { env })).status, 0);
  assertRefused(await spawned(`account list -c ${wrong}`, { env }), USAGE, /no-such/, '-c wins');
  assert.equal((await spawned('account list', { cwd: at.directory })).status, 0, './postern.yaml');
});

test('the help of every command shows an example that begins with its own name', async () => {
  const seen: string[] = [];
  let level: readonly string[] = [''];
  while (level.length > 0) {
    const below: string[] = [];
    for (const command of level) {
      const { status, stdout, stderr } = await postern(`${command} --help`);
      assert.deepEqual([status, stderr], [0, ''], command);
      const example = /\nExamples?:\n((?: {2}.*\n?)+)/.exec(stdout)?.[1] ?? '';
      assert.match(example, new RegExp(`\\bpostern ${command}`), `postern ${command} --help`);
      // `send` has a configuration of its own.
      assert.match(stdout, command === 'send' ? /-C, --config FILE/ : /-c, --config <file>/);
      const commands = /\nCommands:\n([\s\S]*?)(?:\n\n|$)/.exec(stdout)?.[1] ?? '';
      for (const [, name = ''] of commands.matchAll(/^ {2}([a-z][a-z-]*)/gm))
        if (name !== 'help') below.push(`${command} ${name}`.trim());
    }
    seen.push(...level);
    level = below;
  }
  for (const name of ['serve', 'account app-password revoke', 'queue drop', 'audit erase', 'restore'])
    assert.ok(seen.includes(name), name);
  assert.ok(seen.length >= 30, seen.join(', '));
});

test('--version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    readonly version: string;
  };
  assert.deepEqual(await postern('--version'), { status: 0, stdout: `${version}\n`, stderr: '' });
});
