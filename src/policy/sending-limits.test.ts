// Which sending limits hold for an identity.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IdentityLimits } from '../record/identity.ts';
import type { LimitValues } from './limits.ts';
import { effectiveLimits } from './sending-limits.ts';

const defaults: LimitValues = { messagesPerHour: 500, recipientsPerHour: 2000, nullSenderPerHour: 50 };

const vectors: readonly (readonly [
  defaults: LimitValues,
  own: IdentityLimits,
  expected: LimitValues,
  why: string,
])[] = [
  [defaults, {}, defaults, 'the configured ones'],
  [
    defaults,
    { messagesPerHour: 5 },
    { ...defaults, messagesPerHour: 5 },
    'an own value wins, also a lower one',
  ],
  [defaults, { messagesPerHour: 0 }, { ...defaults, messagesPerHour: 0 }, 'nothing at all'],
  [
    defaults,
    { recipientsPerHour: 'none' },
    { messagesPerHour: 500, nullSenderPerHour: 50 },
    'none lifts one',
  ],
  [defaults, { messagesPerHour: 'none', recipientsPerHour: 'none', nullSenderPerHour: 'none' }, {}, 'or all'],
  [{}, {}, {}, 'no limits configured'],
  [{}, { nullSenderPerHour: 7 }, { nullSenderPerHour: 7 }, 'an own one alone'],
  [{ messagesPerHour: 1 }, { messagesPerHour: 'none' }, {}, 'none over a configured one'],
];

test('an identity has its own limits where it has some, else the configured ones', () => {
  for (const [configured, own, expected, why] of vectors)
    assert.deepEqual(effectiveLimits(configured, own), expected, why);
});
