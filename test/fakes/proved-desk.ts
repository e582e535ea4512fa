// An admin who signed in by password and code, and what he may do for ten minutes: a session as it is, on one console or on several of one store.

import assert from 'node:assert/strict';
import type { Challenge } from '../../src/administration/passkeys.ts';
import { administrationOf } from '../../src/administration/use-cases.ts';
import { acceptOf, identityChange, identityOf, START } from '../../src/store/store.contract-fixtures.ts';
import { openOffice } from './administration.ts';
import { cookieIn, type Desk, openDesk, ORIGIN } from './console.ts';
import { phcOf } from './lookup-thread.ts';
import { type Authenticator, newAuthenticator } from './passkey.ts';
import { type App, setUpTotp, STEP_MS } from './second-factor.ts';

export const ALICE = 'alice@example.org';
export const BOB = 'bob@example.org';
export const MESSAGE = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
export const PASSWORD = 'correct horse battery';

export interface Browser {
  cookie: string;
  token: string;
}

/** The fields that the first form of a page to this address would send. */
export function formOf(page: string, action: string): Record<string, string> {
  const form = page.split('<form').find((part) => part.includes(`action="${action}"`)) ?? assert.fail(page);
  const [inside = ''] = form.split('</form>');
  const fields = inside.matchAll(/type="hidden"\s+name="([^"]*)"\s+value="([^"]*)"/g);
  return Object.fromEntries(
    [...fields].map(([, name = '', value = '']) => [
      name,
      value.replaceAll('&quot;', '"').replaceAll('&amp;', '&'),
    ]),
  );
}

/** Where passkeys are. */
export const HOST = 'console.example.org';
export const NAMED = `https://${HOST}`;

/** What a page asks a passkey for. */
export function challengeIn(page: string): Challenge {
  const [, asked = assert.fail(page)] = /data-passkey="([^"]+)"/.exec(page) ?? [];
  const { challenge } = JSON.parse(asked.replaceAll('&quot;', '"')) as { readonly challenge: string };
  return { id: HOST, origin: NAMED, challenge };
}

export async function openProvedDesk({ origin = ORIGIN }: { readonly origin?: string } = {}) {
  const office = openOffice();
  const { clock, ports } = office;
  const apps = new Map<string, App>();
  const verifiers = [{ type: 'argon2id', phc: phcOf(PASSWORD) }] as const;
  const password = { id: 'password', kind: 'password', label: 'password', createdAt: START } as const;
  for (const login of [ALICE, BOB]) {
    const person = identityOf(login, {
      role: login === ALICE ? 'admin' : 'user',
      credentials: [{ ...password, verifiers }],
    });
    await ports.store.commit([identityChange(person, 0, START)]);
    apps.set(login, await setUpTotp(ports, login));
  }
  await ports.store.commit([acceptOf(MESSAGE, clock.now(), { from: BOB, identityId: `id-${BOB}` })]);
  const desk = openDesk({ office, origin });
  const app = (login = ALICE): App => apps.get(login) ?? assert.fail(login);
  const tokenIn = (text: string): string =>
    /name="token" value="([^"]+)"/.exec(text)?.[1] ?? assert.fail(text);
  return {
    ...{ office, clock, desk, app },
    /** The same store, another thread of a console, which has nothing of the first one in memory. */
    another: (): Desk => openDesk({ office, origin }),
    /** Alice's, at `NAMED`. */
    async passkey(): Promise<Authenticator> {
      const device = newAuthenticator();
      const challenge = { id: HOST, origin: NAMED, challenge: 'AAAA' };
      const alice = { who: ALICE, through: 'console', role: 'admin', identityId: `id-${ALICE}` } as const;
      await administrationOf(ports, alice).addPasskey({
        ...{ label: 'phone', answer: device.create(challenge), challenge },
        proof: app().recoveryCodes.at(-1) ?? '',
      });
      return device;
    },
    /** A code that was not used yet. */
    code(login = ALICE): string {
      clock.advance(STEP_MS);
      return app(login).code();
    },
    async signIn(login = ALICE, cookie?: string): Promise<Browser> {
      const sent = { login, password: PASSWORD, next: '/' };
      const half = await desk.post('/sign-in', sent, cookie === undefined ? {} : { cookie });
      const token = tokenIn(await half.text());
      clock.advance(STEP_MS);
      const opened = await desk.post(
        '/sign-in/code',
        { token, code: app(login).code() },
        { cookie: cookieIn(half) },
      );
      assert.equal(opened.status, 303);
      return this.at(cookieIn(opened));
    },
    async at(cookie: string): Promise<Browser> {
      return { cookie, token: tokenIn(await (await desk.get('/me/limits', { cookie })).text()) };
    },
    act: (browser: Browser, form: Readonly<Record<string, string>>, path = '/identity', on: Desk = desk) =>
      on.post(path, { token: browser.token, ...form }, { cookie: browser.cookie }),
    async stateOf(login: string): Promise<string> {
      return (await office.showAccount({ login })).account.state;
    },
  };
}
