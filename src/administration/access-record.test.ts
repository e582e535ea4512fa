// Who looked at what: by time and person, in pages, for auditors; each look at it is of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BY_ROOT, failsWith, openOffice } from '../../test/fakes/administration.ts';
import { recordLink } from './console-sessions.ts';

test('the access record tells of looks and sessions, newest first, and of itself the next time', async () => {
  const office = openOffice();
  await office.traceWords({ words: 'bob@example.net', range: { max: 1 } });
  office.clock.advance(1000);
  await recordLink(office.ports, { who: 'ada', through: 'command line' });
  const { looks, next } = await office.listLooks({ max: 10 });
  assert.deepEqual(
    looks.map(({ kind, by, action }) => [kind, by, action]),
    [
      ['session', 'ada (command line)', 'console link'],
      ['look', BY_ROOT, 'trace'],
    ],
  );
  assert.deepEqual(looks[1]?.detail, { question: 'bob@example.net', reason: 'ticket 4711', found: 0 });
  assert.equal(next, undefined);
  const [last] = (await office.listLooks({ max: 1, who: 'root' })).looks;
  assert.deepEqual([last?.action, last?.detail], ['audit looks', { reason: 'ticket 4711' }]);
});

test('pages of the access record go on where they ended, though each is recorded', async () => {
  const office = openOffice();
  for (const words of ['a@x.example', 'b@x.example', 'c@x.example', 'd@x.example', 'e@x.example']) {
    await office.traceWords({ words, range: { max: 1 } });
    office.clock.advance(1);
  }
  const seen: unknown[] = [];
  let after: string | undefined;
  do {
    const page = await office.listLooks({ max: 2, ...(after === undefined ? {} : { after }) });
    seen.push(...page.looks.map(({ detail }) => detail?.['question']));
    after = page.next;
  } while (after !== undefined);
  assert.deepEqual(seen, ['e@x.example', 'd@x.example', 'c@x.example', 'b@x.example', 'a@x.example']);
  await assert.rejects(office.listLooks({ max: 1, after: 'x' }), { name: 'NotACursor' });
});

test('a verification wants a whole link, and one is under way at a time', async () => {
  const office = openOffice();
  await assert.rejects(office.startVerification({ expect: 'abc' }), failsWith('usage', /64 hexadecimal/));
  assert.deepEqual(await office.showVerification(), {});
  const [begun, again] = await Promise.allSettled([
    office.startVerification({}),
    office.startVerification({}),
  ]);
  assert.equal(begun.status, 'fulfilled');
  assert.ok(again.status === 'rejected');
  assert.match(String(again.reason), /under way, begun by root \(command line\)/);
});
