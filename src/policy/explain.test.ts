import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Principal } from '../record/identity.ts';
import { explain } from './explain.ts';
import type { SubmissionFacts } from './submission-policy.ts';

const principal: Principal = {
  identityId: 'i1',
  login: 'alice@example.org',
  proof: { kind: 'password', id: 'password', label: 'password' },
  mechanism: 'PLAIN',
  revision: 1,
  mailbox: true,
  rights: [{ kind: 'address', address: 'alice@example.org' }],
  limits: {},
};

const facts: SubmissionFacts = {
  principal,
  state: 'active',
  domains: new Set(['example.org']),
  displayNames: 'refuse',
};

test('BCP134-3.1-e 6409-6.1 6409-6.2: every question is answered with the rule that decided', () => {
  const steps = explain(facts, {
    from: { reversePath: 'alice@example.org', smtputf8: false },
    to: [
      { recipient: { forwardPath: 'x@far.example' } },
      { recipient: { forwardPath: 'nobody@example.org' }, mailbox: 'unknown' },
    ],
  });
  assert.deepEqual(
    steps.map(({ question, verdict, rule }) => [question, verdict.type, rule]),
    [
      ['MAIL FROM:<alice@example.org>?', 'accepted', 'own address alice@example.org'],
      ['RCPT TO:<x@far.example>?', 'accepted', 'authenticated submission'],
      ['RCPT TO:<nobody@example.org>?', 'refused', 'existing mailboxes'],
      ['From: alice@example.org?', 'accepted', 'From: own address alice@example.org'],
    ],
  );
});

test('F-NULL-1: the null sender is explained with its one recipient, and the header as given', () => {
  const steps = explain(facts, {
    from: { reversePath: '', smtputf8: false },
    to: [{ recipient: { forwardPath: 'a@far.example' } }, { recipient: { forwardPath: 'b@far.example' } }],
    header: {
      from: [{ address: 'bob@example.org', displayName: '' }],
      sender: { address: 'alice@example.org', displayName: '' },
      resent: [],
    },
  });
  assert.deepEqual(
    steps.map(({ verdict, rule }) => [verdict.type, rule]),
    [
      ['accepted', 'null reverse-path'],
      ['accepted', 'authenticated submission'],
      ['refused', 'null sender, one recipient'],
      ['refused', 'no right'],
    ],
  );
  assert.equal(steps.at(-1)?.question, 'From: bob@example.org; Sender: alice@example.org?');
});

test('BCP134-3.1-f: a suspended identity is told so at each step', () => {
  const steps = explain(
    { ...facts, state: 'suspended' },
    {
      from: { reversePath: 'alice@example.org', smtputf8: false },
      to: [{ recipient: { forwardPath: 'x@far.example' } }],
    },
  );
  assert.ok(steps.every(({ because }) => because === 'the identity is suspended'));
});
