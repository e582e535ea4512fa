// Each path once, as the document says it: what comes has the shape that is told, no field less and none more.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setUpTotp } from '../../../test/fakes/second-factor.ts';
import { ALICE, MALLORY, openApiDesk, OF_ALICE, type Said } from '../../../test/fakes/api.ts';
import type { Role } from '../../record/identity.ts';
import type { AdministrationPorts } from '../../administration/ports.ts';
import { signInMark } from '../../identity/sign-in-mark.ts';
import { withCredentials } from '../../store/shown-identity.ts';
import { START } from '../../store/store.contract-fixtures.ts';
import { consoleEvent, consoleSessionOf } from '../../store/store.contract-sessions.ts';
import { routes } from './routes.ts';

interface Sample extends Said {
  /** `{own token}`: the id of the one that asks. */
  readonly path: string;
  /** Whose token asks; absent: an admin's. */
  readonly as?: Role;
  /** Set up at the console alone. */
  readonly hasApp?: true;
  /** Begun there too. */
  readonly hasSession?: true;
  /** What has to be so before. */
  readonly first?: readonly (readonly [call: `${string} /${string}`, body?: unknown])[];
}

const at = (rest: string): string => `/accounts/${ALICE}${rest}`;
const addPhone = ['POST /accounts/alice@example.org/app-passwords', { label: 'phone' }] as const;

/** Of Alice, in the console. */
async function beginSession({ store, lookups }: AdministrationPorts): Promise<void> {
  const alice = (await lookups.identityByLogin(ALICE)) ?? assert.fail();
  const begin = consoleSessionOf({ identityId: alice.id, mark: signInMark(withCredentials(alice)) });
  await store.commit([{ type: 'consoleSession', begin, event: consoleEvent(START) }]);
}

const samples: Readonly<Record<string, Sample>> = {
  serverStatus: { path: '/status' },
  pageAccounts: { path: '/accounts?limit=2' },
  addAccount: { path: '/accounts', body: { login: 'new@example.org', displayName: 'New' } },
  showAccount: { path: at(''), first: [addPhone] },
  accountDays: { path: at('/days') },
  accountLooks: { path: at('/looks'), first: [[`GET /trace?q=${OF_ALICE}`]] },
  explainSending: { path: at(`/explain?from=${ALICE}&to=bob@example.net`) },
  suspendAccount: { path: at('/suspend') },
  resumeAccount: { path: at('/resume'), first: [['POST /accounts/alice@example.org/suspend']] },
  removalMeans: { path: at('/removal') },
  removeAccount: { path: at('') },
  restoreAccount: { path: at('/restore'), first: [['DELETE /accounts/alice@example.org']] },
  setPassword: { path: at('/password'), body: { password: 'correct horse battery' } },
  revokePassword: {
    path: at('/password'),
    first: [['PUT /accounts/alice@example.org/password', { password: 'correct horse battery' }]],
  },
  revokeAppPasswords: { path: at('/app-passwords'), first: [addPhone] },
  addAppPassword: { path: at('/app-passwords'), body: { label: 'tablet', expiresIn: '90d' } },
  revokeAppPassword: { path: at('/app-passwords/phone'), first: [addPhone] },
  listTokens: { path: '/accounts/root@example.org/tokens' },
  revokeToken: { path: '/accounts/root@example.org/tokens/test' },
  listSessions: { path: at('/sessions'), hasSession: true },
  endSession: { path: at('/sessions/name'), hasSession: true },
  showSecondFactor: { path: at('/second-factor'), hasApp: true },
  resetSecondFactor: { path: at('/second-factor'), hasApp: true },
  accountRights: { path: at('/rights') },
  addRight: { path: at('/rights/%40example.org') },
  removeRight: {
    path: at('/rights/sales@example.org'),
    first: [['PUT /accounts/alice@example.org/rights/sales@example.org']],
  },
  limitAccount: { path: at('/limits/messagesPerHour'), body: { value: 7 } },
  listQueue: { path: '/queue?limit=1' },
  queueTotals: { path: '/queue/totals' },
  showQueued: { path: `/queue/${OF_ALICE}` },
  queuedContent: { path: `/queue/${OF_ALICE}/content` },
  changeMessage: { path: `/queue/${OF_ALICE}/hold` },
  changeQueue: { path: '/queue/changes', body: { action: 'retry', part: { identity: ALICE } } },
  bounceMessage: { path: `/queue/${OF_ALICE}/bounce` },
  bounceQueue: { path: '/queue/bounces', body: { part: { identity: ALICE } } },
  backUp: { path: '/backup' },
  traceWords: { path: `/trace?q=${ALICE}&limit=1` },
  showSettings: { path: '/settings?word=limits' },
  trailEnds: { path: '/trail' },
  listLooks: { path: '/trail/looks?limit=1' },
  listDomains: { path: '/domains?limit=1' },
  showDomain: { path: '/domains/example.org' },
  checkDomain: { path: '/domains/example.org/check' },
  lookUpSelector: { path: '/domains/example.org/selectors/s1?record=x' },
  accountSheet: { path: at('/sheet') },
  startVerification: { path: '/trail/verification', body: {} },
  showVerification: {
    path: '/trail/verification',
    first: [['POST /trail/verification', {}]],
  },
  stopVerification: {
    path: '/trail/verification',
    first: [['POST /trail/verification', {}]],
  },
  exportTrail: { path: '/trail/events' },
  myAccount: { path: '/me', as: 'user', first: [['POST /me/app-passwords', { label: 'phone' }]] },
  myMail: { path: '/me/mail?to=BOB&limit=1', as: 'user' },
  myMessage: { path: `/me/mail/${OF_ALICE}`, as: 'user' },
  mySettings: { path: '/me/settings', as: 'user' },
  addMyAppPassword: { path: '/me/app-passwords', as: 'auditor', body: { label: 'phone', expiresIn: '90d' } },
  revokeMine: { path: '/me/credentials/{own token}', as: 'user' },
  mySessions: { path: '/me/sessions', as: 'user', hasSession: true },
  endMySession: { path: '/me/sessions/name', as: 'user', hasSession: true },
  suspendMyself: { path: '/me/suspend', as: 'user' },
};

