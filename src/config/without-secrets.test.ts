// What is shown of a configuration holds no password, wherever one may be written.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Config, configSchema } from './schema.ts';
import { withoutSecrets } from './without-secrets.ts';

const SECRET = 'Tr0ub4dor';

const configOf = (change: Readonly<Record<string, unknown>>): Config =>
  configSchema.parse({
    hostname: 'mail.example.org',
    domains: ['example.org'],
    tls: { cert: 'cert.pem', key: 'key.pem' },
    relay: { files: './outbox' },
    ...change,
  });

const hidden: readonly (readonly [why: string, change: Readonly<Record<string, unknown>>, stays: RegExp])[] =
  [
    [
      'of the smart host',
      { relay: { smarthost: 'smtp://u@host', password: SECRET } },
      /u@host.*\(not shown\)/,
    ],
    ['in its URL', { relay: { smarthost: `smtps://u:${SECRET}@host` } }, /smtps:\/\/u@host/],
    [
      'in one of several URLs',
      { relay: { smarthost: ['smtp://a', `smtp://u:${SECRET}@b:587`] } },
      /smtp:\/\/u@b:587/,
    ],
    ['with an @ in it', { relay: { smarthost: `smtp://u:${SECRET}@x@host` } }, /smtp:\/\/u@host/],
    [
      'of a route',
      { relay: { files: 'x', routes: { 'example.net': { smarthost: 'smtp://u@host', password: SECRET } } } },
      /example\.net.*\(not shown\)/,
    ],
    [
      'of PostgreSQL, in a URL',
      { store: { postgres: `postgres://p:${SECRET}@db/mail` } },
      /postgres:\/\/p@db\/mail/,
    ],
    [
      'of PostgreSQL, in a group',
      { store: { postgres: { hosts: ['db'], password: SECRET } } },
      /"db".*\(not shown\)/,
    ],
  ];

test('no password is left, and what stands beside it is', () => {
  for (const [why, change, stays] of hidden) {
    const shown = JSON.stringify(withoutSecrets(configOf(change)));
    assert.ok(JSON.stringify(configOf(change)).includes(SECRET), `${why}: there was one`);
    assert.ok(!shown.includes(SECRET), why);
    assert.match(shown, stays, why);
  }
});

test('where there is no password nothing changes, and the names of files with passwords stay', () => {
  for (const change of [{}, { relay: { smarthost: 'smtp://u@host', password: { file: 'relay.secret' } } }])
    assert.deepEqual(withoutSecrets(configOf(change)), configOf(change));
});
