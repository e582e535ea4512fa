import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../config/load.ts';
import { spfNote } from './spf-note.ts';

const noteOf = (...lines: readonly string[]): string | undefined =>
  spfNote(
    parseConfig(
      ['hostname: mail.example.org', 'domains: [example.org]', 'tls: { cert: c, key: k }', ...lines].join(
        '\n',
      ),
      'x',
    ),
  );

test('a smart host that no SPF record names is told, with its name alone and the key', () => {
  assert.match(
    noteOf('relay: { smarthost: "smtp://mta.internal:25" }') ?? '',
    /by mta\.internal, .*`onboarding: \{ spf: /,
  );
  const both = noteOf(
    'relay: { files: ./out, routes: { example.net: { smarthost: ["smtps://me@one.example:465", "smtp://two.example:25"], password: secret } } }',
  );
  assert.match(both ?? '', /mail leaves by one\.example, two\.example, /);
});

test('nothing is said where the record is given, or no smart host sends', () => {
  assert.equal(noteOf('relay: { files: ./out }'), undefined);
  assert.equal(
    noteOf(
      'relay: { smarthost: "smtp://mta.internal:25" }',
      'onboarding: { spf: "v=spf1 ip4:192.0.2.1 -all" }',
    ),
    undefined,
  );
});
