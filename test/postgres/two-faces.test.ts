// Consoles and APIs of two nodes on one PostgreSQL: each shows, and changes, what came by the other.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPostgresStore } from '../../src/store/postgres/open.ts';
import { freshDatabase, withoutPostgres } from '../../src/store/postgres/postgres.contract-fixtures.ts';
import { acceptOf, countedEntropy, START } from '../../src/store/store.contract-fixtures.ts';
import { virtualClock } from '../fakes/clock.ts';
import { openOffice } from '../fakes/administration.ts';
import { openDesk, ORIGIN } from '../fakes/console.ts';

const ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const LOGIN = 'alice@example.org';

async function twoNodes() {
  const clock = virtualClock(START);
  const database = await freshDatabase();
  const stores = await Promise.all(
    ['a', 'b'].map((node) =>
      openPostgresStore({
        ...{ server: database.server, name: `${node}/1`, clock, entropy: countedEntropy() },
        ...{ clockOffset: 0, isTrusted: true },
      }),
    ),
  );
  const nodes = stores.map(({ store, lookups }) => {
    const office = openOffice({ store, lookups });
    const desk = openDesk({ office });
    return {
      office,
      desk,
      async ask(path: string, token: string, method = 'GET') {
        const headers = { authorization: `Bearer ${token}`, host: new URL(ORIGIN).host };
        const answer = await desk.app.fetch(new Request(`${ORIGIN}/api/v1${path}`, { method, headers }));
        return { status: answer.status, value: (await answer.json()) as Record<string, unknown> };
      },
    };
  });
  const [one, other] = nodes;
  assert.ok(one !== undefined && other !== undefined);
  return {
    ...{ one, other },
    async [Symbol.asyncDispose]() {
      await Promise.all(stores.map((store) => store.close()));
      await database.drop();
    },
  };
}

test(
  'what is done by the API or the console of one node is seen, and changed, by those of the other',
  { skip: withoutPostgres },
  async () => {
    await using nodes = await twoNodes();
    const { one, other } = nodes;
    const { id: identityId } = await one.office.addAccount({
      login: LOGIN,
      mailbox: true,
      allowReserved: true,
    });
    await one.office.addAccount({ login: 'root@example.org', mailbox: true, allowReserved: true });
    await one.office.setRole({ login: 'root@example.org', role: 'admin', domains: [] });
    const { token, id: which } = await one.office.addToken({
      ...{ login: 'root@example.org', label: 'ci' },
      scopes: ['accounts', 'contain', 'queue', 'trace', 'reports'],
    });
    await one.office.ports.store.commit([acceptOf(ID, START, { from: LOGIN, identityId })]);

    // A token of one lets in at the other, and mail that came to one is shown, held and traced there.
    assert.equal((await other.ask(`/queue/${ID}`, token)).status, 200);
    assert.deepEqual((await other.ask(`/queue/${ID}/hold`, token, 'POST')).value, {
      changed: 1,
      stillHeld: 0,
    });
    const { cookie, token: formToken } = await one.desk.enter();
    const page = async (path: string): Promise<string> => (await one.desk.get(path, { cookie })).text();
    assert.match(await page('/queue?held=yes'), new RegExp(ID));
    const traced = (await other.ask(`/trace?q=${LOGIN}`, token)).value;
    assert.match(JSON.stringify(traced), new RegExp(ID));

    // Suspended by a form at one, seen by the API of the other, and the other way round.
    const form = { token: formToken, login: LOGIN, action: 'suspend', reason: 'stolen' };
    assert.equal((await one.desk.post('/identity', form, { cookie })).status, 303);
    assert.equal((await other.ask(`/accounts/${LOGIN}`, token)).value['state'], 'suspended');
    assert.equal((await other.ask(`/accounts/${LOGIN}/resume`, token, 'POST')).status, 200);
    assert.match(await page(`/identity?login=${LOGIN}`), /may send/);

    // Given up at one: the other has the report alone.
    assert.equal((await other.ask(`/queue/${ID}/release`, token, 'POST')).status, 200);
    assert.deepEqual((await other.ask(`/queue/${ID}/bounce`, token, 'POST')).value, { bounced: 1 });
    assert.doesNotMatch(await page('/queue'), new RegExp(ID));
    assert.match(await page('/queue'), /alice@example\.org/);

    // Revoked at one, it lets nobody in at the other from the next request on.
    await one.office.revokeToken({ login: 'root@example.org', which });
    assert.equal((await other.ask('/queue', token)).status, 401);
  },
);
