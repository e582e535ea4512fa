// Which names begin with another, as PostgreSQL judges it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { begins } from './begins.ts';
import { openInside, withoutPostgres } from './postgres.contract-fixtures.ts';

const vectors: readonly { readonly name: string; readonly prefix: string; readonly is: boolean }[] = [
  { name: 'mail1/7/2.1', prefix: 'mail1/7/', is: true },
  { name: 'mail1/7/', prefix: 'mail1/7/', is: true },
  { name: 'mail1/70/2.1', prefix: 'mail1/7/', is: false },
  { name: 'mail1/7', prefix: 'mail1/7/', is: false },
  { name: 'MAIL1/7/2.1', prefix: 'mail1/7/', is: false },
  { name: 'mail1/7/\u{ff}x', prefix: 'mail1/7/', is: true },
  { name: 'mail1/7/\u{20ac}x', prefix: 'mail1/7/', is: true },
  { name: 'mail_1/7/2', prefix: 'mail%', is: false },
];

test('names that begin with another, by their octets', { skip: withoutPostgres }, async (t) => {
  const { sql } = await openInside(t);
  for (const { name, prefix, is } of vectors) {
    const row = await sql.get(`SELECT ${begins('($1::text COLLATE "C")', '$2')} AS is`, name, prefix);
    assert.equal(row?.['is'], is, `${name} ${prefix}`);
  }
});
