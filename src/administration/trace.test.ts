// `trace`: what it finds is of src/audit; here that every answer leaves a record of who asked for what, why, and how much was found.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BY_ROOT, openOffice } from '../../test/fakes/administration.ts';
import { questionOfMessage } from '../audit/question-of-message.ts';
import { acceptOf } from '../store/store.contract-fixtures.ts';

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
