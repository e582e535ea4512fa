// The picture of the flow: its scale says how much there was, and nothing where there was nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nothing } from '../server/flow.ts';
import { chart } from './chart.ts';

const spansOf = (...counts: readonly Partial<typeof nothing>[]) =>
  counts.map((some, at) => ({ ...nothing, ...some, at: at * 60_000 }));

for (const [why, spans, above, below, label] of [
  ['an empty one has no figures', spansOf({}, {}), '', '', 'Mail: nothing was counted'],
  ['one without trouble has none below the line', spansOf({ accepted: 3 }, {}), '4', '', 'Mail'],
  [
    'one of trouble alone has none above it',
    spansOf({ deferred: 5, failed: 2, refused: 30 }, {}),
    '',
    '40',
    'Mail',
  ],
  ['both have their own', spansOf({ accepted: 11 }, { accepted: 900, failed: 4 }), '1\u202f000', '4', 'Mail'],
] as const)
  test(`the scale of a picture: ${why}`, async () => {
    const text = String(await chart({ id: 'x', title: 'Mail', spans, each: 'minute' }));
    const scale = /class="scale"[^>]*><span>(.*?)<\/span><span>(.*?)<\/span>/.exec(text);
    assert.deepEqual(scale?.slice(1), [above, below]);
    assert.match(text, new RegExp(`aria-label="${label}"`));
  });
