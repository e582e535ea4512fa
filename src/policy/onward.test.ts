// Names in domains of ours that would lead a mailer after us elsewhere: refused in every form that a mailbox is matched by.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decideMxMail, decideMxRecipient } from './mx-policy.ts';
import { leadsOnward } from './onward.ts';
import { maySendAs } from './rights.ts';
import { decideRecipient } from './submission-policy.ts';
import type { Principal } from '../record/identity.ts';

const domains = new Set(['local.test']);
const principal: Principal = {
  ...{
    identityId: 'a',
    login: 'alice@local.test',
    proof: { kind: 'password', id: 'c', label: 'c' },
    mechanism: 'PLAIN',
  },
  ...{ revision: 1, mailbox: true, limits: {} },
  rights: [
    { kind: 'address', address: 'alice@local.test' },
    { kind: 'domain', domain: 'local.test' },
  ],
};

/** As they stand between the angle brackets, in front of our domain. */
const attacks: readonly string[] = [
  'victim%far.example',
  'far.example!victim',
  '"victim@far.example"',
  '"vic tim@far.example"',
  '"vic\\tim\\@far.example"',
  '|id',
  '"|/bin/sh -c id"',
  '/etc/passwd',
  '":include:/etc/passwd"',
  '"@far.example:victim"',
  '"@far.example,@b.example:victim@c.example"',
  '-oQ/tmp',
  '"../alice"',
  '"a/../alice"',
  '"victim,other"',
  '"victim;other"',
  '"x <victim>"',
  '"\\\\alice"',
  '"\\"|id\\""',
  'alice+victim%far.example',
  'alice+far.example!victim',
  '"alice+victim@far.example"',
  'alice+|id',
  'postmaster%far.example',
  '"postmaster@far.example"',
  'abuse%far.example',
  '%',
  '!',
  '"@"',
  '""',
];

test('F-REL-1/1 F-REL-1/2 F-REL-5/1 F-REL-5/2 F-REL-7/1 F-REL-7/2 BCP134-3.2-e: a name that leads onward is nobody, though the mailbox is said to exist', () => {
  for (const localPart of attacks) {
    for (const forwardPath of [`${localPart}@local.test`, `${localPart.toUpperCase()}@LOCAL.test`]) {
      const stranger = decideMxRecipient(domains, { forwardPath }, 'exists', 'mx.local.test');
      assert.equal(stranger.verdict.type, 'refused', `a stranger, ${forwardPath}`);
      const facts = { principal, state: 'active', domains, displayNames: 'refuse' } as const;
      const from = { reversePath: 'alice@local.test', smtputf8: false };
      const user = decideRecipient({ ...facts, from, mailbox: 'exists' }, { forwardPath }, 0);
      assert.equal(user.verdict.type, 'refused', `a user, ${forwardPath}`);
      const far = decideRecipient(
        { ...facts, from, mailbox: 'elsewhere' },
        { forwardPath: `${localPart}@far.example` },
        0,
      );
      assert.equal(far.verdict.type, 'accepted', `elsewhere it is somebody else's name: ${localPart}`);
    }
  }
});

test('F-REL-12 F-NULL-2: nor is it a sender: what can not be delivered would go back by it', () => {
  for (const localPart of attacks) {
    const reversePath = `${localPart}@local.test`;
    assert.equal(
      decideMxMail(domains, { reversePath, smtputf8: false }).verdict.type,
      'refused',
      reversePath,
    );
    assert.equal(maySendAs(principal, reversePath, domains).allowed, false, reversePath);
    const foreign = decideMxMail(domains, { reversePath: `${localPart}@far.example`, smtputf8: false });
    assert.equal(foreign.verdict.type, 'accepted', `of a foreign domain: ${localPart}`);
  }
});

test('names that people have lead nowhere', () => {
  const names = [
    'alice',
    'a.b-c_d',
    'alice+shop',
    "o'brien",
    'a=b',
    'b{c}',
    '#1',
    'dept/team',
    'john doe',
    'ünal',
    'a-',
    '~x',
    'a&b',
  ];
  for (const name of names) assert.equal(leadsOnward(name), false, name);
});

test('F-REL-1/1: whatever is put together of names and signs, what a stranger may write to holds none of them', () => {
  const piece = fc.constantFrom(
    ...['a', 'far.example', '%', '!', '@', '|', '/', '-', ':', '.', '"', '\\', '+', ' ', '..'],
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), fc.boolean(), (pieces, quoted) => {
      const text = pieces.join('');
      const localPart = quoted ? `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"` : text;
      const decision = decideMxRecipient(
        domains,
        { forwardPath: `${localPart}@local.test` },
        'exists',
        'mx.test',
      );
      // Chance can also put quotes around a plain name.
      const [, inside] = (!quoted && /^"((?:[^"\\]|\\.)+)"$/.exec(text)) || [];
      const name = inside?.replaceAll(/\\(.)/g, '$1') ?? text;
      if (decision.verdict.type === 'accepted') assert.match(name, /^(?![-/.])[^%!@|:"\\]+$/);
    }),
  );
});
