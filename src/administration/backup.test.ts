// A backup is all there is: it is recorded before it is made, so that it stands in the copy, and it is let go however its reading ends.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BY_ROOT, openOffice, textOf } from '../../test/fakes/administration.ts';

function withCopy() {
  const seen = { recorded: 0, closed: 0 };
  const office = openOffice({
    async copy() {
      seen.recorded = (await office.trail()).length;
      const content = (async function* () {
        yield Buffer.from('one ');
        yield Buffer.from('two');
      })();
      return { content, close: () => Promise.resolve(void (seen.closed += 1)) };
    },
  });
  return { office, seen };
}

test('backUp gives the copy in pieces', async () => {
  const { office, seen } = withCopy();
  assert.equal(await textOf(await office.backUp()), 'one two');
  assert.deepEqual(seen, { recorded: 1, closed: 1 });
  const detail = { reason: 'ticket 4711' };
  assert.deepEqual(await office.newest(), { by: BY_ROOT, action: 'backup', detail });
});

test('backUp that nobody reads to its end is let go', async () => {
  const { office, seen } = withCopy();
  for await (const piece of await office.backUp()) {
    assert.equal(String(piece), 'one ');
    break;
  }
  assert.equal(seen.closed, 1);
});
