// Each role, each use case, on what is its own and on what is not: generated from the table. What lies outside a scope is answered as what there never was, and stays as it is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice, ROOT, textOf } from '../../test/fakes/administration.ts';
import { type Credential, type Identity, type Role, roles, tokenScopes } from '../record/identity.ts';
import { newAuthenticator } from '../../test/fakes/passkey.ts';
import { totpCode, totpSecretText } from '../identity/totp.ts';
import {
  acceptOf,
  appPassword,
  identityChange,
  identityOf,
  START,
} from '../store/store.contract-fixtures.ts';
import { consoleEvent, consoleSessionOf } from '../store/store.contract-sessions.ts';
import type { Actor } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import { permissions, scopesFor } from './permissions.ts';
import {
  type Administration,
  administrationOf,
  ownUseCases,
  type UseCaseName,
  useCases,
} from './use-cases.ts';

interface Target {
  readonly login: string;
  readonly message: string;
  readonly newLogin: string;
  readonly address: string;
}

/** All that can tell it from another: id of the identity, login, credential, message. */
const own: Target = {
  login: 'alice@example.org',
  message: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  newLogin: 'new@example.org',
  address: 'sales@example.org',
};
const foreign: Target = {
  login: 'mallory@other.example',
  message: '01ARZ3NDEKTSV4RRFFQ69G5FAW',
  newLogin: 'new@other.example',
  address: 'sales@other.example',
};
/** Of the same domain: a user knows nothing of him either. */
const colleague: Target = {
  ...foreign,
  login: 'carol@example.org',
  message: '01ARZ3NDEKTSV4RRFFQ69G5FAY',
};
const nowhere: Target = {
  login: 'nobody@nowhere.example',
  message: '01ARZ3NDEKTSV4RRFFQ69G5FAX',
  newLogin: 'new@nowhere.example',
  address: 'sales@nowhere.example',
};

interface Sample {
  /** It is of who acts alone, and names nobody. */
  readonly ofOneself?: true;
  /** The state of the target that it needs. */
  of?(login: string): Partial<Identity>;
  call(as: Administration, target: Target): Promise<unknown>;
}

const domainOf = (login: string): string => login.slice(login.indexOf('@') + 1);
const account = (login: string) => ({ login, mailbox: true, allowReserved: false });
const device = (login: string) => appPassword(`4Q7WJ2Z${login[0]?.toUpperCase()}`);
const token = { ...appPassword('4Q7WJ2ZM'), kind: 'token', label: 'ci', scopes: ['trace'] } as const;
const secret = Uint8Array.from({ length: 20 }, (_, at) => at);
const code = totpCode(secret, Math.floor(START / 30_000));
const totp: Credential = {
  ...{ id: 'totp', kind: 'totp', label: 'authenticator app', createdAt: 1 },
  verifiers: [
    { type: 'totp', secret: Buffer.from(secret).toString('hex'), usedStep: 0, wrong: 0, wrongAt: 0 },
  ],
};
const challenge = { id: 'mail.example.org', origin: 'https://mail.example.org', challenge: 'AAAA' };
const answer = newAuthenticator().create(challenge);
const withTotp = () => ({ credentials: [totp] });
const shown = [{ where: 'the file', terms: [], text: '' }] as never;

