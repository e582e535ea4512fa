// Limits near their end on the overview: who, how much, and when it frees.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { begin, id } from '../../test/fakes/desk-with-mail.ts';
import { acceptOf, START } from '../store/store.contract-fixtures.ts';

const extra = ['limits: { identity: { messagesPerHour: 5 } }'];

async function sent(messages: number) {
  const at = await begin({ extra });
  const { store, lookups } = at.office.ports;
  const alice = await lookups.identityByLogin('alice@example.org');
  const identityId = alice?.id ?? assert.fail();
  for (let count = 0; count < messages; count += 1)
    await store.commit([acceptOf(id(count), START, { identityId, charge: { identityId, limits: {} } })]);
  return at;
}

test('while nobody is near a limit the overview says so, and all is well', async () => {
  const text = await (await sent(3)).page('/');
  assert.match(text, /Limits near their end[^]*Nobody has used four fifths/);
  assert.match(text, /All is well\./);
});

test('who is near a limit is told with the way to the account; that alone is no warning', async () => {
  const text = await (await sent(4)).page('/');
  assert.match(
    text,
    /href="\/identity\?login=alice%40example\.org"[^]*Nearly used up:[^]*4 of 5 messages in the last hour[^]*under four fifths from/,
  );
  assert.match(text, /All is well\./);
});

test('a limit that is used up is a warning, and tells when one more fits', async () => {
  const at = await sent(5);
  const text = await at.page('/');
  assert.match(text, /Something needs you soon[^]*1 account has used up a sending limit/);
  assert.match(text, /Used up:[^]*5 of 5 messages in the last hour[^]*takes one more from[^]*10:12:00 UTC/);
  assert.match(
    await at.page('/identity?login=alice@example.org'),
    /Used up:[^]*One more fits from[^]*10:12:00 UTC/,
  );
});

test('who sees no accounts is told of none, nor that one is near a limit', async () => {
  const at = await sent(5);
  const { cookie } = await at.enterAs({ who: 'audit@example.org', role: 'auditor' });
  const text = await (await at.get('/', { cookie })).text();
  assert.match(text, /All is well\./);
  assert.doesNotMatch(text, /Limits near their end|alice/);
});
