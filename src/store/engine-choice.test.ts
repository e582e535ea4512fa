// What a configuration chooses: the engine, its place, the node, and the secrets that are read for it.

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ConfigError } from '../config/find.ts';
import { loadConfig } from '../config/load.ts';
import {
  choiceInWords,
  clearTextWarning,
  engineOf,
  keyOfStore,
  nodeOf,
  placeNamed,
  storeInWords,
} from './engine-choice.ts';

const directory = mkdtempSync(join(tmpdir(), 'postern-choice-'));
after(() => rmSync(directory, { recursive: true }));
const at = (name: string): string => join(directory, name);

interface Given {
  readonly store?: unknown;
  readonly node?: string;
  readonly mode?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly machineName?: string;
}

function chosen({ store, node, mode = 0o640, environment = {}, machineName = 'machine' }: Given) {
  const file = at('postern.yaml');
  const listeners = [{ port: 25, role: 'mx', tls: 'none' }];
  const relay = { files: 'out' };
  writeFileSync(
    file,
    JSON.stringify({ hostname: 'mail.example.org', domains: ['example.org'], listeners, relay, store, node }),
  );
  chmodSync(file, mode);
  return engineOf(loadConfig(file), { environment, machineName });
}

function serverOf(given: Given) {
  const choice = chosen(given);
  assert.ok(choice.engine === 'postgres');
  return choice.server;
}

const DB1 = { host: 'db1', port: 5432 };

test('what is embedded lies in the data directory, and is of one node', () => {
  const choice = chosen({ node: 'mail1' });
  assert.deepEqual(choice, { engine: 'sqlite', directory: at('var') });
  assert.equal(nodeOf(choice), 'local');
  assert.equal(storeInWords(choice), at('var'));
  assert.equal(choiceInWords(choice), `embedded, in ${at('var')}`);
  assert.equal(keyOfStore(choice), 'data');
});

test('PostgreSQL is told with all that its engine needs, as plain data', () => {
  writeFileSync(at('secret'), 'hunter2\n', { mode: 0o640 });
  writeFileSync(at('ca.pem'), 'an authority');
  const password = { file: 'secret' };
  const choice = chosen({
    store: { postgres: { hosts: ['db1', '[::1]:5433'], password, ca: 'ca.pem' } },
    node: 'mail1',
  });
  assert.deepEqual(choice, {
    ...{ engine: 'postgres', directory: at('var'), node: 'mail1' },
    server: {
      hosts: [DB1, { host: '::1', port: 5433 }],
      ...{ database: 'postern', user: 'postern', password: 'hunter2' },
      tls: { mode: 'verify', ca: 'an authority' },
    },
  });
  assert.deepEqual(structuredClone(choice), choice);
  assert.equal(nodeOf(choice), 'mail1');
  assert.equal(storeInWords(choice), 'database postern of PostgreSQL at db1:5432, [::1]:5433');
  assert.equal(keyOfStore(choice), 'store');
  assert.match(choiceInWords(choice), /^database postern of PostgreSQL at .*, of which this is node mail1$/);
});

test('without TLS, authority and password there is none of them', () => {
  assert.deepEqual(serverOf({ store: { postgres: 'postgres://db1?sslmode=disable' } }), {
    ...{ hosts: [DB1], database: 'postern', user: 'postern' },
  });
  assert.deepEqual(serverOf({ store: { postgres: { hosts: ['db1'], tls: 'require' } } }).tls, {
    mode: 'require',
  });
});

test('a password comes from the environment, or from a file that others may not read', () => {
  const inEnvironment = { postgres: { hosts: ['db1'], password: { env: 'PG' } } };
  const server = serverOf({ store: inEnvironment, environment: { PG: 'hunter2' }, mode: 0o644 });
  assert.equal(server.password, 'hunter2');
  for (const postgres of ['postgres://u:hunter2@db1', { hosts: ['db1'], password: 'hunter2' }]) {
    assert.equal(serverOf({ store: { postgres } }).password, 'hunter2');
    assert.throws(
      () => chosen({ store: { postgres }, mode: 0o644 }),
      (error) =>
        error instanceof ConfigError &&
        /^store\.postgres\.password: it stands in .*postern\.yaml, which is readable by everybody: chmod o= it, or write/.test(
          error.message,
        ) &&
        !error.message.includes('hunter2'),
    );
  }
});

test('what can not be read is told with its key', () => {
  const postgres = (keys: object) => ({ store: { postgres: { hosts: ['db1'], ...keys } } });
  assert.throws(
    () => chosen(postgres({ password: { file: 'nowhere' } })),
    /^ConfigError: store\.postgres\.password: nowhere: there is no such file/,
  );
  assert.throws(
    () => chosen(postgres({ password: { env: 'NOWHERE' } })),
    /^ConfigError: store\.postgres\.password: the environment variable NOWHERE is not set/,
  );
  assert.throws(
    () => chosen(postgres({ ca: 'nowhere' })),
    /^ConfigError: store\.postgres\.ca: .*nowhere: there is no such file/,
  );
});

test('a node has the name of its machine, if that is a name', () => {
  const store = { postgres: 'postgres://db1' };
  assert.equal(nodeOf(chosen({ store })), 'machine');
  for (const machineName of ['localhost', 'a/b', ''])
    assert.throws(
      () => chosen({ store, machineName }),
      /^ConfigError: node: this machine is called ".*", which names no node: give it one, `node: mail1`/,
    );
  const [file, node] = [at('postern.yaml'), hostname()];
  if (node !== 'localhost') assert.equal(nodeOf(engineOf(loadConfig(file))), node);
});

test('what goes to another machine in clear is warned of', () => {
  const warning = (store: unknown) => clearTextWarning(chosen({ store }));
  const off = (...hosts: readonly string[]) => ({ postgres: { hosts, tls: 'off' } });
  assert.match(
    warning(off('127.0.0.1', 'db2')) ?? '',
    /^store\.postgres: TLS is off, and db2 is another machine: mail and the hashes of passwords go there in clear$/,
  );
  for (const store of [
    off('localhost', '::1', '/run/postgresql'),
    { postgres: { hosts: ['db2'] } },
    { postgres: { hosts: ['db2'], tls: 'require' } },
    'embedded',
  ])
    assert.equal(warning(store), undefined);
});

test('the password of a PostgreSQL that a command line names stands in PGPASSWORD alone', () => {
  const url = 'postgres://copier@db.example.org/postern';
  const passwordIn = (environment: Readonly<Record<string, string>>): unknown => {
    const place = placeNamed(url, environment);
    assert.ok(place.ok && place.value.engine === 'postgres');
    return place.value.server.password;
  };
  assert.equal(passwordIn({ PGPASSWORD: 'hunter2' }), 'hunter2');
  assert.equal(passwordIn({}), undefined);
  const inUrl = placeNamed('postgres://copier:hunter2@db.example.org/postern', { PGPASSWORD: 'other' });
  assert.ok(!inUrl.ok);
  assert.match(inUrl.error, /put it into PGPASSWORD/);
});
