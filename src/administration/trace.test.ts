// `trace`: what it finds is of src/audit; here that every answer leaves a record of who asked for what, why, and how much was found.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BY_ROOT, openOffice, ROOT } from '../../test/fakes/administration.ts';
import { questionOfMessage } from '../audit/question-of-message.ts';
import { acceptOf } from '../store/store.contract-fixtures.ts';
import { administrationOf } from './use-cases.ts';

const ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const reason = 'ticket 4711';

test('traceWords', async () => {
  const office = openOffice();
  const { id } = await office.addAccount({ login: 'alice@example.org', mailbox: true, allowReserved: true });
  await office.ports.store.commit([acceptOf(ID, office.clock.now(), { identityId: id })]);
  const traced = await office.traceWords({ words: ' alice ', range: { max: 20 } });
  assert.deepEqual(traced?.identities, [{ id, login: 'alice@example.org', state: 'active' }]);
  const detail = { question: 'alice', reason, found: traced.answer.messages.length };
  assert.deepEqual(await office.newest(), { by: BY_ROOT, action: 'trace', detail });

  const nobody = await office.traceWords({ words: 'x@far.example', range: { max: 20 } });
  assert.deepEqual(nobody?.answer.messages, []);
  const none = { question: 'x@far.example', reason, found: 0 };
  assert.deepEqual(await office.newest(), { by: BY_ROOT, action: 'trace', detail: none });
});

test('words that name nothing are no look', async () => {
  const office = openOffice();
  assert.equal(await office.traceWords({ words: 'word', range: { max: 20 } }), undefined);
  assert.deepEqual(await office.trail(), []);
});

test('traceFile', async () => {
  const office = openOffice();
  await office.ports.store.commit([acceptOf(ID, office.clock.now(), {})]);
  const file = `Message-ID: <x@far.example>\r\nFrom: a@far.example\r\n\r\nHello.\r\n`;
  const question = questionOfMessage(Buffer.from(file), 'msa.example.org');
  const { messages } = await office.traceFile({ question, max: 20 });
  const detail = { question: question.text, reason, found: messages.length };
  assert.deepEqual(await office.newest(), { by: BY_ROOT, action: 'trace', detail });
});

test('that others have more to show is not told to who may not see it', async () => {
  const office = openOffice();
  const now = office.clock.now();
  const to = ['bob@far.example'];
  const ids = ['A', 'B', 'C', 'D'].map((last) => `01ARZ3NDEKTSV4RRFFQ69G5FA${last}`);
  const write = (at: number, from: string, identityId: string): Promise<unknown> =>
    office.ports.store.commit([acceptOf(ids[at] ?? '', now + at, { from, identityId, to })]);
  const [alice, mallory] = await Promise.all(
    ['alice@example.org', 'mallory@example.org'].map((login) =>
      office.addAccount({ login, mailbox: true, allowReserved: true }),
    ),
  );
  assert.ok(alice && mallory);
  const user = { ...ROOT, role: 'user', identityId: alice.id } as const;
  const asked = (after?: string) =>
    administrationOf(office.ports, user).traceWords({
      words: 'bob@far.example',
      range: { max: 1, ...(after === undefined ? {} : { after }) },
    });
  await write(0, 'mallory@example.org', mallory.id);
  await write(1, 'mallory@example.org', mallory.id);
  await write(2, 'alice@example.org', alice.id);
  const newest = (await asked())?.answer;
  assert.deepEqual([newest?.messages.map(({ id }) => id), newest?.more], [[ids[2]], false]);
  await write(3, 'alice@example.org', alice.id);
  const first = (await asked())?.answer;
  assert.deepEqual([first?.messages.map(({ id }) => id), first?.more], [[ids[3]], true]);
  const second = (await asked(first?.next))?.answer;
  assert.deepEqual([second?.messages.map(({ id }) => id), second?.more], [[ids[2]], false]);
});
