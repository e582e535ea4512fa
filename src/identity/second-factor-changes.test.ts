// How wrong codes slow down who guesses: for how long, and what ends it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Credential, Identity } from '../record/identity.ts';
import { identityOf, START } from '../store/store.contract-fixtures.ts';
import { judgeCode, secondFactorsOf } from './second-factor-changes.ts';
import { totpCode } from './totp.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const secret = Uint8Array.from({ length: 20 }, (_, at) => at);

const withTotp = (said: { readonly wrong: number; readonly wrongAt: number }): Identity => {
  const totp: Credential = {
    ...{ id: 'totp', kind: 'totp', label: 'app', createdAt: START },
    verifiers: [{ type: 'totp', secret: Buffer.from(secret).toString('hex'), usedStep: 0, ...said }],
  };
  return identityOf('alice@example.org', { credentials: [totp] });
};
const codeAt = (now: number): string => totpCode(secret, Math.floor(now / 30_000));
const judge = (wrong: number, passedMs: number) =>
  judgeCode(withTotp({ wrong, wrongAt: START }), codeAt(START + passedMs), START + passedMs);

for (const [wrong, waitMs] of [
  [5, MINUTE_MS],
  [6, 2 * MINUTE_MS],
  [10, 32 * MINUTE_MS],
  [11, HOUR_MS],
  [1000, HOUR_MS],
] as const)
  test(`after ${wrong} wrong codes a right one counts again when ${waitMs / MINUTE_MS} minutes have passed`, () => {
    assert.deepEqual(judge(wrong, waitMs - 1), { type: 'tooMany', waitMs: 1 });
    assert.equal(judge(wrong, waitMs).type, 'right');
  });

test('four wrong codes make nobody wait', () => assert.equal(judge(4, 0).type, 'right'));

test('a clock that stepped back makes nobody wait', () => assert.equal(judge(1000, -1).type, 'right'));

test('a right code ends the count', () => {
  const judged = judge(5, HOUR_MS);
  assert.ok(judged.type === 'right');
  const [verifier] = judged.identity.credentials[0]?.verifiers ?? [];
  assert.equal(verifier?.type === 'totp' && verifier.wrong, 0);
});

test('recovery codes of which none is left are no factor', () => {
  const used: Credential = {
    ...{ id: 'recovery', kind: 'recoveryCode', label: 'recovery codes', createdAt: START },
    verifiers: [],
  };
  assert.deepEqual(secondFactorsOf({ credentials: [used] }), []);
});
