// Each key with its value, where that is from, and its default; no password.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from './load.ts';
import { onlyRoles } from './roles.ts';
import { type Setting, settingsOf } from './settings.ts';

const BASE = `hostname: mail.example.org
domains: [example.org]
tls: { cert: cert.pem, key: key.pem }
relay: { files: ./outbox }
`;

function loaded(text: string) {
  const directory = mkdtempSync(join(tmpdir(), 'postern-settings-'));
  try {
    writeFileSync(join(directory, 'postern.yaml'), text);
    return loadConfig(join(directory, 'postern.yaml'));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const shown = (text: string): ReadonlyMap<string, Setting> =>
  new Map(settingsOf(loaded(text)).map((setting) => [setting.key, setting]));

const cases: readonly (readonly [
  what: string,
  extra: string,
  key: string,
  wanted: { readonly [K in keyof Setting]?: Setting[K] | undefined },
])[] = [
  ['a plain value', '', 'hostname', { value: 'mail.example.org', line: 1 }],
  ['a default', '', 'received', { value: 'pseudonymous', line: undefined, fallback: 'pseudonymous' }],
  ['no value', '', 'postmaster', { value: undefined, line: undefined }],
  ['a list', '', 'domains', { value: '[example.org]', line: 2 }],
  ['a list by default', '', 'relay.retry', { value: '[15m, 30m, 1h, 2h, 3h]', line: undefined }],
  ['a duration', 'drain: { announce: 5s }', 'drain.announce', { value: '5s', line: 5, fallback: '0s' }],
  ['a size', 'limits:\n  message: 30MiB', 'limits.message', { value: '30MiB', line: 6, type: 'size' }],
  ['one word for a group', 'limits:\n  longLines: pass', 'limits.longLines.mx', { value: 'pass', line: 6 }],
  ['a group that is empty', 'console: {}', 'console.port', { value: '8588', line: undefined }],
  ['a word in the place of a group', 'http: off', 'http', { value: 'off', line: 5 }],
  [
    'an element of a list',
    'listeners:\n  - port: 587\n  - port: 465\n    tls: implicit',
    'listeners[1].tls',
    { value: 'implicit', line: 8, needsRestart: true },
  ],
  ['its default', 'listeners:\n  - port: 587', 'listeners[0].tls', { value: 'starttls', line: undefined }],
  ['one that a reload takes', '', 'log.level', { value: 'info', line: undefined, needsRestart: false }],
];

for (const [what, extra, key, wanted] of cases)
  test(`${what} is told with where it is from: ${key}`, () => {
    const setting = shown(`${BASE}${extra}\n`).get(key) ?? assert.fail(`no ${key}`);
    for (const [name, value] of Object.entries(wanted))
      assert.equal(setting[name as keyof Setting], value, name);
    assert.ok(setting.type !== '');
  });

test('a route by its domain, and a password that stands elsewhere by its place', () => {
  const all = shown(
    BASE.replace(
      'relay: { files: ./outbox }',
      "relay:\n  files: ./outbox\n  routes:\n    example.net: { smarthost: 'smtps://u@host', password: { file: pw } }",
    ),
  );
  assert.equal(all.get('relay.routes.example.net.smarthost')?.value, 'smtps://u@host');
  assert.deepEqual(
    [all.get('relay.routes.example.net.password')?.value, all.get('relay.routes.example.net.password')?.line],
    ['{"file":"pw"}', 7],
  );
});

test('what stands in one element stands together', () => {
  const keys = settingsOf(loaded(`${BASE}listeners: [{ port: 587 }, { port: 465, tls: implicit }]\n`)).map(
    ({ key }) => key,
  );
  const of = keys.filter((key) => key.startsWith('listeners'));
  assert.deepEqual(
    of.map((key) => key.slice(0, 'listeners[0]'.length)),
    [...Array<string>(5).fill('listeners[0]'), ...Array<string>(5).fill('listeners[1]')],
  );
});

test('an anchor and what repeats it stand where the anchor is', () => {
  const all = shown(`${BASE}timeouts: { idle: &t 7m, login: *t }\n`);
  assert.deepEqual([all.get('timeouts.login')?.value, all.get('timeouts.login')?.line], ['7m', 5]);
});

test('a node that serves some roles shows its listeners with their lines', () => {
  const text = `${BASE}listeners:\n  - { port: 25, role: mx }\n  - { port: 587 }\n`;
  const part = onlyRoles(loaded(text), ['submission', 'relay']);
  const setting = settingsOf(part).find(({ key }) => key === 'listeners[0].port');
  assert.deepEqual([setting?.value, setting?.line], ['587', 7]);
});

test('long lists are cut, and how long they are is said', () => {
  const names = Array.from({ length: 250 }, (_, at) => `d${at}.example`);
  const all = shown(BASE.replace('[example.org]', `[${names.join(', ')}]`));
  assert.match(all.get('domains')?.value ?? '', /d99\.example, and 150 more\]$/);
  const routes = names.map((name) => `    ${name}: { files: ./x }`).join('\n');
  const many = settingsOf(
    loaded(BASE.replace('{ files: ./outbox }', `\n  files: ./outbox\n  routes:\n${routes}`)),
  );
  assert.ok(many.length < 700, String(many.length));
});
