// Whoever has no shell is led to a page or a path, never to a command.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Door, throughDoor } from './other-doors.ts';

/** What only a shell does. */
const shellAlone = [/^postern console link/, /^postern account role LOGIN ROLE/, /^postern audit verify/];

/** Each command that the use cases name, with X for what is put in. */
const named = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && name !== 'other-doors.ts')
  .flatMap((name) => [
    ...readFileSync(`${import.meta.dirname}/${name}`, 'utf8')
      .replaceAll(/\$\{[^}]*\}/g, 'X')
      .matchAll(/\\?`(postern [^`\\]*)\\?`/g),
  ])
  .map(([, command = '']) => command)
  .filter((command) => !shellAlone.some((one) => one.test(command)));

test('each command that a use case names has another door', () => {
  assert.ok(named.length >= 5, String(named.length));
  for (const command of named)
    for (const door of ['console', 'api'] as const)
      assert.doesNotMatch(throughDoor(door, `\`${command}\``), /postern/, `${door}: ${command}`);
});

const vectors: readonly (readonly [door: Door, said: string, told: string])[] = [
  ['console', 'no account b; `postern account list` shows all', 'no account b; the page Identity shows all'],
  ['api', 'no account b; `postern account list` shows all', 'no account b; `GET /api/v1/accounts` shows all'],
  ['console', 'X is gone; `postern trace X` tells', 'X is gone; Trace, asked for X, tells'],
  ['api', '`postern trace X`, `postern trace Y`', '`GET /api/v1/trace?q=X`, `GET /api/v1/trace?q=Y`'],
  ['console', 'a label needs --identity LOGIN', 'a label needs the account'],
  ['console', 'name --identity or --address', 'name an account or an address'],
  ['console', 'a link of `postern console link`', 'a link of `postern console link`'],
];

for (const [door, said, told] of vectors)
  test(`${door}: ${said}`, () => {
    assert.equal(throughDoor(door, said), told);
  });
