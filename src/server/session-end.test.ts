// What the log says of the end of a session, and of a login that failed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal } from '../protocol/refusal.ts';
import { authenticatedClient, Client, openFront, turns } from '../../test/fakes/front.ts';
import { alice, aliceAsStored } from '../../test/fakes/submission.ts';

type Here = Awaited<ReturnType<typeof openFront>>;

function lines(here: Here, message: string): readonly Record<string, unknown>[] {
  return here.logged
    .join('')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === message);
}

const ends: readonly (readonly [reason: string, how: (here: Here, client: Client) => Promise<unknown>])[] = [
  ['quit', (_, client) => client.say('QUIT')],
  ['client', (_, client) => client.leave()],
  [
    'idle',
    async ({ world }) => {
      world.clock.advance(600_000);
      await turns();
    },
  ],
  [
    'errors',
    async (_, client) => {
      for (let n = 0; n < 30; n += 1) await client.say('NONSENSE');
    },
  ],
  [
    'revoked',
    async ({ connections }) => {
      connections.noticed({
        type: 'identityChanged',
        identityId: alice.identityId,
        revision: 2,
        state: 'suspended',
        gone: [],
      });
      await turns();
    },
  ],
];

test('D-TR-2: the log says why a session ended', async () => {
  for (const [reason, how] of ends) {
    const here = await openFront();
    const client = reason === 'revoked' ? await authenticatedClient(here) : new Client(here.front);
    await client.say('EHLO client');
    await how(here, client);
    await client.leave();
    assert.deepEqual(
      lines(here, 'disconnected').map((line) => line['reason']),
      [reason],
    );
  }
});

const cuts: readonly (readonly [why: string, revision: number, gone: readonly string[], isCut: boolean])[] = [
  ['its password was revoked', 2, ['password'], true],
  ['another credential was', 2, ['k7'], false],
  ['the identity was changed otherwise', 2, [], false],
  ['it was revoked before this login', 1, ['password'], false],
];

for (const [why, revision, gone, isCut] of cuts)
  test(`BCP134-3.1-f: a session at rest ${isCut ? 'is cut' : 'goes on'}: ${why}`, async () => {
    const here = await openFront();
    const client = await authenticatedClient(here);
    const { identityId } = alice;
    here.connections.noticed({ type: 'identityChanged', identityId, revision, state: 'active', gone });
    await turns();
    assert.equal(/^421 /m.test(await client.hear()), isCut);
    await client.leave();
  });

const contents: readonly (readonly [begin: string, rest: string, reply: RegExp])[] = [
  ['DATA', '.', /^550 5\.7\.1 [^]*421 4\.7\.0 /],
  ['BDAT 39 LAST', '0123456789', /^550 5\.7\.1 [^]*421 4\.7\.0 /],
  ['BDAT 39', '0123456789', /^421 4\.7\.0 /m],
];

for (const [begin, rest, reply] of contents)
  test(`BCP134-3.1-f: a session that is cut in the midst of ${begin} ends after the content, and nothing of it is accepted`, async () => {
    const here = await openFront();
    const { identities, context, store } = here.world;
    const client = await authenticatedClient(here);
    await client.say(`MAIL FROM:<${alice.login}>`, 'RCPT TO:<x@far.example>', begin);
    const head = `From: ${alice.login}`;
    await client.say(head, '');
    const { identityId } = alice;
    identities.set(identityId, { ...aliceAsStored, state: 'suspended', revision: 2 });
    const notice = {
      ...{ identityId, revision: 2, gone: [] },
      ...({ type: 'identityChanged', state: 'suspended' } as const),
    };
    context.identityStatuses.noticed(notice);
    here.connections.noticed(notice);
    assert.equal(await client.say(), '', 'not before');
    assert.match(await client.say(rest), reply);
    assert.ok(store.changes.every(({ type }) => type !== 'accept'));
    await client.leave();
  });

test('D-TR-1 F-AUTH-3: a failed AUTH names the account in the log, if there is one, and never to the client', async () => {
  const failed = { type: 'refused', refusal: refusal('authFailed', 'wrong secret'), notBeforeMs: 0 } as const;
  for (const identityId of [alice.identityId, undefined]) {
    const here = await openFront();
    const client = new Client(here.front);
    const credentials = Buffer.from(`\0${alice.login}\0wrong`).toString('base64');
    await client.say('EHLO client', `AUTH PLAIN ${credentials}`);
    here.authentication.answer({
      ...failed,
      cause: 'wrong secret',
      ...(identityId === undefined ? {} : { identityId }),
    });
    assert.match(await client.hear(), /^535 5\.7\.8 /m);
    assert.ok(!(await client.hear()).includes('alice'));
    const [line] = lines(here, 'refused');
    assert.equal(line?.['login'], identityId === undefined ? undefined : alice.login);
  }
});
