// Whoever misuses the server can be stopped, at once and in whatever is open; who may send on does.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { delivered, eventually, PASSWORD } from '../system/server.ts';
import { House, alice, carol, dave, erin, idOf, lastWords, submit, type Message } from './house.ts';

const house = await House.open();
after(() => house.close());

test('D-OUT-5: an app password is revoked by itself and at once; who is in by another stays in', async () => {
  const made = await house.account('app-password', 'add', alice, '--label', 'phone');
  const text = /: (\S+)\n$/.exec(made)?.[1] ?? '';
  const [phone, desk] = [await house.session(alice, text), await house.session(alice)];
  const message = { from: alice, to: ['phone@far.example'], fields: [`From: <${alice}>`] };
  const byPhone = (await house.tracedOne(idOf(await submit(phone, message)))).accepted?.principal;
  assert.deepEqual([byPhone?.credentialLabel, byPhone?.credentialId], ['phone', text.split('-')[0]]);
  assert.match(
    await house.account('show', alice),
    /app password [0-9A-Z]{8} {2}phone {2}last used .* from 127\.0\.0\.1/,
  );

  const words = lastWords(phone);
  await house.account('app-password', 'revoke', alice, 'phone');
  assert.match(await words, /^421 4\.7\.0/, 'the open session ends');
  await assert.rejects(house.session(alice, text), /535 5\.7\.8/);
  assert.match(await submit(desk, message), /^250/);
  desk.close();
});

test('BCP134-3.1-f: a changed password is out at once, also where somebody came in with it', async () => {
  const client = await house.session(dave);
  const change = (password: string): number =>
    house.server.postern(['account', 'password', dave], `${password}\n`).status;
  const words = lastWords(client);
  assert.equal(change('another long password'), 0);
  assert.match(await words, /^421 4\.7\.0/);
  await assert.rejects(house.session(dave), /535 5\.7\.8/);
  (await house.session(dave, 'another long password')).close();
  assert.equal(change(PASSWORD), 0);
});

test('BCP134-3.1-f BCP134-3.1-h: who was removed sends and receives nothing more, and is still traced; the name is not given on', async () => {
  const client = await house.session(carol);
  const id = idOf(
    await submit(client, { from: carol, to: ['old@far.example'], fields: [`From: <${carol}>`] }),
  );
  const words = lastWords(client);
  await house.account('remove', carol, '--yes');
  assert.match(await words, /^421 4\.7\.0/);
  await assert.rejects(house.session(carol), /535 5\.7\.8/);
  const again = await house.postern(['account', 'add', carol]);
  assert.deepEqual([again.status, again.stdout], [1, '']);
  const other = await house.session(alice);
  await other.command(`MAIL FROM:<${alice}>`);
  assert.match(await other.command(`RCPT TO:<${carol}>`), /^550 5\.1\.1/);
  other.close();
  const { identityId, accepted } = await house.tracedOne(id);
  assert.equal(accepted?.principal?.login, carol);
  assert.match(await house.account('show', carol), new RegExp(`removed[\\s\\S]*id {7}${identityId}`));
  const { answer } = await house.traced(carol);
  assert.deepEqual(
    answer.messages.map((message) => message.id),
    [id],
  );
});

