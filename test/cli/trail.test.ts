// The trail on the command line: verified, exported, erased, asked; and what a backup keeps of it.

import assert from 'node:assert/strict';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { systemClock } from '../../src/platform/clock.ts';
import { systemEntropy } from '../../src/platform/entropy.ts';
import type { AcceptedPayload, SessionFacts } from '../../src/record/events.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { DAY_MS, makeStore, place, show, stored, trail, USAGE } from './place.ts';

test('D-TR-3: audit verify walks the chain, and names the event that was changed', async () => {
  const at = place();
  for (const change of ['add alice@example.org', 'add bob@example.org', 'suspend alice'])
    await at.good(`account ${change}`);
  const verified = JSON.parse(await at.good('audit verify --json')) as { events: number; lastLink: string };
  assert.equal(verified.events, 3);
  assert.equal(
    await at.good('audit verify'),
    `3 events, the chain holds (0 forgotten by retention or erasure)\nlast link ${verified.lastLink}\n`,
  );
  const db = new DatabaseSync(join(at.data, 'postern.sqlite'));
  const row = db.prepare('SELECT payload FROM event WHERE sequence = 2').get();
  const payload = Buffer.from(row?.['payload'] as Uint8Array);
  payload[payload.indexOf('bob')] = 0x4a;
  db.prepare('UPDATE event SET payload = ? WHERE sequence = 2').run(payload);
  db.close();
  await at.refused(1, /the trail is broken at event 2: its content was changed/, 'audit verify');
});

test('audit looks tells who looked at what, newest first, by person and time, and goes on where it ended', async () => {
  const at = place();
  await at.good('account add alice@example.org');
  await at.good('audit export --reason first');
  await at.good('audit export --identity alice --reason second');
  const shown = await at.good('audit looks');
  assert.match(shown, /^TIME +WHO +DID +WHAT AND WHY\n/);
  assert.match(
    shown,
    /audit export +identity=alice@example\.org reason=second\n.*audit export +reason=first\n$/,
  );
  assert.ok(shown.includes(byOperator));
  assert.match(await at.good('audit looks --by nobody'), /nobody looked/);
  assert.match(await at.good('audit looks --since 1h --until 2099-01-01'), /audit looks/);
  const { next } = JSON.parse(await at.good('audit looks --max 1 --json')) as { next: string };
  assert.match(await at.good(`audit looks --max 1 --before ${next}`), /audit looks/);
  await at.refused(USAGE, /--max is a whole number/, 'audit looks --max many');
  await at.refused(USAGE, /no place in the access record/, 'audit looks --before x');
});

const byOperator = `${userInfo().username} (command line)`;

const session: SessionFacts = {
  ...({ sessionId: 's', role: 'submission', ehlo: 'c' } as const),
  ...{ clientAddress: '192.0.2.7', clientPort: 40_000, serverAddress: '192.0.2.1', serverPort: 587 },
};

/** What a server would have recorded. */
function acceptedBy(identityId: string, to: string): AcceptedPayload {
  const login = 'alice@example.org';
  const credential = { credentialId: 'password', credentialLabel: 'password', mechanism: 'PLAIN' };
  return {
    session,
    principal: { identityId, login, ...credential },
    envelope: {
      ...{ reversePath: login, smtputf8: false, body: '7BIT' },
      recipients: [{ forwardPath: to }],
    },
    ...{ rule: 'own address', withProtocol: 'ESMTPSA', headerFrom: [login], subjectOctets: 0 },
    ...{ completed: [], octets: 100, bodyHash: '00' },
  };
}

