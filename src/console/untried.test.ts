// Mail whose next hop was down when it was its turn: each page says that it was not tried, and why.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { begin, id, queueForLargerDomains } from '../../test/fakes/desk-with-mail.ts';
import { OF_ALICE, openOwnDesk } from '../../test/fakes/own-desk.ts';
import type { Office } from '../../test/fakes/administration.ts';
import { HOUR } from '../store/store.contract-fixtures.ts';

const textOf = (page: string): string => page.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');

/** Everything is taken up, and put back untried. */
async function putBack({ ports, clock }: Pick<Office, 'ports' | 'clock'>): Promise<void> {
  const owner = 'a/b/1.1';
  await ports.store.commit([{ type: 'claim', owner, token: 'one', shares: [{ max: 9 }] }]);
  await ports.store.commit([{ type: 'free', ownerPrefix: owner, dueAt: clock.now() + HOUR }]);
}

test('the trace says so, in the words of the queue, and when it is tried', async () => {
  const at = await begin({ messages: 1 });
  await putBack(at.office);
  const text = textOf(await at.page(`/trace?q=${id(0)}`));
  assert.match(text, /bob@example\.net not tried yet: its next hop was down next try /);
  assert.match(textOf(await at.page('/queue')), /not tried yet: its next hop was down next try /);
});

test('the overview does not say that it is on its way', async () => {
  const at = await begin({ messages: 1 });
  await putBack(at.office);
  const text = textOf(await at.page('/'));
  assert.match(text, /example\.net in the queue/);
  assert.doesNotMatch(text, /on its way/);
});

test('a traced message that was held says so', async () => {
  const at = await begin({ messages: 1 });
  await at.office.changeQueue({ part: { id: id(0) }, action: 'hold' });
  assert.match(textOf(await at.page(`/trace?q=${id(0)}`)), /bob@example\.net held held by the operator/);
});

test('its page in the queue says why, with the words of the hop that is down, when it is tried, and what can be done', async () => {
  const said = 'smtp mta:25: connect ECONNREFUSED 192.0.2.9:25';
  const at = await begin({
    messages: 1,
    condition: { downHops: [{ route: 'files', diagnostic: said, since: 0 }] },
  });
  await putBack(at.office);
  await queueForLargerDomains(at.office);
  const page = await at.page(`/queue/message?id=${id(0)}`);
  const text = textOf(page);
  assert.match(text, /bob@example\.net not tried yet: its next hop was down next try .*ECONNREFUSED/);
  assert.equal(text.match(/not tried yet/g)?.length, 1);
  assert.match(text, /Try now Hold Release Return to sender … Drop …/);
  const [, form = ''] = /(<form method="post" action="\/queue"[^]*?<\/form>)/.exec(page) ?? [];
  const fields = [...form.matchAll(/name="([a-z-]+)" value="([^"]*)"/g)];
  const sent = fields.flatMap(([, name = '', value = '']) =>
    name === 'action' || name === 'token' ? [] : [[name, value] as const],
  );
  const done = await at.act('/queue', [...sent, ['action', 'hold']]);
  assert.equal(done.headers.get('location'), `/queue?id=${id(0)}`);
  assert.match(
    textOf(await at.page(`/queue/message?id=${id(0)}`)),
    /bob@example\.net held held by the operator/,
  );
});

test('its sender reads why it waits, and nothing of our own hosts', async () => {
  const at = await openOwnDesk();
  await putBack(at.office);
  for (const path of ['/me', `/me/message?id=${OF_ALICE}`])
    assert.match(textOf(await at.page(path)), /Waits: the next server on its way did not answer, tried /);
});
