// Each form of the console in each role, on what is its own, on what is foreign and on what there never was; and each page that names somebody. A form or a page that has no
// row here fails.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../test/fakes/administration.ts';
import { openDesk } from '../../test/fakes/console.ts';
import { phcOf } from '../../test/fakes/lookup-thread.ts';
import { newAuthenticator } from '../../test/fakes/passkey.ts';
import {
  type Attempt,
  colleague,
  EndlessVerifier,
  foreign,
  own,
  type Row,
  type Target,
  testEachRole,
} from '../../test/fakes/role-matrix.ts';
import { totpCode, totpSecretText } from '../identity/totp.ts';
import type { Credential, Identity, Role } from '../record/identity.ts';
import {
  acceptOf,
  appPassword,
  HOUR,
  identityChange,
  identityOf,
  START,
} from '../store/store.contract-fixtures.ts';
import { consoleEvent, consoleSessionOf } from '../store/store.contract-sessions.ts';
import type { UseCaseName } from '../administration/use-cases.ts';
import { acts, pages } from './routes.ts';

const NAME = 'mail.example.org';
const ORIGIN = `https://${NAME}`;
const RIGHT = 'correct horse battery';
const NEW = 'staple horse battery';

const secret = Uint8Array.from({ length: 20 }, (_, at) => at);
const code = totpCode(secret, Math.floor(START / 30_000));
const password: Credential = {
  ...{ id: 'password', kind: 'password', label: 'password', createdAt: START },
  verifiers: [{ type: 'argon2id', phc: phcOf(RIGHT) }],
};
const totp: Credential = {
  ...{ id: 'totp', kind: 'totp', label: 'authenticator app', createdAt: START },
  verifiers: [
    { type: 'totp', secret: Buffer.from(secret).toString('hex'), usedStep: 0, wrong: 0, wrongAt: 0 },
  ],
};
const token: Credential = { ...appPassword('4Q7WJ2ZT'), kind: 'token', label: 'ci', scopes: ['trace'] };
const authenticator = newAuthenticator();

type Form = Readonly<Record<string, string>>;

interface Sample extends Row {
  /** Of each account. */
  of?(target: Target): Partial<Identity>;
  /** Before, to each message. */
  readonly queue?: 'hold';
  /** Before: a verification runs. */
  readonly runs?: true;
}

interface Act extends Sample {
  /** `page`: what the form stands on. */
  form(target: Target, page: (path: string) => Promise<string>): Form | Promise<Form>;
}

interface Look extends Sample {
  /** Absent: it names nobody. */
  query?(target: Target): Form;
}

const withTotp = { of: () => ({ credentials: [totp] }) };
const withDevice = { of: ({ device }: Target) => ({ credentials: [appPassword(device)] }) };
const ofOneself = true;

function changes(useCase: UseCaseName, form: Act['form'], said: Partial<Act> = {}): Act {
  return { needs: [useCase], does: 'changes', form, ...said };
}

function tells(needs: Act['needs'], form: Act['form'], said: Partial<Act> = {}): Act {
  return { needs, does: 'tells', form, ...said };
}

/** To an account. */
const account =
  (action: string, fields: (target: Target) => Form = () => ({})): Act['form'] =>
  (target) => ({ action, login: target.login, ...fields(target) });

const queue =
  (action: string): Act['form'] =>
  ({ message }) => ({ action, what: 'chosen', id: message });

/** What is asked for first: it can't be taken back, or not as easily. */
const sure =
  (form: Act['form']): Act['form'] =>
  async (target, page) => ({ ...(await form(target, page)), sure: 'yes' });

const trace: Act = {
  ...{ needs: ['traceFile'], does: 'looks' },
  form: ({ login }) => ({ text: `Message-ID: <of-${login}>\r\nFrom: <${login}>\r\n\r\n` }),
};

const ofQueue: Readonly<Record<string, Act>> = {
  'POST /queue hold': changes('changeQueue', queue('hold')),
  'POST /queue retry': changes('changeQueue', queue('retry')),
  'POST /queue release': changes('changeQueue', queue('release'), { queue: 'hold' }),
  'POST /queue drop': changes('changeQueue', sure(queue('drop'))),
  'POST /queue bounce': changes('bounceQueue', sure(queue('bounce'))),
};

