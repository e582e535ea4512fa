// The picture of the mail of an account: that it is not whole is said.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fourWeeks } from './identity-mail.ts';

const day = { at: 0, accepted: 0, delivered: 2, deferred: 1, failed: 0, refused: 0 };
const CUT = ': only the newest events are counted, and earlier days are missing';

for (const [why, accepted, isCut, says] of [
  ['all events are counted', 3, false, '3 messages accepted.'],
  ['there was nothing', 0, false, 'no messages accepted.'],
  ['there are more events than are counted', 3, true, `At least 3 messages accepted${CUT}.`],
  ['the newest events are of one message to thousands', 0, true, `At least 0 messages accepted${CUT}.`],
] as const)
  test(`mail of four weeks: ${why}`, async () => {
    const days = [{ ...day, accepted }];
    const text = String(await fourWeeks({ login: 'alice@example.org', days, isCut }));
    const [, said = ''] = /<p>([^]*?)<\/p>/.exec(text) ?? [];
    assert.equal(said.trim().replaceAll(/\s+/g, ' '), says);
  });