const samples: Readonly<Record<UseCaseName, Sample>> = {
  assertCanAddAccount: { call: (as, { newLogin }) => as.assertCanAddAccount(account(newLogin)) },
  addAccount: { call: (as, { newLogin }) => as.addAccount(account(newLogin)) },
  pageAccounts: { call: (as) => as.pageAccounts({ max: 10 }) },
  showAccount: { call: (as, { login }) => as.showAccount({ login }) },
  accountDays: { call: (as, { login }) => as.accountDays({ login }) },
  accountLooks: { call: (as, { login }) => as.accountLooks({ login, max: 10 }) },
  nearLimits: { call: (as) => as.nearLimits() },
  explainSending: {
    call: (as, { login, address }) => as.explainSending({ login, from: address, to: [login] }),
  },
  assertCanSetPassword: { call: (as, { login }) => as.assertCanSetPassword({ login }) },
  setPassword: { call: (as, { login }) => as.setPassword({ login, password: 'correct horse battery' }) },
  addAppPassword: { call: (as, { login }) => as.addAppPassword({ login, label: 'new' }) },
  revokeAppPassword: {
    of: (login) => ({ credentials: [device(login)] }),
    call: (as, { login }) => as.revokeAppPassword({ login, which: 'phone' }),
  },
  revokeAppPasswords: {
    of: (login) => ({ credentials: [device(login)] }),
    call: (as, { login }) => as.revokeAppPasswords({ login }),
  },
  revokePassword: {
    of: () => ({ credentials: [{ ...appPassword('password'), kind: 'password' }] }),
    call: (as, { login }) => as.revokePassword({ login }),
  },
  showSecondFactor: { of: withTotp, call: (as, { login }) => as.showSecondFactor({ login }) },
  resetSecondFactor: { of: withTotp, call: (as, { login }) => as.resetSecondFactor({ login }) },
  mySecondFactor: { ofOneself: true, call: (as) => as.mySecondFactor() },
  beginTotp: { ofOneself: true, call: (as) => as.beginTotp({}) },
  confirmTotp: {
    ofOneself: true,
    call: (as) => as.confirmTotp({ secret: totpSecretText(secret), code }),
  },
  makeRecoveryCodes: {
    ...{ ofOneself: true, of: withTotp },
    call: (as) => as.makeRecoveryCodes({ proof: code }),
  },
  removeSecondFactor: {
    ...{ ofOneself: true, of: withTotp },
    call: (as) => as.removeSecondFactor({ which: 'totp', proof: code }),
  },
  beginPasskey: { ofOneself: true, call: (as) => as.beginPasskey({ challenge, timeoutMs: 1 }) },
  addPasskey: {
    ...{ ofOneself: true, of: withTotp },
    call: (as) => as.addPasskey({ label: 'phone', answer, challenge, proof: code }),
  },
  suspendAccount: { call: (as, { login }) => as.suspendAccount({ login }) },
  resumeAccount: { of: () => ({ state: 'suspended' }), call: (as, { login }) => as.resumeAccount({ login }) },
  limitAccount: {
    call: (as, { login }) => as.limitAccount({ login, name: 'messagesPerHour', value: 7 }),
  },
  setUndoWindow: { call: (as, { login }) => as.setUndoWindow({ login, undoSeconds: 10 }) },
  accountRights: { call: (as, { login }) => as.accountRights({ login }) },
  changeRight: { call: (as, { login, address }) => as.changeRight({ login, action: 'add', right: address }) },
  removalMeans: { call: (as, { login }) => as.removalMeans({ login }) },
  removeAccount: { call: (as, { login }) => as.removeAccount({ login }) },
  restoreAccount: {
    of: () => ({ state: 'removed', removedAt: 1 }),
    call: (as, { login }) => as.restoreAccount({ login }),
  },
  listSessions: { call: (as, { login }) => as.listSessions({ login }) },
  endSession: { call: (as, { login }) => as.endSession({ login, session: `of ${login}` }) },
  setRole: { call: (as, { login }) => as.setRole({ login, role: 'desk', domains: [] }) },
  listTokens: { of: () => ({ credentials: [token] }), call: (as, { login }) => as.listTokens({ login }) },
  addToken: { call: (as, { login }) => as.addToken({ login, label: 'new', scopes: ['trace'] }) },
  revokeToken: {
    of: () => ({ credentials: [token] }),
    call: (as, { login }) => as.revokeToken({ login, which: 'ci' }),
  },
  listQueue: { call: (as, { login }) => as.listQueue({ part: { identity: login }, max: 10 }) },
  queueOfMessages: { call: (as, { message }) => as.queueOfMessages({ ids: [message] }) },
  queueTotals: { call: (as) => as.queueTotals() },
  queueByIdentity: { call: (as) => as.queueByIdentity({ max: 10 }) },
  queueByAge: { call: (as, { login }) => as.queueByAge({ part: { identity: login } }) },
  showQueued: { call: (as, { message }) => as.showQueued({ id: message }) },
  queuedContent: { call: async (as, { message }) => textOf(await as.queuedContent({ id: message })) },
  countQueue: { call: (as, { message }) => as.countQueue({ part: { id: message } }) },
  changeQueue: {
    call: (as, { message }) => as.changeQueue({ part: { id: message }, action: 'hold' }),
  },
  bounceQueue: { call: (as, { message }) => as.bounceQueue({ part: { id: message } }) },
  recentMessages: { call: (as) => as.recentMessages({ max: 10 }) },
  ownHostname: { call: (as) => as.ownHostname() },
  serverStatus: { call: (as) => as.serverStatus() },
  showSettings: { call: (as) => as.showSettings({}) },
  trailEnds: { call: (as) => as.trailEnds() },
  listLooks: { call: (as) => as.listLooks({ max: 10 }) },
  listDomains: { call: (as) => as.listDomains({ max: 10 }) },
  showDomain: { call: (as, { login }) => as.showDomain({ domain: domainOf(login) }) },
  checkDomain: { call: (as, { login }) => as.checkDomain({ domain: domainOf(login) }) },
  lookUpSelector: {
    call: (as, { login }) => as.lookUpSelector({ domain: domainOf(login), selector: 's1' }),
  },
  accountSheet: { call: (as, { login }) => as.accountSheet({ login }) },
  startVerification: { call: (as) => as.startVerification({}) },
  showVerification: { call: (as) => as.showVerification() },
  stopVerification: { call: (as) => as.stopVerification() },
  traceWords: { call: (as, { message }) => as.traceWords({ words: message, range: { max: 10 } }) },
  traceFile: { call: (as) => as.traceFile({ question: { shown, text: 'the file' }, max: 10 }) },
  exportTrail: { call: async (as) => textOf(await as.exportTrail({})) },
  eraseFromTrail: { call: (as, { login }) => as.eraseFromTrail({ login, addresses: [], before: 0 }) },
  backUp: { call: async (as) => textOf(await as.backUp()) },
  myAccount: { ofOneself: true, call: (as) => as.myAccount() },
  myMail: { ofOneself: true, call: (as) => as.myMail({ max: 10 }) },
  myMessage: { ofOneself: true, call: (as, { message }) => as.myMessage({ id: message }) },
  mySettings: { ofOneself: true, call: (as) => as.mySettings() },
  undoMessage: { ofOneself: true, call: (as, { message }) => as.undoMessage({ id: message }) },
  setMyUndoWindow: { ofOneself: true, call: (as) => as.setMyUndoWindow({ undoSeconds: 10 }) },
  addMyAppPassword: { ofOneself: true, call: (as) => as.addMyAppPassword({ label: 'new' }) },
  revokeMine: {
    ofOneself: true,
    of: (login) => ({ credentials: [device(login)] }),
    call: (as, { login }) => as.revokeMine({ credential: device(login).id }),
  },
  mySessions: { ofOneself: true, call: (as) => as.mySessions() },
  endMySession: { ofOneself: true, call: (as, { login }) => as.endMySession({ session: `of ${login}` }) },
  changeMyPassword: {
    ofOneself: true,
    call: (as) => as.changeMyPassword({ password: 'correct horse battery', provenAt: 1 }),
  },
  suspendMyself: { ofOneself: true, call: (as) => as.suspendMyself() },
};