const ofAccounts: Readonly<Record<string, Act>> = {
  'POST /identity suspend': changes('suspendAccount', account('suspend')),
  'POST /identity resume': changes('resumeAccount', account('resume'), {
    of: () => ({ state: 'suspended' }),
  }),
  'POST /identity remove': changes('removeAccount', sure(account('remove'))),
  'POST /identity restore': changes('restoreAccount', sure(account('restore')), {
    of: () => ({ state: 'removed', removedAt: 1 }),
  }),
  'POST /identity addAppPassword': changes(
    'addAppPassword',
    account('addAppPassword', () => ({ label: 'tablet' })),
  ),
  'POST /identity revokeAppPassword': changes(
    'revokeAppPassword',
    sure(account('revokeAppPassword', ({ device }) => ({ credential: device }))),
    withDevice,
  ),
  'POST /identity revokeAppPasswords': changes(
    'revokeAppPasswords',
    sure(account('revokeAppPasswords')),
    withDevice,
  ),
  'POST /identity setPassword': changes(
    'setPassword',
    account('setPassword', () => ({ password: NEW })),
  ),
  'POST /identity revokePassword': changes('revokePassword', sure(account('revokePassword')), {
    of: () => ({ credentials: [password] }),
  }),
  'POST /identity revokeToken': changes(
    'revokeToken',
    sure(account('revokeToken', () => ({ credential: token.id }))),
    { of: () => ({ credentials: [token] }) },
  ),
  'POST /identity resetSecondFactor': changes(
    'resetSecondFactor',
    sure(account('resetSecondFactor')),
    withTotp,
  ),
  'POST /identity addRight': changes(
    'changeRight',
    account('addRight', ({ address }) => ({ right: address })),
  ),
  'POST /identity removeRight': changes(
    'changeRight',
    account('removeRight', ({ address }) => ({ right: address })),
    { of: ({ address }) => ({ rights: [{ kind: 'granted', address }] }) },
  ),
  'POST /identity limit': changes(
    'limitAccount',
    account('limit', () => ({ name: 'messagesPerHour', value: '7' })),
  ),
  'POST /identity undoWindow': changes(
    'setUndoWindow',
    account('undoWindow', () => ({ seconds: '10' })),
  ),
  'POST /identity role': changes('setRole', sure(account('role', () => ({ role: 'desk' })))),
  'POST /identity/new': changes('addAccount', ({ newLogin }) => ({ login: newLogin, mailbox: 'yes' })),
};

const ofSignIn: Readonly<Record<string, Act>> = {
  'POST /me/sign-in begin': tells(['beginTotp', 'mySecondFactor'], () => ({ action: 'begin' }), {
    ofOneself,
  }),
  'POST /me/sign-in confirm': changes(
    'confirmTotp',
    () => ({ action: 'confirm', secret: totpSecretText(secret), code }),
    { ofOneself },
  ),
  'POST /me/sign-in codes': changes('makeRecoveryCodes', () => ({ action: 'codes', proof: code }), {
    ...{ ofOneself, ...withTotp },
  }),
  'POST /me/sign-in remove': changes('removeSecondFactor', () => ({ action: 'remove', proof: code }), {
    ...{ ofOneself, ...withTotp },
  }),
  'POST /me/sign-in passkey': changes(
    'addPasskey',
    async (_target, page) => {
      const [, options = ''] = /data-passkey="([^"]+)"/.exec(await page('/me/sign-in')) ?? [];
      const { challenge } = JSON.parse(options.replaceAll('&quot;', '"')) as { readonly challenge: string };
      const answer = authenticator.create({ id: NAME, origin: ORIGIN, challenge });
      return { action: 'passkey', label: 'phone', answer, proof: code };
    },
    { ofOneself, ...withTotp },
  ),
};

