// Where PostgreSQL is, as a URL and as a group of keys: what is meant, and what is refused without a word of a password.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from './find.ts';
import { parseConfig } from './load.ts';
import { type PostgresPlace, postgresPlace } from './store.ts';

function configWith(store: unknown) {
  const relay = { files: 'out' };
  const listeners = [{ port: 25, role: 'mx', tls: 'none' }];
  const text = JSON.stringify({
    hostname: 'mail.example.org',
    domains: ['example.org'],
    listeners,
    relay,
    store,
  });
  return parseConfig(text, 'postern.yaml').store;
}

function placeOf(postgres: unknown): PostgresPlace {
  const store = configWith({ postgres });
  assert.ok(store !== 'embedded');
  const place = postgresPlace(store.postgres);
  assert.ok(place.ok);
  return place.value;
}

function problemsOf(store: unknown): readonly string[] {
  try {
    configWith(store);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map((problem) => problem.replace(/^postern\.yaml:1: /, ''));
  }
  return [];
}

const DB1 = { host: 'db1.example.org', port: 5432 };
const defaults = {
  ...{ database: 'postern', user: 'postern', password: undefined, tls: 'verify', ca: undefined },
  durability: 'local',
};
const socket = { ...defaults, hosts: [{ host: '/run/postgresql', port: 5432 }], tls: 'off' };

interface Meant {
  readonly why: string;
  readonly written: unknown;
  readonly place: unknown;
}

const good: readonly Meant[] = [
  {
    why: 'a URL that asks for a standby',
    written: 'postgres://db1.example.org?durability=replicated',
    place: { ...defaults, hosts: [DB1], durability: 'replicated' },
  },
  {
    why: 'a URL of a host alone',
    written: 'postgres://db1.example.org',
    place: { ...defaults, hosts: [DB1] },
  },
  {
    why: 'all that a URL can say',
    written:
      'postgresql://mail:p%40ss%2Fw@db1.example.org:6432/queue?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem',
    place: {
      hosts: [{ ...DB1, port: 6432 }],
      ...{
        database: 'queue',
        user: 'mail',
        password: 'p@ss/w',
        tls: 'verify',
        ca: '/etc/ca.pem',
        durability: 'local',
      },
    },
  },
  {
    why: 'IPv6 stands in brackets in a URL',
    written: 'postgres://[2001:db8::1]:6432/postern?sslmode=require',
    place: { ...defaults, hosts: [{ host: '2001:db8::1', port: 6432 }], tls: 'require' },
  },
  { why: 'a socket, as libpq takes it', written: 'postgres://%2Frun%2Fpostgresql/postern', place: socket },
  {
    why: 'a socket in place of the host',
    written: 'postgres://postern@localhost/postern?host=/run/postgresql',
    place: socket,
  },
  {
    why: 'this machine needs no TLS',
    written: 'postgres://127.0.0.1/postern',
    place: { ...defaults, hosts: [{ host: '127.0.0.1', port: 5432 }], tls: 'off' },
  },
  {
    why: 'a URL may forgo TLS elsewhere',
    written: 'postgres://db1.example.org/postern?sslmode=disable',
    place: { ...defaults, hosts: [DB1], tls: 'off' },
  },
  {
    why: 'a group, with hosts of every kind over the network',
    written: { hosts: ['db1.example.org', 'db2:5433', '::1', '[::1]:5434', '192.0.2.1'], port: 6432 },
    place: {
      ...defaults,
      hosts: [
        { ...DB1, port: 6432 },
        { host: 'db2', port: 5433 },
        { host: '::1', port: 6432 },
        { host: '::1', port: 5434 },
        { host: '192.0.2.1', port: 6432 },
      ],
    },
  },
  { why: 'a group with a socket', written: { hosts: ['/run/postgresql'] }, place: socket },
  {
    why: 'all that a group can say',
    written: {
      ...{ hosts: ['db1.example.org'], database: 'queue', user: 'mail', password: { file: 'secret' } },
      ...{ tls: 'verify', ca: 'ca.pem' },
    },
    place: {
      hosts: [DB1],
      ...{
        database: 'queue',
        user: 'mail',
        password: { file: 'secret' },
        tls: 'verify',
        ca: 'ca.pem',
        durability: 'local',
      },
    },
  },
];

