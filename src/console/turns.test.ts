// One person's costly questions in the console and its API take their turns together.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../test/fakes/administration.ts';
import { openDesk } from '../../test/fakes/console.ts';
import { turns } from '../../test/fakes/front.ts';
import { API_PATH } from '../http/api/path.ts';

const login = 'alice@example.org';

test('pages and API together work on two questions of one person, let eight wait, and tell the others to come again', async () => {
  const office = openOffice();
  const { id: identityId } = await office.addAccount({ login, mailbox: true, allowReserved: false });
  const { token } = await office.addToken({ login, label: 'script', scopes: ['trace'] });
  const { lookups } = office.ports;
  const { promise: goOn, resolve } = Promise.withResolvers<void>();
  let underWay = 0;
  const slow: typeof lookups = {
    ...lookups,
    async findEvents(...asked) {
      underWay += 1;
      await goOn;
      return lookups.findEvents(...asked);
    },
  };
  const desk = openDesk({ office: { ...office, ports: { ...office.ports, lookups: slow } } });
  const { cookie } = await desk.enterAs({ who: login, role: 'user', identityId });
  const pages = Array.from({ length: 5 }, () => desk.get('/me', { cookie }));
  await turns();
  const headers = { authorization: `Bearer ${token}` };
  const answers = Array.from({ length: 7 }, () => desk.get(`${API_PATH}/me/mail`, headers));
  await turns();
  assert.equal(underWay, 2);
  resolve();
  const statuses = await Promise.all([...pages, ...answers].map(async (one) => (await one).status));
  assert.deepEqual(
    statuses.toSorted((one, other) => one - other),
    [...Array.from({ length: 10 }, () => 200), 429, 429],
  );
});
