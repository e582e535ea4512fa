// What forms do to the queue where it takes more than one slice, can't be undone, or breaks off.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../../test/fakes/administration.ts';
import { openDesk } from '../../../test/fakes/console.ts';
import { begin, id } from '../../../test/fakes/desk-with-mail.ts';
import { StoreUnavailable } from '../../store/port.ts';
import { acceptOf } from '../../store/store.contract-fixtures.ts';

const bounce = [
  ['action', 'bounce'],
  ['what', 'chosen'],
  ['id', id(0)],
] as const;

test('returning mail is asked for first, then it is given up and each sender gets a report', async () => {
  const at = await begin({ messages: 2, to: ['bob@example.net', 'carol@example.net'] });
  const asked = await at.act('/queue', bounce);
  assert.match(await asked.text(), /Return to sender 2 recipients\?[^]*gone for good[^]*gets a report/);
  const { lookups } = at.office.ports;
  assert.equal(await lookups.queueCount({}), 4);
  await at.act('/queue', [...bounce, ['sure', 'yes'], ['reason', 'no such domain']]);
  assert.match(await at.page('/queue'), /2 recipients given up, and reported to their senders\./);
  const left = await lookups.queue({}, { max: 9 });
  assert.deepEqual(
    left.map(({ message, delivery }) => [message.envelope.reversePath, delivery.recipient.forwardPath]),
    [
      ['alice@example.org', 'bob@example.net'],
      ['alice@example.org', 'carol@example.net'],
      ['', 'alice@example.org'],
    ],
  );
  const drops = (await at.office.trail()).filter(({ type }) => type === 'dropped');
  assert.equal(drops.length, 2);
  assert.match(JSON.stringify(drops), /root \(console\)[^]*no such domain/);
});

const noticeIn = (page: string): string => /role="status">([^<]*)</.exec(page)?.[1] ?? '';

/** Each commit takes so long; `fails`: the n-th report can't be written. */
async function slow({ eachMs, fails = Infinity }: { eachMs: number; fails?: number }) {
  const calm = openOffice();
  let reports = 0;
  const office = openOffice({
    ...calm.ports,
    store: {
      commit(changes) {
        calm.clock.advance(eachMs);
        if (changes.some(({ type }) => type === 'accept')) reports += 1;
        return reports >= fails
          ? Promise.reject(new StoreUnavailable('no space'))
          : calm.ports.store.commit(changes);
      },
    },
  });
  for (let at = 0; at < 300; at += 1) {
    const messageId = `01ARZ3NDEKTSV4RRFFQ69G${String(at).padStart(4, '0')}`;
    await calm.ports.store.commit([acceptOf(messageId, calm.clock.now(), {})]);
  }
  const desk = openDesk({ office: { ...office, clock: calm.clock } });
  const { cookie, token } = await desk.enter();
  const act = async (action: string): Promise<string> => {
    const form = { token, action, what: 'part', 'part-domain': 'example.net', sure: 'yes' };
    await desk.post('/queue', form, { cookie });
    return (await desk.get('/queue', { cookie })).text();
  };
  return { act, left: () => calm.ports.lookups.queueCount({ domain: 'example.net' }) };
}

test('an act that takes longer than ten seconds says that there may be more, and goes on when it is asked again', async () => {
  const { act, left } = await slow({ eachMs: 200 });
  const before = await left();
  assert.match(
    await act('bounce'),
    /given up, and reported to their senders\. There may be more: do it once more/,
  );
  const after = await left();
  assert.ok(after > 0 && after < before, `${after} of ${before}`);
  for (let times = 0; (await left()) > 0; times += 1) {
    assert.ok(times < 10);
    await act('bounce');
  }
});

test('an act that breaks off says how much was done before, and why', async () => {
  const { act } = await slow({ eachMs: 0, fails: 150 });
  assert.match(
    noticeIn(await act('bounce')),
    /^149 recipients given up[^]*Then it broke off: no space\. There may be more/,
  );
});