test('D-GDPR-3 D-GDPR-6: one account is exported; what is old is erased, what is young is kept, and the chain holds', async () => {
  const at = place();
  for (const name of ['alice', 'bob']) await at.good(`account add ${name}@example.org`);
  const { id } = await show(at, 'alice');
  const now = Date.now();
  const [ago, today] = ['06FN0Z2V3W00000000000000AB', '06FN0Z2V3W00000000000000AC'];
  const [old, young] = [acceptedBy(id, 'old@far.example'), acceptedBy(id, 'young@far.example')];
  const open = openSqliteStore({ dataDirectory: at.data, clock: systemClock, entropy: systemEntropy() });
  await open.store.commit([
    {
      type: 'record',
      events: [
        { type: 'accepted', time: now - 25 * DAY_MS, messageId: ago, identityId: id, payload: old },
        { type: 'accepted', time: now, messageId: today, identityId: id, payload: young },
      ],
    },
  ]);
  open.close();
  const mine = await trail(at, '--identity alice');
  assert.deepEqual(
    mine.map(({ type }) => type),
    ['identityChanged', 'accepted', 'accepted'],
  );
  assert.ok(mine.every(({ identityId }) => identityId === id));
  assert.match(await at.good(`trace ${ago}`), /who {7}alice@example\.org[\s\S]*to {8}<old@far\.example>/);

  const day = (daysAgo: number): string => new Date(now - daysAgo * DAY_MS).toISOString().slice(0, 10);
  const floor = /younger than 7 days plus relay\.expire must stay traceable/;
  await at.refused(1, floor, `audit erase --identity alice --before ${day(8)}`);
  await at.refused(USAGE, /is no date such as/, 'audit erase --identity alice --before yesterday');
  await at.refused(USAGE, /name --identity or --address/, `audit erase --before ${day(20)}`);
  await at.refused(USAGE, /--before <date>' not specified/, 'audit erase --identity alice');
  const erased = await at.good(`audit erase --identity alice --before ${day(20)}`);
  assert.match(erased, /^1 events forgotten, 2 kept because they are younger/);
  assert.doesNotMatch(stored(at.data), /old@far\.example/);
  assert.match(await at.good('audit verify'), /the chain holds \(1 forgotten/);
  await at.refused(1, /the trail knows nothing/, 'trace old@far.example');
  assert.match(await at.good('trace young@far.example'), /who {7}alice@example\.org/);
  assert.match(await at.good(`trace ${ago}`), /its record was forgotten/);
  const events = await trail(at);
  assert.ok(events.some(({ type, payload }) => type === 'erased' && payload?.by === byOperator));
  await at.refused(USAGE, /"x" is no place in the trail/, 'audit export --after x');
  assert.deepEqual((await trail(at, '--after 3')).length, events.length - 3);
});

test('D-TR-5: every look-up is recorded with who asked and why; without a reason it is refused where one is asked for', async () => {
  const at = place('audit: { requireReason: true }');
  makeStore(at);
  const refused = /say why with --reason TEXT: .*audit\.requireReason/;
  await at.refused(USAGE, refused, 'trace x@far.example');
  await at.refused(USAGE, refused, "trace x@far.example --reason ''");
  await at.refused(USAGE, refused, 'audit export');
  assert.deepEqual(await trail(at, '--reason test'), [], 'nothing was looked up');
  await at.refused(
    1,
    /the trail knows nothing of x@far\.example/,
    "trace x@far.example --reason 'ticket 4711'",
  );
  const [event, ...others] = await trail(at, '--reason test');
  assert.deepEqual(others, []);
  assert.equal(event?.type, 'lookedUp');
  assert.deepEqual(event?.payload, {
    by: byOperator,
    action: 'trace',
    detail: { question: 'x@far.example', reason: 'ticket 4711', found: 0 },
  });
});

test('a trace of what never passed here is a negative answer, of what names nothing a mistake', async () => {
  const at = place();
  makeStore(at);
  const empty = join(at.directory, 'empty.eml');
  writeFileSync(empty, '');
  for (const what of [
    'x@far.example',
    '<a@b.example>',
    `<${'a'.repeat(5000)}@b.example>`,
    '06FN0Z2V3W00000000000000AB',
    '0123456789abcdef',
    '0123456789abcdef.client.msa.example.org',
  ])
    await at.refused(1, /the trail knows nothing of/, `trace ${what}`);
  await at.refused(1, /it names no message of this server/, `trace ${empty}`);
  for (const [name, value] of [
    ['--since', '2h'],
    ['--until', '2026-11-24'],
    ['--ip', '192.0.2.7'],
    ['--before', '5'],
  ])
    await at.refused(
      USAGE,
      new RegExp(`is a file, and its own lines say which messages are meant: it goes without ${name}$`, 'm'),
      `trace ${empty} ${name} ${value}`,
    );
  const nothing = /is no id, label, Message-ID or address, there is no such account, and no such file/;
  for (const what of ["''", 'word']) await at.refused(USAGE, nothing, `trace ${what}`);
  await at.refused(USAGE, /there is a directory: name a file in it/, `trace ${at.directory}`);
  await at.refused(USAGE, /there is a pipe or a device: write the message to a file/, 'trace /dev/zero');
  await at.refused(USAGE, /--max is a whole number/, 'trace x@far.example --max many');
  await at.refused(USAGE, /--since is a time such as/, 'trace x@far.example --since yesterday');
  await at.refused(USAGE, /--ip is an address/, 'trace x@far.example --ip localhost');
  const json = await at.run('trace x@far.example --json');
  assert.equal(json.status, 1);
  assert.deepEqual(JSON.parse(json.stdout), { messages: [], refusals: [], more: false });
});

test('a backup of a stopped server is restored elsewhere, and never over a store', async () => {
  const [from, to] = [place(), place()];
  await from.good('account add alice@example.org');
  const file = join(from.directory, 'backup.db');
  assert.match(await from.good(`backup ${file}`), /: 0 queued messages and 2 events; read again/);
  assert.equal(statSync(file).mode & 0o077, 0, 'nobody else may read it');
  assert.match(
    await to.good(`restore ${file}`),
    /^its chain holds, last link [0-9a-f]{64}\nrestored 0 queued messages and 2 events into /,
  );
  assert.deepEqual(await show(to, 'alice'), await show(from, 'alice'));
  for (const [at, line] of [
    [to, `restore ${file}`],
    [from, `backup ${file}`],
  ] as const)
    assert.notEqual((await at.run(line)).status, 0, line);
  assert.equal((await show(to, 'alice')).state, 'active');
});

test('D-TR-3: a backup whose trail was changed is not restored, but for who says so', async () => {
  const [from, to] = [place(), place()];
  for (const name of ['alice', 'bob', 'carla']) await from.good(`account add ${name}@example.org`);
  const file = join(from.directory, 'backup.db');
  await from.good(`backup ${file}`);
  const db = new DatabaseSync(file);
  db.exec('DELETE FROM event WHERE sequence = 2');
  db.close();
  await to.refused(1, /broken at event 3: event 2 is missing; .*--despite-broken-trail/, `restore ${file}`);
  assert.deepEqual(
    readdirSync(to.data).filter((name) => name.startsWith('postern.sqlite')),
    [],
  );
  assert.match(
    await to.good(`restore ${file} --despite-broken-trail`),
    /broken at event 3: .*; it is restored as it is\nrestored 0 queued messages/,
  );
  await to.refused(1, /broken at event 3/, 'audit verify');
});
