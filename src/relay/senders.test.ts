// Whose mail may leave, by what this relay has heard since the mail came.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeHolder } from '../../test/fakes/holder.ts';
import type { IdentityState } from '../record/identity.ts';
import { Senders } from './senders.ts';

/** `mail`: it comes now, of alice. `stale`: who changes is not heard of any more; `lapsed`: nor is the lease of the node held. */
type Step =
  | 'mail'
  | 'unsure'
  | 'stale'
  | 'lapsed'
  | readonly [identityId: string, state: IdentityState, revision: number];

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
    { why: 'who changes is not heard of any more', steps: ['mail', 'stale'], may: false },
    { why: 'the node does not hold its lease', steps: ['mail', 'lapsed'], may: false },
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
    const holder = fakeHolder();
    const senders = new Senders(holder);
    let mayGo = (): boolean => assert.fail('no mail has come');
    for (const step of steps) {
      if (step === 'mail') mayGo = senders.mayGo('alice');
      else if (step === 'unsure') senders.unsure();
      else if (step === 'stale') holder.sure = false;
      else if (step === 'lapsed') holder.acts = false;
      else {
        const [identityId, state, revision] = step;
        senders.changed({ type: 'identityChanged', identityId, state, revision, gone: [] });
      }
    }
    assert.equal(mayGo(), may);
  });

test('what nobody here has sent may leave whoever changes, until notices may have been lost or the lease of the node is not held', () => {
  const holder = fakeHolder();
  const senders = new Senders(holder);
  const mayGo = senders.mayGo(undefined);
  senders.changed({
    ...{ type: 'identityChanged', identityId: 'alice', state: 'suspended' },
    revision: 2,
    gone: [],
  });
  holder.sure = false;
  assert.equal(mayGo(), true);
  holder.acts = false;
  assert.equal(mayGo(), false);
  holder.acts = true;
  senders.unsure();
  assert.equal(mayGo(), false);
});
