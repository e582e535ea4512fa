// What somebody typed, as what to look for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { questionOfText } from './question.ts';

const vectors: readonly {
  readonly word: string;
  readonly terms: readonly string[] | undefined;
  readonly clientAddress?: string;
}[] = [
  { word: '192.0.2.7', terms: ['network 192.0.2.7'], clientAddress: '192.0.2.7' },
  { word: ' 2001:DB8:0:0::7 ', terms: ['network 2001:DB8:0:0::7'], clientAddress: '2001:db8::7' },
  { word: '::ffff:192.0.2.7', terms: ['network ::ffff:192.0.2.7'], clientAddress: '192.0.2.7' },
  { word: '192.0.2.0/24', terms: ['network 192.0.2.0'] },
  { word: '2001:db8:0:1::/64', terms: ['network 2001:db8:0:1::'] },
  { word: '192.0.2.9/24', terms: ['network 192.0.2.9'] },
  { word: '2001:db8::/64', terms: ['network 2001:db8::'] },
  { word: '2001:DB8:0::/64', terms: ['network 2001:DB8:0::'] },
  { word: '2001:db8::7/64', terms: ['network 2001:db8::7'] },
  { word: '192.0.2.0/16', terms: undefined },
  { word: '192.0.2.0/4', terms: undefined },
  { word: '192.0.2.0/64', terms: undefined },
  { word: '2001:db8::/24', terms: undefined },
  { word: '192.0.2.0/', terms: undefined },
  { word: '/24', terms: undefined },
  { word: '192.0.2.2554', terms: undefined },
  { word: '192.0.2.0/24/24', terms: undefined },
  { word: 'a/b', terms: undefined },
  { word: '192.0.2', terms: undefined },
  { word: 'bob@192.0.2.7', terms: ['address bob@192.0.2.7', 'messageIdField <bob@192.0.2.7>'] },
];

for (const { word, terms, clientAddress } of vectors)
  test(`D-TR-1: "${word}" is looked for as ${terms?.join(', then ') ?? 'nothing'}`, () => {
    const question = questionOfText(word, []);
    const asked = question?.looks.flat().map(({ kind, ...rest }) => `${kind} ${Object.values(rest).join()}`);
    assert.deepEqual([asked, question?.clientAddress], [terms, clientAddress]);
  });
