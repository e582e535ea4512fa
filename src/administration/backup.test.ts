// A backup is all there is: it is recorded before it is made, so that it stands in the copy, and it is let go however its reading ends.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BY_ROOT, failsWith, openOffice, ROOT, textOf } from '../../test/fakes/administration.ts';
import { START } from '../store/store.contract-fixtures.ts';

function withCopy(options: Parameters<typeof openOffice>[0] = {}) {
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
    ...options,
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

test('backUp is for admins, elsewhere than on the host with a reason alone', async () => {
  for (const role of ['user', 'domainAdmin', 'desk', 'auditor'] as const) {
    const { office } = withCopy({ actor: { ...ROOT, role } });
    await assert.rejects(office.backUp(), failsWith('denied', /not for the role/));
  }
  const { reason: _reason, ...silent } = ROOT;
  const { office, seen } = withCopy({ actor: { ...silent, through: 'console', provedAt: START } });
  await assert.rejects(office.backUp(), failsWith('usage', /say why/));
  assert.equal(await textOf(await withCopy({ actor: silent }).office.backUp()), 'one two');
  assert.deepEqual([seen.recorded, await office.trail()], [0, []]);
});

test('backUp of a store on PostgreSQL says what to do instead, and records nothing', async () => {
  const { office } = withCopy({ extra: ['store: { postgres: postgres://postern@db/postern }'] });
  await assert.rejects(office.backUp(), failsWith('negative', /pg_basebackup[^]*docs\/CLUSTER\.md/));
  assert.deepEqual(await office.trail(), []);
});

test('backUp that could not be made is told so in the trail', async () => {
  const { office } = withCopy({ copy: () => Promise.reject(new Error('no space for a copy')) });
  await assert.rejects(textOf(await office.backUp()), failsWith('trouble', /no space for a copy/));
  const detail = { because: 'no space for a copy', reason: 'ticket 4711' };
  assert.deepEqual(await office.newest(), { by: BY_ROOT, action: 'backup failed', detail });
});