test('each path has a sample, and a name of its own', () => {
  assert.deepEqual(routes.map(({ name }) => name).sort(), Object.keys(samples).sort());
});

async function* content(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('SQLite format 3');
}
const close = () => Promise.resolve();

for (const { name, method, answer, paging } of routes)
  test(`${name} gives what is told of it`, async () => {
    const api = await openApiDesk({ copy: () => Promise.resolve({ content: content(), close }) });
    const { path, as = 'admin', first = [], hasApp, hasSession, body } = samples[name] ?? assert.fail(name);
    const token = await api.tokenOf(as);
    const headers = { reason: 'Beschwerde%20%C3%BCber%20Spam' };
    if (hasApp === true) await setUpTotp(api.office.ports, ALICE);
    if (hasSession === true) await beginSession(api.office.ports);
    for (const [call, sent] of first)
      assert.equal(
        (await api.ask(call, { token, ...(sent === undefined ? {} : { body: sent }) })).status,
        200,
      );
    const [, , id = ''] = token.split('_');
    const response = await api.ask(`${method} ${path.replace('{own token}', id)}` as 'GET /', {
      ...{ token, headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    assert.deepEqual(api.faults, []);
    if (typeof answer === 'string') {
      assert.equal(response.headers.get('content-type'), answer);
      assert.ok(text.length > 10);
      return;
    }
    const { next, ...given } = JSON.parse(text) as Record<string, unknown>;
    assert.deepEqual(answer.parse(given), given);
    assert.ok(next === undefined || (paging !== undefined && typeof next === 'string'));
  });

test('what is done through the API is told so, with the token and the reason', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('desk');
  await api.ask(`POST /accounts/${ALICE}/suspend`, { token, headers: { reason: 'stolen %E2%9C%93' } });
  const payload = await api.office.newest();
  const id = token.split('_')[2];
  assert.deepEqual(payload, {
    by: `desk@example.org (API, token ${id})`,
    action: 'suspend',
    detail: { login: ALICE, reason: 'stolen ✓' },
  });
});

test('lists go on where they ended, to the end', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('admin');
  for (const list of ['/accounts?limit=2', '/queue?limit=1', '/trace?q=bob@example.net&limit=1'] as const) {
    const seen: unknown[] = [];
    let cursor = '';
    for (let pages = 0; pages < 10; pages += 1) {
      const response = await api.ask(`GET ${list}${cursor === '' ? '' : `&cursor=${cursor}`}`, { token });
      assert.equal(response.status, 200);
      const { next, ...page } = (await response.json()) as {
        readonly next?: string;
        readonly [name: string]: unknown;
      };
      seen.push(...((page['accounts'] ?? page['entries'] ?? page['messages']) as unknown[]));
      if (next === undefined) break;
      cursor = next;
    }
    assert.equal(seen.length, list.startsWith('/accounts') ? 6 : 2, list);
    assert.equal(new Set(seen.map((one) => JSON.stringify(one))).size, seen.length, list);
  }
});

test('an act with a key is done once, and answered again, refusals too', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('admin');
  const add = (label: string, key: string, as = token) =>
    api.ask(`POST /accounts/${ALICE}/app-passwords`, {
      ...{ token: as, body: { label }, headers: { 'idempotency-key': key } },
    });
  const [first, again] = [await add('phone', 'k1'), await add('phone', 'k1')];
  assert.equal(first.headers.get('idempotency-replayed'), null);
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  assert.deepEqual(await again.json(), await first.json());
  const { account } = await api.office.showAccount({ login: ALICE });
  assert.equal(account.credentials.length, 1);
  assert.equal((await add('', 'k2')).status, 400);
  const other = await api.tokenOf('domainAdmin');
  assert.equal((await add('tablet', 'k1', other)).status, 200, 'keys of another token are others');
  const suspend = () =>
    api.ask(`POST /accounts/${ALICE}/suspend`, { token, headers: { 'idempotency-key': 'k3' } });
  assert.deepEqual([(await suspend()).status, (await suspend()).status], [200, 200]);
  const refused = () =>
    api.ask(`POST /accounts/${ALICE}/suspend`, { token, headers: { 'idempotency-key': 'k4' } });
  assert.equal((await refused()).status, 409);
  await api.ask(`POST /accounts/${ALICE}/resume`, { token });
  assert.equal((await refused()).status, 409, 'as it was the first time');
  api.office.clock.advance(10 * 60_000);
  assert.equal((await refused()).status, 200, 'after ten minutes it is forgotten');
});

