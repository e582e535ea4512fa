// The card on which a person adds and removes his passkeys.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../../test/fakes/administration.ts';
import { openDesk, ORIGIN } from '../../../test/fakes/console.ts';
import { newAuthenticator } from '../../../test/fakes/passkey.ts';
import { setUpTotp } from '../../../test/fakes/second-factor.ts';

const login = 'alice@example.org';
const PATH = '/me/sign-in';
const NAMED = 'https://console.example.org';

async function begin(origin = NAMED) {
  const office = openOffice();
  const { id } = await office.addAccount({ login, mailbox: true, allowReserved: true });
  const { recoveryCodes } = await setUpTotp(office.ports, login);
  const desk = openDesk({ office, origin });
  const { cookie, token } = await desk.enterAs({ who: login, role: 'user', identityId: id });
  const page = async (): Promise<string> => (await desk.get(PATH, { cookie })).text();
  return {
    ...{ office, recoveryCodes, page },
    act: (form: Readonly<Record<string, string>>) => desk.post(PATH, { token, ...form }, { cookie }),
    /** What the script would be given. */
    async asked() {
      const [, text = ''] = /data-passkey="([^"]+)"/.exec(await page()) ?? [];
      const { challenge, rp } = JSON.parse(text.replaceAll('&quot;', '"')) as {
        readonly challenge: string;
        readonly rp: { readonly id: string };
      };
      return { challenge, id: rp.id, origin };
    },
  };
}

test('a passkey is added with a fresh code, shown by its name, and removed', async () => {
  const at = await begin();
  const [proof = '', other = ''] = at.recoveryCodes;
  assert.match(await at.page(), /Passkeys[^]*None yet\.[^]*<form[^>]*data-passkey[^>]*hidden/);
  const challenge = await at.asked();
  assert.equal(challenge.id, 'console.example.org');
  const answer = newAuthenticator().create(challenge);
  const form = { action: 'passkey', label: '<b>phone</b>', answer, proof };
  assert.equal((await at.act(form)).status, 303);
  const shown = await at.page();
  assert.match(shown, /role="status">The passkey &lt;b&gt;phone[^]*Remove &lt;b&gt;phone/);
  const [, which = ''] = /name="which" value="(\w{8})"/.exec(shown) ?? [];
  assert.equal((await at.act({ action: 'remove', which, proof })).status, 409, 'a code that was used');
  assert.equal((await at.act({ action: 'remove', which, proof: other })).status, 303);
  assert.match(await at.page(), /The passkey is removed[^]*8 codes left[^]*None yet/);
});

test('what the page asked for is answered once, and by its own address', async () => {
  const at = await begin();
  const [proof = ''] = at.recoveryCodes;
  const challenge = await at.asked();
  const device = newAuthenticator();
  const form = { action: 'passkey', label: 'phone', proof };
  const foreign = await at.act({
    ...form,
    answer: device.create(challenge, { origin: 'https://evil.example' }),
  });
  assert.equal(foreign.status, 400);
  const late = await at.act({ ...form, answer: device.create(challenge) });
  assert.equal(late.status, 400);
  assert.match(await late.text(), /no passkey was asked for/);
  assert.match(await at.page(), /None yet/);
});

test('where the console has no name, the card says what would give it one', async () => {
  const at = await begin(ORIGIN);
  const shown = await at.page();
  assert.match(shown, /no name with TLS[^]*console\.origin/);
  assert.doesNotMatch(shown, /data-passkey/);
  assert.equal((await at.act({ action: 'passkey', label: 'phone', answer: '{}', proof: 'x' })).status, 400);
});
