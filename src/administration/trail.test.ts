// The trail is exported, which it tells itself, and a person's part of it is erased, but nothing that is young.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BY_ROOT, failsWith, openOffice, textOf } from '../../test/fakes/administration.ts';
import { DAY } from '../store/store.contract-fixtures.ts';

const reason = 'ticket 4711';
const [alice, bob] = ['alice@example.org', 'bob@example.org'] as const;

test('exportTrail gives one event a line, the last of which tells of it', async () => {
  const office = openOffice();
  for (const login of [alice, bob]) await office.addAccount({ login, mailbox: true, allowReserved: true });
  const after = (await office.ports.lookups.events({ max: 1 }))[0]?.cursor ?? '';
  const lines = (await textOf(await office.exportTrail({ after }))).trimEnd().split('\n');
  const [second, last, ...others] = lines.map(
    (line) => JSON.parse(line) as { type: string; payload: unknown },
  );
  assert.deepEqual([second?.type, last?.type, others], ['identityChanged', 'lookedUp', []]);
  assert.deepEqual(last?.payload, { by: BY_ROOT, action: 'audit export', detail: { after, reason } });

  const mine = await textOf(await office.exportTrail({ login: 'alice' }));
  const types = mine
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { type: string }).type);
  assert.deepEqual([types, mine.includes(bob)], [['identityChanged', 'lookedUp'], false]);
  const detail = { identity: alice, reason };
  assert.deepEqual(await office.newest(), { by: BY_ROOT, action: 'audit export', detail });
});

test('exportTrail reads on where a page ends', async () => {
  const office = openOffice();
  const payload = { by: 'server', action: 'start', detail: {} };
  const started = { type: 'started', time: office.clock.now(), payload } as const;
  await office.ports.store.commit([{ type: 'record', events: Array.from({ length: 1500 }, () => started) }]);
  const text = await textOf(await office.exportTrail({}));
  assert.equal(text.trimEnd().split('\n').length, 1501);
});

test('exportTrail gives an event whose time is none as it stands: one such event must not hide all others', async () => {
  const office = openOffice();
  const [never, detail] = [9e15, { at: -1e300 }];
  const event = { type: 'started', time: never, payload: { by: 'x', action: 'x', detail } } as const;
  await office.ports.store.commit([{ type: 'record', events: [event] }]);
  const [line = ''] = (await textOf(await office.exportTrail({}))).split('\n');
  const shown = JSON.parse(line) as { time: unknown; payload: { detail: unknown } };
  assert.deepEqual([shown.time, shown.payload.detail], ['9000000000000000', { at: '-1e+300' }]);
});

test('eraseFromTrail', async () => {
  const office = openOffice();
  await office.addAccount({ login: alice, mailbox: true, allowReserved: true });
  const before = office.clock.now() + 1;
  office.clock.advance(30 * DAY);
  const erased = await office.eraseFromTrail({ login: 'alice', addresses: [], before });
  assert.deepEqual(erased, { forgotten: 1, kept: 0, until: before });
  const detail = { events: 1, kept: 0, before: new Date(before).toISOString(), reason };
  assert.deepEqual(await office.newest(), { by: BY_ROOT, action: 'erase', detail });

  const now = office.clock.now();
  await assert.rejects(
    office.eraseFromTrail({ login: alice, addresses: [], before: now - 7 * DAY }),
    failsWith('negative', /younger than 7 days plus relay\.expire must stay traceable/),
  );
  await assert.rejects(
    office.eraseFromTrail({ addresses: [], before }),
    failsWith('usage', /name --identity or --address/),
  );
});