test('the last use of a token is noted', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('auditor');
  await api.ask('GET /trail', { token });
  // Nothing waits for it.
  for (;;) {
    const { tokens } = await api.office.listTokens({ login: 'audit@example.org' });
    if (tokens[0]?.lastUse?.address === 'somebody who left') return;
    await new Promise((resolve) => setImmediate(resolve));
  }
});

test('accounts are listed by domain, beginning, state or address; a domain admin gets his own alone', async () => {
  const api = await openApiDesk();
  const listed = async (token: string, query: string): Promise<unknown> => {
    const { accounts } = (await (await api.ask(`GET /accounts?${query}`, { token })).json()) as {
      accounts: readonly { login: string }[];
    };
    return accounts.map(({ login }) => login);
  };
  const [admin, dora] = [await api.tokenOf('admin'), await api.tokenOf('domainAdmin')];
  assert.deepEqual(await listed(admin, 'domain=other.example'), [MALLORY]);
  assert.deepEqual(await listed(admin, 'prefix=m&state=active'), [MALLORY]);
  assert.deepEqual(await listed(admin, `address=${MALLORY}`), [MALLORY]);
  assert.deepEqual(await listed(admin, 'state=suspended'), []);
  for (const query of ['domain=other.example', 'prefix=m', `address=${MALLORY}`])
    assert.deepEqual(await listed(dora, query), [], query);
  assert.equal((await api.ask('GET /accounts?state=gone', { token: admin })).status, 400);
});
