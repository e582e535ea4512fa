// Whatever shows personal data leaves a record with who looked, before it shows anything; and asks for a reason where the configuration does.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BY_ROOT, failsWith, type Office, openOffice, ROOT } from '../../test/fakes/administration.ts';
import { StoreUnavailable } from '../store/port.ts';
import { acceptOf } from '../store/store.contract-fixtures.ts';

const ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const file = { shown: [], text: 'the file' };

/** `asksWhy`: not where a program has to do it each night. */
const looks: readonly {
  readonly name: string;
  readonly asksWhy: boolean;
  look(office: Office): Promise<unknown>;
}[] = [
  { name: 'trace', asksWhy: true, look: (at) => at.traceWords({ words: ID, range: { max: 1 } }) },
  { name: 'trace FILE', asksWhy: true, look: (at) => at.traceFile({ question: file, max: 1 }) },
  { name: 'queue show', asksWhy: true, look: (at) => at.showQueued({ id: ID }) },
  { name: 'queue show --content', asksWhy: true, look: (at) => at.queuedContent({ id: ID }) },
  { name: 'audit export', asksWhy: true, look: (at) => at.exportTrail({}) },
  { name: 'audit looks', asksWhy: true, look: (at) => at.listLooks({ max: 1 }) },
  { name: 'backup', asksWhy: false, look: (at) => at.backUp() },
];

async function withMessage(options: Parameters<typeof openOffice>[0]): Promise<Office> {
  const office = openOffice(options);
  await office.ports.store.commit([acceptOf(ID, office.clock.now(), {})]);
  return office;
}

const { reason: _reason, ...unreasoned } = ROOT;

for (const { name, asksWhy, look } of looks) {
  test(`D-TR-5: ${name} leaves its record, with who looked`, async () => {
    const office = await withMessage({});
    await look(office);
    const [, seen, ...others] = await office.trail();
    assert.deepEqual([seen?.type, others], ['lookedUp', []]);
    assert.ok(seen?.type === 'lookedUp');
    assert.equal(seen.payload?.by, BY_ROOT);
    assert.equal(seen.payload.detail['reason'], 'ticket 4711');
  });

  test(`D-TR-5: ${name} ${asksWhy ? 'is refused' : 'is allowed'} without a reason where one is asked for`, async () => {
    const office = await withMessage({ extra: ['audit: { requireReason: true }'], actor: unreasoned });
    if (asksWhy) await assert.rejects(look(office), failsWith('usage', /say why with --reason TEXT/));
    else await look(office);
    assert.equal((await office.trail()).length, asksWhy ? 1 : 2);
  });

  test(`D-TR-5: ${name} shows nothing if it can't be recorded`, async () => {
    const office = openOffice();
    await office.ports.store.commit([acceptOf(ID, office.clock.now(), {})]);
    const full = openOffice({
      ...office.ports,
      store: { commit: () => Promise.reject(new StoreUnavailable('no space')) },
    });
    await assert.rejects(look(full), StoreUnavailable);
  });
}
