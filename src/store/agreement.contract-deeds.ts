// What engines are asked in random histories: deeds that a generator puts together, and the few names that they are about.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { IdentityState } from '../record/identity.ts';
import { DAY, MINUTE } from './store.contract-fixtures.ts';

export const HOUR = 60 * MINUTE;
const owners = ['a/1', 'a/2', 'b/1'] as const;
export const addresses = [
  'al@x.example',
  'Bo@x.example',
  'cy@b\u00fccher.example',
  'postmaster',
  '"d e"@y.example',
] as const;
export const senders = ['', 'al@x.example', 'eve@z.example'] as const;
export const identities = ['al@x.example', 'bo@x.example', 'bot'] as const;
export const domains = ['x.example', 'y.example', ''] as const;

export const at = <T>(list: readonly T[], index: number): T => {
  const found = list[index % list.length];
  assert.notEqual(found, undefined);
  return found as T;
};

const small = fc.nat({ max: 7 });
const owner = fc.constantFrom(...owners);
const message = { id: small, to: fc.array(small, { minLength: 1, maxLength: 3 }), from: small };

/** A step that does not depend on the content of the store; `changeOf` finds something there that it may mean. */
const deed = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('accept'),
      ...message,
      identity: fc.option(small),
      owner: fc.option(owner),
      dueIn: fc.constantFrom(-HOUR, 0, 0, HOUR),
      limit: fc.option(fc.constantFrom(0, 1, 3)),
      again: fc.boolean(),
    }),
  },
  fc.record({ do: fc.constant('withdraw'), id: small, owner }),
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('claim'),
      owner,
      token: fc.nat({ max: 2 }),
      max: fc.nat({ max: 4 }),
      named: fc.subarray([...domains]),
      namedMax: fc.nat({ max: 2 }),
      after: fc.option(fc.constantFrom(...domains)),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('settle'),
      lease: small,
      wrong: fc.constantFrom('nothing', 'nothing', 'nothing', 'nothing', 'owner', 'attempt', 'time'),
      fates: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      notice: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('dueNotices'), max: fc.nat({ max: 2 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('report'),
      about: small,
      first: fc.boolean(),
      report: fc.option(fc.oneof(fc.record(message), fc.constant('bad' as const))),
    }),
  },
  fc.record({
    do: fc.constant('free'),
    prefix: fc.constantFrom(...owners, 'a/', ''),
    only: fc.option(small),
    attempt: fc.constantFrom(1, 1, 2),
  }),
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('queue'),
      action: fc.constantFrom('hold', 'release', 'retry', 'drop'),
      by: fc.constantFrom('all', 'id', 'identity', 'from', 'to', 'domain', 'held'),
      which: small,
      reason: fc.constantFrom(undefined, undefined, 'operator', 'review'),
      max: fc.constantFrom(undefined, undefined, 1, 2),
      after: fc.option(
        fc.record({
          id: small,
          recipientNumber: fc.nat({ max: 2 }),
          told: fc.boolean(),
          until: fc.nat({ max: 30 }),
        }),
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('undo'),
      id: small,
      wrong: fc.constantFrom('nothing', 'nothing', 'nothing', 'identity', 'recipients'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('identity'),
      which: small,
      state: fc.constantFrom<IdentityState>('active', 'active', 'suspended', 'removed'),
      names: fc.array(small, { maxLength: 2 }),
      password: fc.option(small),
      isStale: fc.constantFrom(false, false, false, true),
    }),
  },
  fc.record({ do: fc.constant('credentialUsed'), identity: small, credential: small, address: small }),
  fc.record({
    do: fc.constant('sharedKey'),
    purpose: fc.constantFrom('label', 'other'),
    day: fc.nat({ max: 3 }),
    octet: small,
  }),
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('purge'),
      ago: fc.nat({ max: 4 }),
      max: fc.integer({ min: 1, max: 6 }),
    }),
  },
  fc.record({
    do: fc.constant('erase'),
    identity: fc.option(small),
    names: fc.array(small, { maxLength: 2 }),
    ago: small,
  }),
  fc.record({ do: fc.constant('record'), ago: fc.nat({ max: 3 }), isBad: fc.boolean() }),
);
export type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never;

/** A group of deeds that are asked at once, or something that happens to the stores. */
export const step = fc.oneof(
  { weight: 8, arbitrary: fc.array(deed, { minLength: 1, maxLength: 5 }) },
  fc.record({ pass: fc.constantFrom(1, MINUTE, HOUR, 12 * HOUR) }),
  fc.record({ most: fc.constantFrom(undefined, undefined, 2, 4) }),
  fc.constant('restart' as const),
  fc.constant('index' as const),
);

export function dayAgo(now: number, days: number): string {
  return new Date(now - days * DAY).toISOString().slice(0, 10);
}
