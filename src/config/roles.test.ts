// What a node serves of a configuration by its roles: which go with which file, and what is left of the file.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from './load.ts';
import { onlyRoles, type Role, rolesOf, rolesUnfit } from './roles.ts';

const SHARED = "store: { postgres: 'postgres://db/mail' }";
const WHOLE = [
  'listeners: [{ port: 587 }, { port: 465, tls: implicit }, { port: 25, role: mx, tls: none }]',
  'web: { port: 443 }',
  'local: { services: [{ osUser: cron, identity: cron }] }',
  'dkim: [{ domain: example.org, selector: s1, key: dkim.pem }]',
];

function loadedOf(...lines: readonly string[]) {
  const text = [
    'hostname: msa.example.org',
    'domains: [example.org]',
    'tls: { cert: cert.pem, key: key.pem }',
    'relay: { files: ./out }',
    ...lines,
  ].join('\n');
  return { config: parseConfig(text, 'x'), file: 'x', directory: '/', path: (name: string) => name };
}

const whole = loadedOf(...WHOLE, SHARED);

const parts: readonly (readonly [roles: readonly Role[], left: string])[] = [
  [['submission', 'mx', 'relay'], '587 465 25 web local tls dkim'],
  [['submission', 'relay'], '587 465 web local tls dkim'],
  [['submission'], '587 465 web local tls dkim'],
  [['mx', 'relay'], '25 dkim'],
  [['mx'], '25'],
  [['relay'], 'dkim'],
];

test('of the configuration only what these roles serve is left', () => {
  for (const [roles, left] of parts) {
    const { config, ...rest } = onlyRoles(whole, roles);
    const ports = config.listeners.map(({ port }) => String(port));
    const groups = (['web', 'local', 'tls'] as const).filter((key) => config[key] !== undefined);
    const keys = config.dkim.length > 0 ? ['dkim'] : [];
    assert.equal([...ports, ...groups, ...keys].join(' '), left, roles.join());
    assert.deepEqual(rolesOf({ config, ...rest }), roles);
  }
});

test('a listener of role mx with TLS needs the certificate', () => {
  const { config } = onlyRoles(loadedOf('listeners: [{ port: 587 }, { port: 25, role: mx }]', SHARED), [
    'mx',
  ]);
  assert.notEqual(config.tls, undefined);
});

test('where none is named the roles are those that the configuration has', () => {
  assert.equal(onlyRoles(whole, undefined), whole);
  assert.deepEqual(rolesOf(whole), ['submission', 'mx', 'relay']);
  assert.deepEqual(rolesOf(loadedOf()), ['submission', 'relay']);
  assert.deepEqual(rolesOf(loadedOf('listeners: [{ port: 25, role: mx }]')), ['mx', 'relay']);
});

const unfit: readonly (readonly [
  why: string,
  lines: readonly string[],
  roles: readonly Role[],
  because: RegExp | undefined,
])[] = [
  ['all of them', [...WHOLE, SHARED], ['submission', 'mx', 'relay'], undefined],
  ['a role without a listener', [SHARED], ['mx', 'relay'], /no listener of role mx/],
  [
    'the socket alone submits',
    ['listeners: [{ port: 25, role: mx }]', ...WHOLE.slice(2)],
    ['submission', 'relay'],
    undefined,
  ],
  ['without a relay on a shared store', [...WHOLE, SHARED], ['submission'], undefined],
  [
    'without a relay on the embedded store',
    WHOLE,
    ['submission', 'mx'],
    /nothing that is accepted would ever leave: the embedded store/,
  ],
  ['a relay alone on the embedded store', WHOLE, ['relay'], undefined],
];

for (const [why, lines, roles, because] of unfit)
  test(`roles that ${because === undefined ? 'fit' : 'do not fit'}: ${why}`, () => {
    const said = rolesUnfit(loadedOf(...lines).config, roles);
    if (because === undefined) assert.equal(said, undefined);
    else assert.match(said ?? '', because);
  });