const actors: Readonly<Record<Role, Actor>> = {
  user: { ...ROOT, who: own.login, through: 'API', role: 'user', identityId: `id-${own.login}` },
  domainAdmin: {
    ...ROOT,
    who: 'dora@example.org',
    through: 'API',
    role: 'domainAdmin',
    domains: ['example.org'],
  },
  desk: { ...ROOT, who: 'desk@example.org', through: 'API', role: 'desk' },
  auditor: { ...ROOT, who: 'audit@example.org', through: 'API', role: 'auditor' },
  admin: { ...ROOT, who: 'root@example.org', through: 'API', role: 'admin' },
};

function actorOf(role: Role, { ofOneself }: Sample): Actor {
  return { ...actors[role], ...(ofOneself === true ? { identityId: `id-${own.login}` } : {}) };
}

/** A store with what is our own and what is not, both alike. */
async function openFor({ of }: Pick<Sample, 'of'>) {
  const office = openOffice({
    domains: ['example.org', 'other.example'],
    condition: () => Promise.resolve({ problems: [] }),
    copy: () => Promise.resolve({ content: (async function* () {})(), close: () => Promise.resolve() }),
  });
  const { store } = office.ports;
  const now = office.clock.now();
  for (const { login, message } of [own, colleague, foreign]) {
    await store.commit([identityChange(identityOf(login, of?.(login)), 0, now)]);
    const session = { key: login, name: `of ${login}`, identityId: `id-${login}` };
    const begin = consoleSessionOf(session);
    await store.commit([{ type: 'consoleSession', begin, event: consoleEvent(now) }]);
    const to = ['bob@example.net'];
    const undoUntil = now + 10_000;
    await store.commit([acceptOf(message, now, { from: login, identityId: `id-${login}`, to, undoUntil })]);
  }
  return office;
}

type Came = { readonly value: unknown } | { readonly kind: string; readonly message: string };

