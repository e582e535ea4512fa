// Whose mail may leave, by what this relay has heard since the mail came.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IdentityState } from '../record/identity.ts';
import { Senders } from './senders.ts';

/** `mail`: it comes now, of alice. */
type Step = 'mail' | 'unsure' | readonly [identityId: string, state: IdentityState, revision: number];

const histories: readonly { readonly why: string; readonly steps: readonly Step[]; readonly may: boolean }[] =
  [
    { why: 'nothing was heard', steps: ['mail'], may: true },
    { why: 'suspended', steps: ['mail', ['alice', 'suspended', 2]], may: false },
    { why: 'removed', steps: ['mail', ['alice', 'removed', 2]], may: false },
    { why: 'suspended before it came', steps: [['alice', 'suspended', 2], 'mail'], may: false },
    { why: 'another was suspended', steps: ['mail', ['bob', 'suspended', 2]], may: true },
    {
      why: 'suspended and resumed',
      steps: ['mail', ['alice', 'suspended', 2], ['alice', 'active', 3]],
      may: true,
    },
    {
      why: 'resumed, and the suspension is heard late',
      steps: ['mail', ['alice', 'active', 3], ['alice', 'suspended', 2]],
      may: true,
    },
    {
      why: 'suspended, and an earlier change is heard late',
      steps: ['mail', ['alice', 'suspended', 3], ['alice', 'active', 2]],
      may: false,
    },
    {
      why: 'the suspension is heard twice',
      steps: ['mail', ['alice', 'suspended', 2], ['alice', 'suspended', 2]],
      may: false,
    },
    { why: 'notices may have been lost since it came', steps: ['mail', 'unsure'], may: false },
    { why: 'notices may have been lost before it came', steps: ['unsure', 'mail'], may: true },
    {
      why: 'suspended before notices may have been lost: the store gave it out since',
      steps: [['alice', 'suspended', 2], 'unsure', 'mail'],
      may: true,
    },
    {
      why: 'a change that was heard before the doubt comes once more',
      steps: [['alice', 'active', 3], 'unsure', 'mail', ['alice', 'suspended', 2]],
      may: true,
    },
  ];

for (const { why, steps, may } of histories)
  test(`mail of a sender ${may ? 'may' : 'may not'} leave: ${why}`, () => {
    const senders = new Senders();
    let mayGo = (): boolean => assert.fail('no mail has come');
    for (const step of steps) {
      if (step === 'mail') mayGo = senders.mayGo('alice');
      else if (step === 'unsure') senders.unsure();
      else {
        const [identityId, state, revision] = step;
        senders.changed({ type: 'identityChanged', identityId, state, revision, gone: [] });
      }
    }
    assert.equal(mayGo(), may);
  });

test('what nobody here has sent may leave until notices may have been lost', () => {
  const senders = new Senders();
  const mayGo = senders.mayGo();
  senders.changed({
    ...{ type: 'identityChanged', identityId: 'alice', state: 'suspended' },
    revision: 2,
    gone: [],
  });
  assert.equal(mayGo(), true);
  senders.unsure();
  assert.equal(mayGo(), false);
});
