// Checks that judge what a look has found, without another question: one row for each verdict that they can give.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { helloOf, replied, secured, surveyOf, unreached } from '../../../test/fakes/survey.ts';
import type { Verdict } from '../report.ts';
import type { Survey } from '../survey.ts';
import { checks } from './all.ts';
import { authMechanisms } from './auth-mechanisms.ts';
import { authOffered } from './auth-offered.ts';
import { type PortCheck, judgeRefusal } from './check.ts';
import { extensions } from './extensions.ts';
import { greetingNameCheck } from './greeting-name.ts';
import { starttlsOffered } from './starttls-offered.ts';
import { submissionPort } from './submission-port.ts';
import { tlsCertificate } from './tls-certificate.ts';

const NOW = Date.UTC(2026, 10, 24);
const nothingInside = { inside: 'the handshake failed' };

const rows: readonly (readonly [check: PortCheck, found: Partial<Survey>, verdict: Verdict, seen: RegExp])[] =
  [
    [authMechanisms, {}, 'pass', /none/],
    [authMechanisms, { inside: helloOf('AUTH PLAIN CRAM-MD5') }, 'fail', /^CRAM-MD5$/],
    [authMechanisms, nothingInside, 'skip', /no EHLO answer/],
    [authOffered, {}, 'pass', /PLAIN LOGIN/],
    [authOffered, { inside: helloOf('AUTH LOGIN') }, 'fail', /^LOGIN$/],
    [authOffered, { inside: helloOf() }, 'fail', /lists no AUTH/],
    [authOffered, nothingInside, 'skip', /no EHLO answer/],
    [extensions, {}, 'pass', /all four/],
    [extensions, { inside: helloOf('PIPELINING', 'DSN') }, 'fail', /ENHANCEDSTATUSCODES, 8BITMIME/],
    [greetingNameCheck, {}, 'pass', /mail\.example\.org/],
    [greetingNameCheck, { greeting: replied('220 localhost ESMTP') }, 'note', /"localhost"/],
    [greetingNameCheck, { clear: 'cut', inside: 'cut' }, 'skip', /no answer to EHLO/],
    [starttlsOffered, {}, 'pass', /TLSv1\.3/],
    [starttlsOffered, { clear: helloOf() }, 'fail', /does not list it/],
    [starttlsOffered, { startTls: replied('454 4.7.0 not now') }, 'unknown', /put off/],
    [starttlsOffered, { startTls: replied('502 5.5.1 no') }, 'fail', /listed, but/],
    [tlsCertificate, {}, 'pass', /SHA-256 aa/],
    [tlsCertificate, { handshake: secured('aa', 'CERT_HAS_EXPIRED') }, 'fail', /it has expired/],
  ];

for (const [check, found, verdict, seen] of rows)
  test(`${check.id}: ${verdict}: ${seen.source}`, async () => {
    const target = { name: 'mail.example.org', now: NOW };
    const outcome = await check.run({ found: surveyOf(found), target } as never);
    assert.equal(outcome.verdict, verdict, outcome.seen);
    assert.match(outcome.seen, seen);
  });

for (const [surveys, verdict] of [
  [[surveyOf()], 'pass'],
  [[surveyOf({ greeting: replied('554 5.7.1 no') })], 'fail'],
  [[surveyOf({ greeting: replied('421 4.3.2 busy') })], 'unknown'],
  [[unreached('refused')], 'fail'],
  [[unreached('filtered')], 'unknown'],
  [[unreached('filtered'), surveyOf()], 'pass'],
  [[], 'unknown'],
] as const)
  test(`submission-port over ${surveys.length} addresses: ${verdict}`, async () => {
    const outcome = await submissionPort.run({ surveys } as never);
    assert.equal(outcome.verdict, verdict, outcome.seen);
  });

for (const [line, verdict] of [
  ['550 5.7.1 no', 'pass'],
  ['450 4.7.1 later', 'unknown'],
  ['250 2.0.0 ok', 'unknown'],
] as const)
  test(`a refusal that is wanted: ${line}: ${verdict}`, () =>
    assert.equal(judgeRefusal(replied(line), 'seen').verdict, verdict));

test('each check has a name of its own, a source and a reason, and each file of checks is in the report', () => {
  const ids = checks.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const { id, source, why, title } of checks) assert.ok(source !== '' && why !== '' && title !== '', id);
  const files = readdirSync(import.meta.dirname)
    .filter(
      (name) => !['all.ts', 'check.ts', 'spellings-outcome.ts'].includes(name) && !name.endsWith('.test.ts'),
    )
    .map((name) => name.replace('.ts', ''));
  assert.deepEqual(
    files.filter((name) => !ids.includes(name)),
    [],
  );
});