test('D-OUT-3: suspended: no AUTH, nothing of the queue leaves, mail still arrives; then it is dropped without a word or goes on', async () => {
  house.sink.open = false;
  const client = await house.session(erin);
  const fields = [`From: <${erin}>`];
  const ids: string[] = [];
  for (const n of [1, 2, 3])
    ids.push(idOf(await submit(client, { from: erin, to: [`later${n}@sink.example`], fields })));
  const other = await house.session(alice);
  await submit(other, { from: alice, to: ['patient@sink.example'], fields: [`From: <${alice}>`] });
  await eventually('a first attempt for each', 10, () => house.sink.refusedForNow.size >= 4);
  const words = lastWords(client);
  await house.account('suspend', erin);
  assert.match(await words, /^421 4\.7\.0/);
  const queue = JSON.parse((await house.postern(['queue', 'list', '--identity', erin, '--json'])).stdout) as {
    readonly entries: readonly { readonly id: string; readonly held: boolean }[];
  };
  assert.deepEqual(
    queue.entries.map(({ held }) => held),
    [true, true, true],
  );
  // Attempts that were under way at that moment have been put off.
  const before = house.sink.messages.length;
  house.sink.open = true;
  assert.equal((await house.postern(['queue', 'retry', '--all', '--yes'])).status, 0);
  await eventually('what was due with it', 10, () => house.sink.messages.length > before);
  assert.match(house.sink.messages.slice(before).join(), /for <patient@/);
  assert.equal(house.sink.messages.length, before + 1, 'nothing left while it was suspended');
  await assert.rejects(house.session(erin), /535 5\.7\.8/);
  const toErin = { from: alice, to: [erin], fields: [`From: <${alice}>`] };
  assert.match(await submit(other, toErin), /^250/, 'it still receives');
  other.close();

  const dropped = await house.postern(['queue', 'drop', ids[0] ?? '', '--yes']);
  assert.match(dropped.stdout, /drop: 1 of 1 recipient\b/);
  await house.account('resume', erin);
  await eventually('the rest of the queue', 10, () => house.sink.messages.length === before + 3);
  assert.equal((await house.tracedOne(ids[0] ?? '')).recipients[0]?.fate, 'dropped');
  assert.ok(!house.sink.messages.some((one) => one.includes('later1@')));
  const reports = (await house.exported()).filter(
    ({ type, payload }) => type === 'accepted' && payload !== undefined && 'reportOn' in payload,
  );
  assert.ok(
    !reports.some(
      ({ payload }) => payload !== undefined && 'reportOn' in payload && ids.includes(payload.reportOn ?? ''),
    ),
    'nobody is told of what was dropped',
  );
});

test('D-OUT-1 G-13: limits of one identity: 451 over the hour, 550 over the day, kept over a restart, nobody else is touched', async () => {
  const had = (await house.exported()).at(-1)?.sequence ?? 0;
  let client = await house.session(dave);
  const to = (...names: readonly string[]): Message => ({
    from: dave,
    to: names.map((name) => `${name}@far.example`),
    fields: [`From: <${dave}>`],
  });
  const soft = /^451 4\.7\.1/;
  await house.account('limit', dave, 'messagesPerHour', '3');
  for (const name of ['a', 'b', 'c']) assert.match(await submit(client, to(name)), /^250/);
  assert.match(await submit(client, to('over')), soft);
  const other = await house.session(alice);
  assert.match(
    await submit(other, { from: alice, to: ['x@far.example'], fields: [`From: <${alice}>`] }),
    /^250/,
  );
  for (const one of [client, other]) one.close();

  await house.server.stop();
  await house.server.start();
  client = await house.session(dave);
  assert.match(await submit(client, to('over')), soft, 'the counters survive a restart');

  await house.account('limit', dave, 'messagesPerHour', 'none');
  await house.account('limit', dave, 'recipientsPerHour', '5');
  assert.match(await submit(client, to('over', 'd', 'e')), soft, 'three were used: the sixth is too many');
  assert.match(await submit(client, to('d', 'e')), /^250/, 'what was refused counts nothing');
  await house.account('limit', dave, 'recipientsPerHour', '1');
  assert.match(await submit(client, to('over')), /^550 5\.7\.1/, 'over four times as much in a day');

  await house.account('limit', dave, 'recipientsPerHour', 'none');
  await house.account('limit', dave, 'nullSenderPerHour', '1');
  const report = { ...to('f'), from: '' };
  assert.match(await submit(client, report), /^250/, 'the null sender is no ground to refuse');
  assert.match(await submit(client, report), soft);
  client.close();
  const causes = await eventually('the record of the last refusal, which nobody waits for', 10, async () => {
    const events = await house.exported('--identity', dave, '--after', String(had));
    const refusals = events.flatMap(({ type, payload }) => (type === 'refused' ? [payload] : []));
    const told = refusals.map((payload) => `${payload?.replyCode} ${payload?.cause}`);
    return told.at(-1)?.includes('nullSender') === true ? told : undefined;
  });
  assert.deepEqual(causes, [
    '451 limit messagesPerHour',
    '451 limit messagesPerHour',
    '451 limit recipientsPerHour',
    '550 limit recipientsPerDay',
    '451 limit nullSenderPerHour',
  ]);
  await eventually('delivery', 10, () => delivered(house.server.outbox).length > 0);
  const left = delivered(house.server.outbox).filter(({ bytes }) =>
    String(bytes).includes('over@far.example'),
  );
  assert.deepEqual(left, [], 'nothing of what was refused left');
});

house.testThatAllHolds();