const ofMe: Readonly<Record<string, Act>> = {
  'POST /me/devices add': changes('addMyAppPassword', () => ({ action: 'add', label: 'tablet', days: '' }), {
    ofOneself,
  }),
  'POST /me/devices revoke': changes(
    'revokeMine',
    ({ device }) => ({ action: 'revoke', credential: device }),
    { ofOneself, ...withDevice },
  ),
  'POST /me/password': changes('changeMyPassword', () => ({ present: RIGHT, password: NEW, again: NEW }), {
    ofOneself,
    of: () => ({ credentials: [password] }),
  }),
  'POST /me/sessions': changes('endMySession', ({ login }) => ({ session: `of ${login}` }), { ofOneself }),
  'POST /me/undo': changes('undoMessage', ({ message }) => ({ id: message }), { ofOneself }),
  'POST /me/undo-window': changes('setMyUndoWindow', () => ({ seconds: '10' }), { ofOneself }),
  'POST /me/setup': tells(['mySettings'], () => ({ file: 'autoconfig' }), { ofOneself }),
  'POST /me/stop': changes(
    'suspendMyself',
    sure(() => ({})),
    { ofOneself },
  ),
};

const forms: Readonly<Record<string, Act>> = {
  'POST /trace': trace,
  ...{ ...ofQueue, ...ofAccounts, ...ofSignIn, ...ofMe },
  'POST /server/backup': { needs: ['backUp'], does: 'looks', form: () => ({ reason: 'ticket' }) },
  'POST /trail/verification start': changes('startVerification', () => ({ action: 'start' })),
  'POST /trail/verification stop': changes('stopVerification', () => ({ action: 'stop' }), { runs: true }),
  'POST /trail/export': { needs: ['exportTrail'], does: 'looks', form: () => ({ reason: 'ticket' }) },
  'POST /domains/check': changes('checkDomain', ({ domain }) => ({ domain })),
  'POST /domains/selector': tells(['showDomain', 'lookUpSelector'], ({ domain }) => ({
    ...{ domain, selector: 's1' },
  })),
  'POST /domains/sheet': tells(['accountSheet'], ({ login }) => ({ login })),
};

/** Beside what the page says itself: what it asks of whom it names. */
const looks: Readonly<Record<string, Look>> = {
  '/': { needs: [], does: 'tells' },
  '/trace': { needs: [], does: 'looks', query: ({ message }) => ({ q: message }) },
  '/queue': { needs: ['listQueue'], does: 'tells', query: ({ login }) => ({ identity: login }) },
  '/queue/message': { needs: ['showQueued'], does: 'looks', query: ({ message }) => ({ id: message }) },
  '/identity': { needs: ['showAccount'], does: 'tells', query: ({ login }) => ({ login }) },
  '/identity/new': { needs: [], does: 'tells' },
  '/domains': { needs: [], does: 'tells' },
  '/domains/domain': { needs: ['showDomain'], does: 'tells', query: ({ domain }) => ({ name: domain }) },
  '/trail': { needs: [], does: 'tells' },
  '/trail/looks': { needs: [], does: 'looks' },
  '/server': { needs: [], does: 'tells' },
  '/settings': { needs: [], does: 'tells' },
  '/me': { needs: [], does: 'tells', ofOneself },
  '/me/devices': { needs: [], does: 'tells', ofOneself },
  '/me/limits': { needs: [], does: 'tells', ofOneself },
  '/me/setup': { needs: [], does: 'tells', ofOneself },
  '/me/sign-in': { needs: ['mySecondFactor'], does: 'tells', ofOneself },
  '/me/message': {
    ...{ needs: [], does: 'tells', ofOneself },
    query: ({ message }) => ({ id: message }),
  },
  '/me/stop': { needs: [], does: 'tells', ofOneself },
};

test('each form and each page has a row', () => {
  const there = acts.flatMap((act) =>
    'actions' in act
      ? Object.keys(act.actions).map((action) => `POST ${act.path} ${action}`)
      : [`POST ${act.path}`],
  );
  assert.deepEqual(Object.keys(forms).toSorted(), there.toSorted());
  assert.deepEqual(Object.keys(looks).toSorted(), pages.map(({ path }) => path).toSorted());
});

