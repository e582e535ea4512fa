// What goes into the accept change.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentOf } from './accept.ts';
import type { FinishedBody } from './body.ts';
import type { Prepared } from './prepare.ts';

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
