// TLS to a next hop in the configuration, and the settings of the relay.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../config/load.ts';
import { relaySettingsOf } from './plan-of-config.ts';

function hopOf(relay: string) {
  const config = parseConfig(
    `hostname: msa.example.org\ndomains: [example.org]\nlisteners: [{ port: 25, role: mx, tls: none }]\nrelay: { ${relay} }`,
    'x',
  );
  const loaded = { config, file: 'x', directory: '/', path: (name: string) => name };
  const { route } = relaySettingsOf(loaded, {}, 1);
  const [hop] = route.type === 'hops' ? route.hops : [];
  return { tls: hop?.tls, verify: hop?.verify };
}

const rows: readonly (readonly [relay: string, tls: string, verify: boolean])[] = [
  ["smarthost: 'smtp://mta:25'", 'opportunistic', false],
  ["smarthost: 'smtp://mta:25', tls: none", 'none', false],
  ["smarthost: 'smtp://mta:25', tls: opportunistic", 'opportunistic', false],
  ["smarthost: 'smtp://mta:25', tls: required", 'required', false],
  ["smarthost: 'smtp://mta:25', tls: verified", 'required', true],
  ["smarthost: 'smtp://me:secret@mta', tls: required", 'required', true],
  ["smarthost: 'smtps://mta', tls: verified", 'implicit', true],
  ["lmtp: 'unix:/run/lmtp'", 'none', false],
  ["lmtp: 'lmtp://box:24', tls: verified", 'required', true],
];

for (const [relay, tls, verify] of rows)
  test(`E-T-1: ${relay} is TLS ${tls}${verify ? ', verified' : ''}`, () => {
    assert.deepEqual(hopOf(relay), { tls, verify });
  });

test('a password that can not be read is told by its setting', () => {
  const said = (relay: string, because: RegExp) =>
    assert.throws(() => hopOf(relay), { name: 'ConfigError', message: because });
  said(
    "smarthost: 'smtp://me@mta', password: { env: NOT_SET }",
    /^relay\.password: the environment variable NOT_SET is not set$/,
  );
  said(
    "smarthost: 'smtp://mta', routes: { a.example: { smarthost: 'smtp://me@a', password: { file: /no/such/file } } }",
    /^relay\.routes\.a\.example\.password: \/no\/such\/file: /,
  );
});