/** Somebody in this role, in a house with what is his own and what is not, both alike. */
async function enter({ of, queue: queued, runs, ofOneself: isOwn }: Sample, role: Role) {
  const office = openOffice({
    domains: [own.domain, foreign.domain],
    extra: ['onboarding: { imap: { host: imap.example.org } }'],
    verifier: new EndlessVerifier(),
    copy: () => Promise.resolve({ content: (async function* () {})(), close: () => Promise.resolve() }),
  });
  const { store } = office.ports;
  const now = office.clock.now();
  for (const target of [own, colleague, foreign]) {
    const { login, message } = target;
    const identityId = `id-${login}`;
    await store.commit([identityChange(identityOf(login, of?.(target)), 0, now)]);
    const begin = consoleSessionOf({ key: login, name: `of ${login}`, identityId });
    await store.commit([{ type: 'consoleSession', begin, event: consoleEvent(now) }]);
    const said = { identityId, from: login, messageIdField: `<of-${login}>`, undoUntil: now + HOUR };
    await store.commit([acceptOf(message, now, said)]);
    if (queued !== undefined) await office.changeQueue({ part: { id: message }, action: queued });
  }
  if (runs === true) await office.startVerification({});
  const isAlice = role === 'user' || isOwn === true;
  const who = isAlice ? own.login : `${role.toLowerCase()}@${own.domain}`;
  const desk = openDesk({ office, origin: ORIGIN });
  const inside = await desk.enterAs({
    ...{ who, role, identityId: `id-${who}` },
    ...(role === 'domainAdmin' ? { domains: [own.domain] } : {}),
  });
  return { ...desk, ...inside, get: (path: string) => desk.get(path, { cookie: inside.cookie }) };
}

async function answerOf(response: Response, faults: readonly unknown[]) {
  const { status, headers } = response;
  const text = `${status} ${headers.get('location')} ${await response.text()}`;
  assert.deepEqual(faults, []);
  const came = status === 403 ? 'denied' : status < 400 ? 'done' : 'refused';
  return { came, text } as const;
}

/** Who does not see the first page begins on another. */
const isLedOn = ({ status }: Response): boolean => status === 303;

testEachRole('forms', namedBy(forms), async ({ name, ...act }, role, target): Promise<Attempt> => {
  const { office, post, get, cookie, token: of, faults } = await enter(act, role);
  const [, path = ''] = name.split(' ');
  const form = await act.form(target, async (page) => (await get(page)).text());
  return { office, ask: async () => answerOf(await post(path, { token: of, ...form }, { cookie }), faults) };
});

const seen = Object.fromEntries(
  pages.map(({ path, needs = [] }) => {
    const look = looks[path] ?? assert.fail(path);
    return [path, { ...look, needs: [...needs, ...look.needs] }];
  }),
);

testEachRole('pages', namedBy(seen), async ({ name, query, ...look }, role, target): Promise<Attempt> => {
  const { office, get, faults } = await enter(look, role);
  const asked = query === undefined ? '' : `?${new URLSearchParams(query(target)).toString()}`;
  return {
    office,
    async ask() {
      const answer = await get(`${name}${asked}`);
      return isLedOn(answer) ? { came: 'denied', text: '' } : answerOf(answer, faults);
    },
  };
});

function namedBy<T>(
  rows: Readonly<Record<string, T>>,
): Readonly<Record<string, T & { readonly name: string }>> {
  return Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, { ...row, name }]));
}

test('what is asked for first is done by no form that does not say that it is sure', async () => {
  const asked: string[] = [];
  for (const [name, act] of Object.entries(forms)) {
    const [, path = ''] = name.split(' ');
    const { office, post, get, cookie, token: of } = await enter(act, 'admin');
    const { sure: said, ...form } = await act.form(own, async (page) => (await get(page)).text());
    if (said === undefined) continue;
    asked.push(name);
    const before = await office.trail();
    assert.ok([200, 400].includes((await post(path, { token: of, ...form }, { cookie })).status), name);
    assert.deepEqual(await office.trail(), before, name);
  }
  assert.equal(asked.length, 11);
});

test('of a colleague with a role a domain admin changes nothing by any form: with his password he would have his role', async () => {
  const ofOthers = Object.entries(forms).filter(([name]) => name.startsWith('POST /identity '));
  assert.ok(ofOthers.length > 10);
  for (const [name, act] of ofOthers) {
    const of = (target: Target) => ({ ...act.of?.(target), role: 'auditor' as const });
    const { office, post, get, cookie, token: its } = await enter({ ...act, of }, 'domainAdmin');
    const kept = () => office.ports.lookups.identityByLogin(own.login);
    const [before, form] = [await kept(), await act.form(own, async (page) => (await get(page)).text())];
    assert.equal((await post('/identity', { token: its, ...form }, { cookie })).status, 403, name);
    assert.deepEqual(await kept(), before, name);
  }
});