async function come(asked: Promise<unknown>): Promise<Came> {
  try {
    return { value: await asked };
  } catch (error) {
    assert.ok(error instanceof UseCaseFailure, String(error));
    return { kind: error.kind, message: error.message };
  }
}

/** As if it were about nobody in particular. */
function unnamed(came: Came, { login, message, newLogin, address }: Target): string {
  // Our own domain may be told.
  const domain = domainOf(login) === domainOf(own.login) ? [] : [domainOf(login)];
  return [login, message, newLogin, address, ...domain].reduce(
    (text, name) => text.replaceAll(name, 'X'),
    JSON.stringify(came),
  );
}

for (const name of Object.keys(useCases) as UseCaseName[])
  for (const role of roles) {
    const sample = samples[name];
    const actor = actorOf(role, sample);
    const isOwn = sample.ofOneself === true;

    async function attempt(target: Target) {
      const office = await openFor(sample);
      const came = await come(sample.call(administrationOf(office.ports, actor), target));
      const trail = await office.trail();
      const kept = await Promise.all([
        ...[colleague, foreign].flatMap(({ login, message }) => [
          office.ports.lookups.identityById(`id-${login}`),
          office.ports.lookups.consoleSessions(`id-${login}`),
          office.ports.lookups.queue({ messageId: message }, { max: 10 }),
        ]),
        office.ports.lookups.identityByLogin(foreign.newLogin),
      ]);
      return {
        came,
        kept: JSON.stringify(kept),
        acts: trail.filter(({ type }) => type !== 'lookedUp').length,
      };
    }

    if (!permissions[name].roles.includes(role))
      test(`${name} is denied to ${role}, whatever it is about`, async () => {
        const untouched = await openFor(sample).then((office) => office.trail());
        for (const target of [own, foreign, nowhere]) {
          const { came, acts } = await attempt(target);
          assert.deepEqual('kind' in came && came.kind, 'denied');
          assert.equal(acts, untouched.length);
        }
      });
    else if (isOwn || role === 'user' || role === 'domainAdmin')
      test(`${name} is for ${role}, and knows of what lies outside no more than of what there never was`, async () => {
        const { came } = await attempt(own);
        assert.ok('value' in came, JSON.stringify(came));
        assert.ok(!JSON.stringify(came).includes('other.example'));
        const absent = await attempt(nowhere);
        for (const other of isOwn || role === 'user' ? [colleague, foreign] : [foreign]) {
          const outside = await attempt(other);
          assert.equal(unnamed(outside.came, other), unnamed(absent.came, nowhere));
          assert.equal(outside.kept, absent.kept);
          assert.equal(outside.acts, absent.acts);
        }
      });
    else
      test(`${name} is for ${role}, everywhere`, async () => {
        for (const target of [own, foreign]) {
          const { came } = await attempt(target);
          assert.ok('value' in came, JSON.stringify(came));
        }
      });
  }

test('a token does what its scopes say, and never more than the role', async () => {
  for (const name of Object.keys(useCases) as UseCaseName[])
    for (const scope of tokenScopes) {
      const office = await openFor(samples[name]);
      const actor: Actor = { ...actorOf('admin', samples[name]), token: { id: '4Q7WJ2ZM', scopes: [scope] } };
      const came = await come(samples[name].call(administrationOf(office.ports, actor), own));
      const isDenied = 'kind' in came && came.kind === 'denied';
      assert.equal(isDenied, !permissions[name].scopes.includes(scope), `${name} with ${scope}`);
    }
  const all = { id: '4Q7WJ2ZM', scopes: tokenScopes };
  const office = await openFor({});
  const asUser = administrationOf(office.ports, { ...actors.user, token: all });
  await assert.rejects(asUser.pageAccounts({ max: 10 }), { name: 'UseCaseFailure', kind: 'denied' });
});

for (const name of Object.keys(ownUseCases) as (keyof typeof ownUseCases)[])
  test(`${name} is for nobody who came in as no account, an admin neither`, async () => {
    const office = await openFor(samples[name]);
    const came = await come(samples[name].call(administrationOf(office.ports, actors.admin), own));
    assert.deepEqual('kind' in came && came.kind, 'negative');
  });

test('scopes that a role can use', () => {
  assert.deepEqual(scopesFor('user'), ['trace', 'contain', 'queue', 'accounts']);
  const ofAuditor = tokenScopes.filter((scope) => scope !== 'backup');
  assert.deepEqual(scopesFor('auditor'), ofAuditor, 'for his own mail and devices');
  assert.deepEqual(scopesFor('admin'), tokenScopes);
});