for (const { why, written, place } of good)
  test(`PostgreSQL is found: ${why}`, () => {
    assert.deepEqual(placeOf(written), place);
  });

test('without a word the store is embedded', () => {
  assert.equal(configWith(undefined), 'embedded');
  assert.equal(configWith('embedded'), 'embedded');
});

interface Refused {
  readonly why: string;
  readonly store: unknown;
  readonly problems: readonly RegExp[];
}

const wrong: readonly Refused[] = [
  { why: 'another word', store: 'sqlite', problems: [/^store: must be embedded, or a group of keys$/] },
  { why: 'nothing in it', store: {}, problems: [/^store\.postgres: must be text, or a group of keys$/] },
  {
    why: 'an unknown key',
    store: { postgres: { hosts: ['db1'], databse: 'hunter2' } },
    problems: [/^unknown key "store\.postgres\.databse": did you mean "database"\?$/],
  },
  { why: 'no hosts', store: { postgres: { user: 'a' } }, problems: [/^store\.postgres\.hosts is missing$/] },
  {
    why: 'a URL of something else',
    store: { postgres: 'mysql://postern:hunter2@db1/postern' },
    problems: [/^store\.postgres: it is no URL of a PostgreSQL; write postgres:\/\/USER@HOST:PORT\/DATABASE/],
  },
  {
    why: 'several hosts in a URL',
    store: { postgres: 'postgres://postern:hunter2@db1:1,db2:2/postern' },
    problems: [/^store\.postgres: it is no URL .* or a group with `hosts:`$/],
  },
  {
    why: 'a list without ports in a URL',
    store: { postgres: 'postgres://postern:hunter2@db1,db2/postern' },
    problems: [/^store\.postgres: "db1,db2" is no HOST, HOST:PORT or directory of a socket$/],
  },
  {
    why: 'a password that is cut at its slash',
    store: { postgres: 'postgres://postern:1/hunter2@db1/postern' },
    problems: [/^store\.postgres: it names no host, or no database; .* as %40 %2F /],
  },
  {
    why: 'a password with a % of its own',
    store: { postgres: 'postgres://postern:hunter2%@db1/postern' },
    problems: [/^store\.postgres: it has a % that stands for nothing; /],
  },
  {
    why: 'a parameter that nobody would heed',
    store: { postgres: 'postgres://db1/postern?password=hunter2' },
    problems: [
      /^store\.postgres: of what may follow a \? only `host`, `sslmode`, `sslrootcert` and `durability` are known/,
    ],
  },
  {
    why: 'a mode that would fall back to clear text',
    store: { postgres: 'postgres://postern:hunter2@db1/postern?sslmode=prefer' },
    problems: [/^store\.postgres: `sslmode` must be one of disable, require, verify-full$/],
  },
  {
    why: 'each host that is none is named',
    store: { postgres: { hosts: ['db 1', 'db2', 'db3:0', 'db4:70000', '[db5]'] } },
    problems: [
      /^store\.postgres\.hosts\.0: "db 1" is no HOST, HOST:PORT or directory of a socket$/,
      /^store\.postgres\.hosts\.2: "db3:0" is no HOST/,
      /^store\.postgres\.hosts\.3: "db4:70000" is no HOST/,
      /^store\.postgres\.hosts\.4: "\[db5\]" is no HOST/,
    ],
  },
  {
    why: 'TLS over a socket',
    store: { postgres: { hosts: ['/run/postgresql'], tls: 'require' } },
    problems: [/^store\.postgres\.tls: a Unix socket has no TLS: use `off`/],
  },
  {
    why: 'a socket beside a host that needs TLS',
    store: { postgres: { hosts: ['/run/postgresql', 'db2'] } },
    problems: [/^store\.postgres\.tls: a Unix socket has no TLS/],
  },
  {
    why: 'an authority that nobody asks',
    store: { postgres: { hosts: ['db1'], tls: 'require', ca: 'ca.pem' } },
    problems: [/^store\.postgres\.ca: with TLS `require` no authority is asked: use `verify`$/],
  },
];

for (const { why, store, problems } of wrong)
  test(`a store that can't be meant is refused: ${why}`, () => {
    const found = problemsOf(store);
    assert.equal(found.length, problems.length, found.join('\n'));
    problems.forEach((says, at) => assert.match(found[at] ?? '', says));
    assert.doesNotMatch(found.join('\n'), /hunter2/);
  });
