// A rollback leaves the set as it was before the transaction, however often it was changed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createIdentitySet } from './identity-set.ts';

const steps = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.boolean()), { maxLength: 12 });

test('BCP134-3.1-f: what a rolled back transaction said of who may not send is forgotten, what a committed one said stays', () => {
  fc.assert(
    fc.property(steps, steps, (committed, undone) => {
      const set = createIdentitySet(['a']);
      const expected = new Set(['a']);
      for (const [id, mayNotSend] of committed) {
        set.set(id, mayNotSend);
        if (mayNotSend) expected.add(id);
        else expected.delete(id);
      }
      set.committed();
      for (const [id, mayNotSend] of undone) set.set(id, mayNotSend);
      set.rolledBack();
      for (const id of ['a', 'b', 'c']) assert.equal(set.has(id), expected.has(id), id);
    }),
  );
});
