// Sign-ins that are judged at the same time: few of one network, and not many of all together, so that nobody fills the place of others.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Desk, openDesk, ORIGIN } from '../../test/fakes/console.ts';
import { turns } from '../../test/fakes/front.ts';

const TOO_MANY = /Too many sign in at this moment/;

function begin() {
  const desk = openDesk();
  const from = async (address: string): Promise<string> => {
    const body = new URLSearchParams({ login: 'nobody@example.org', password: 'wrong', next: '/' });
    const headers = { host: new URL(ORIGIN).host, origin: ORIGIN, 'sec-fetch-site': 'same-origin' };
    const asked = new Request(`${ORIGIN}/sign-in`, { method: 'POST', headers, body });
    const env = { incoming: { socket: { remoteAddress: address, remotePort: 1 } } };
    return (await desk.app.fetch(asked, env)).text();
  };
  return { desk, from };
}

/** How many of so many at once were told that there are too many. */
async function refusedOf({ office }: Desk, asked: readonly Promise<string>[]): Promise<number> {
  await turns();
  office.clock.advance(60_000);
  return (await Promise.all(asked)).filter((text) => TOO_MANY.test(text)).length;
}

test('of one network eight are judged at once; others are not touched, and a place is had again', async () => {
  const { desk, from } = begin();
  const asked = Array.from({ length: 10 }, () => from('192.0.2.1'));
  assert.equal(await refusedOf(desk, [...asked, from('198.51.100.1')]), 2);
  assert.equal(await refusedOf(desk, [from('192.0.2.1')]), 0);
});

test('who comes through a proxy or ssh counts as no network, and with all of them 64 are judged', async () => {
  const { desk, from } = begin();
  const asked = Array.from({ length: 70 }, () => from('127.0.0.1'));
  assert.equal(await refusedOf(desk, asked), 6);
  assert.equal(await refusedOf(desk, [from('192.0.2.1')]), 0);
});
