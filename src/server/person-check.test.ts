// Who guesses at the console and over SMTP is counted once for both.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../test/fakes/administration.ts';
import { openLookupThread, phcOf } from '../../test/fakes/lookup-thread.ts';
import { guessingDefaults } from '../identity/guessing.ts';
import type { Credential } from '../record/identity.ts';
import { identityChange, identityOf, START } from '../store/store.contract-fixtures.ts';
import type { LookupThreadQuestion } from './lookup-body.ts';
import { createPersonCheck } from './person-check.ts';

const LOGIN = 'alice@example.org';
const RIGHT = 'correct horse battery';

test('guesses over SMTP count at the console', async () => {
  const { clock, ports } = openOffice();
  const password: Credential = {
    ...{ id: 'password', kind: 'password', label: 'password', createdAt: START },
    verifiers: [{ type: 'argon2id', phc: phcOf(RIGHT) }],
  };
  await ports.store.commit([identityChange(identityOf(LOGIN, { credentials: [password] }), 0, START)]);
  const { entropy, store, lookups } = ports;
  const hashed: string[] = [];
  const lookupThread = openLookupThread({
    ...{ clock, entropy, store, lookups, hashed, domains: ['example.org'] },
  });
  const check = createPersonCheck({
    lookupThread: () => lookupThread,
    note: () => undefined,
    report: (error) => assert.fail(String(error)),
  });
  const atConsole = (address: string) =>
    check({ login: LOGIN, password: RIGHT }, { address, port: 1, browser: '' });
  for (let at = 0; at < (guessingDefaults.pair.refuseFrom ?? 0); at += 1)
    await lookupThread.ask({
      authenticate: {
        ...{ kind: 'password', mechanism: 'PLAIN', authorizationIdentity: '' },
        ...{ authenticationIdentity: LOGIN, password: `guess ${at}` },
      },
      from: { address: '192.0.2.1' },
    } satisfies LookupThreadQuestion);
  const before = hashed.length;
  assert.equal((await atConsole('192.0.2.1')).type, 'wrong');
  assert.equal(hashed.length, before, 'no hash for who has guessed');
  assert.equal((await atConsole('198.51.100.1')).type, 'right');
});
