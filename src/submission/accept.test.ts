// What goes into the accept change.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LimitValues } from '../policy/limits.ts';
import type { IdentityLimits } from '../record/identity.ts';
import { contentOf, effectiveLimits } from './accept.ts';
import type { FinishedBody } from './body.ts';
import type { Prepared } from './prepare.ts';

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

test('a small message is one array of its own: header, then body', () => {
  const pool = Buffer.from('xxHEADERxxbodyxx');
  const prepared = { header: pool.subarray(2, 8) } as unknown as Prepared;
  const body: FinishedBody = {
    octets: 4,
    hash: '',
    has8bit: false,
    staged: false,
    chunks: [pool.subarray(10, 12), pool.subarray(12, 14)],
  };
  const content = contentOf(prepared, body);
  assert.ok(content.kind === 'inline');
  assert.equal(Buffer.from(content.bytes).toString(), 'HEADERbody');
  assert.equal(content.bytes.buffer.byteLength, 10, 'nothing else crosses to the store thread');
  const staged = contentOf(prepared, { ...body, staged: true, chunks: undefined });
  assert.deepEqual(staged, { kind: 'staged', header: prepared.header });
});
