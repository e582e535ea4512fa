// A request for each path of the API: what it is about, and what has to be so before.

import assert from 'node:assert/strict';
import type { Identity } from '../../src/record/identity.ts';
import { signInMark } from '../../src/identity/sign-in-mark.ts';
import { appPassword, changed, identityChange, START } from '../../src/store/store.contract-fixtures.ts';
import { consoleEvent, consoleSessionOf } from '../../src/store/store.contract-sessions.ts';
import { withCredentials } from '../../src/store/shown-identity.ts';
import type { Api } from './api.ts';
import type { Target } from './role-matrix.ts';
import { setUpTotp } from './second-factor.ts';

type Call = readonly [call: `${string} /${string}`, body?: unknown];

export interface ApiSample {
  path(target: Target): string;
  body?(target: Target): unknown;
  /** What no path of the API makes. */
  readonly has?: 'app' | 'session' | 'device' | 'token' | 'verification';
  /** Asked by an admin before. */
  first?(target: Target): Call;
}

const of =
  (rest: string): ApiSample['path'] =>
  ({ login }) =>
    `/accounts/${login}${rest}`;

const alone =
  (path: string): ApiSample['path'] =>
  () =>
    path;

const addPhone = ({ login }: Target): Call => [`POST /accounts/${login}/app-passwords`, { label: 'phone' }];
const setPassword = ({ login }: Target): Call => [
  `PUT /accounts/${login}/password`,
  { password: 'correct horse battery' },
];

const ofAccounts: Readonly<Record<string, ApiSample>> = {
  pageAccounts: { path: alone('/accounts?limit=2') },
  addAccount: {
    path: alone('/accounts'),
    body: ({ newLogin }) => ({ login: newLogin, displayName: 'New' }),
  },
  showAccount: { path: of(''), first: addPhone },
  accountDays: { path: of('/days') },
  accountLooks: { path: of('/looks'), first: ({ message }) => [`GET /trace?q=${message}`] },
  nearLimits: { path: () => '/limits/near' },
  explainSending: { path: ({ login }) => `/accounts/${login}/explain?from=${login}&to=bob@example.net` },
  suspendAccount: { path: of('/suspend') },
  resumeAccount: { path: of('/resume'), first: ({ login }) => [`POST /accounts/${login}/suspend`] },
  removalMeans: { path: of('/removal') },
  removeAccount: { path: of('') },
  restoreAccount: { path: of('/restore'), first: ({ login }) => [`DELETE /accounts/${login}`] },
  setPassword: { path: of('/password'), body: () => ({ password: 'correct horse battery' }) },
  revokePassword: { path: of('/password'), first: setPassword },
  revokeAppPasswords: { path: of('/app-passwords'), first: addPhone },
  addAppPassword: { path: of('/app-passwords'), body: () => ({ label: 'tablet', expiresIn: '90d' }) },
  revokeAppPassword: { path: of('/app-passwords/phone'), first: addPhone },
  listTokens: { path: of('/tokens'), has: 'token' },
  revokeToken: { path: of('/tokens/ci'), has: 'token' },
  listSessions: { path: of('/sessions'), has: 'session' },
  endSession: { path: ({ login, device }) => `/accounts/${login}/sessions/${device}`, has: 'session' },
  showSecondFactor: { path: of('/second-factor'), has: 'app' },
  resetSecondFactor: { path: of('/second-factor'), has: 'app' },
  accountRights: { path: of('/rights') },
  addRight: { path: ({ login, domain }) => `/accounts/${login}/rights/%40${domain}` },
  removeRight: {
    path: ({ login, address }) => `/accounts/${login}/rights/${address}`,
    first: ({ login, address }) => [`PUT /accounts/${login}/rights/${address}`],
  },
  limitAccount: { path: of('/limits/messagesPerHour'), body: () => ({ value: 7 }) },
  setUndoWindow: { path: of('/undo-window'), body: () => ({ undoSeconds: 10 }) },
  accountSheet: { path: of('/sheet') },
};

const ofQueue: Readonly<Record<string, ApiSample>> = {
  listQueue: { path: ({ login }) => `/queue?limit=1&identity=${login}` },
  queueTotals: { path: alone('/queue/totals') },
  queueByIdentity: { path: alone('/queue/by-identity?limit=5') },
  queueByAge: { path: ({ login }) => `/queue/by-age?identity=${login}` },
  showQueued: { path: ({ message }) => `/queue/${message}` },
  queuedContent: { path: ({ message }) => `/queue/${message}/content` },
  changeMessage: { path: ({ message }) => `/queue/${message}/hold` },
  changeQueue: {
    path: alone('/queue/changes'),
    body: ({ login }) => ({ action: 'hold', part: { identity: login } }),
  },
  bounceMessage: { path: ({ message }) => `/queue/${message}/bounce` },
  bounceQueue: { path: alone('/queue/bounces'), body: ({ login }) => ({ part: { identity: login } }) },
};

const ofServer: Readonly<Record<string, ApiSample>> = {
  serverStatus: { path: alone('/status') },
  backUp: { path: alone('/backup') },
  showSettings: { path: alone('/settings?word=limits') },
  traceWords: { path: ({ login }) => `/trace?q=${login}&limit=1` },
  trailEnds: { path: alone('/trail') },
  listLooks: { path: alone('/trail/looks?limit=1') },
  startVerification: { path: alone('/trail/verification'), body: () => ({}) },
  showVerification: { path: alone('/trail/verification'), has: 'verification' },
  stopVerification: { path: alone('/trail/verification'), has: 'verification' },
  exportTrail: { path: alone('/trail/events') },
  listDomains: { path: alone('/domains?limit=1') },
  showDomain: { path: ({ domain }) => `/domains/${domain}` },
  checkDomain: { path: ({ domain }) => `/domains/${domain}/check` },
  lookUpSelector: { path: ({ domain }) => `/domains/${domain}/selectors/s1?record=x` },
};

const ofMe: Readonly<Record<string, ApiSample>> = {
  myAccount: { path: alone('/me'), has: 'device' },
  myMail: { path: alone('/me/mail?to=BOB&limit=1') },
  myMessage: { path: ({ message }) => `/me/mail/${message}` },
  undoMessage: { path: ({ message }) => `/me/mail/${message}/undo` },
  setMyUndoWindow: { path: alone('/me/undo-window'), body: () => ({ undoSeconds: 60 }) },
  mySettings: { path: alone('/me/settings') },
  addMyAppPassword: {
    path: alone('/me/app-passwords'),
    body: () => ({ label: 'tablet', expiresIn: '90d' }),
  },
  revokeMine: { path: ({ device }) => `/me/credentials/${device}`, has: 'device' },
  mySessions: { path: alone('/me/sessions'), has: 'session' },
  endMySession: { path: ({ device }) => `/me/sessions/${device}`, has: 'session' },
  suspendMyself: { path: alone('/me/suspend') },
};

/** By the names of routes. */
export const apiSamples: Readonly<Record<string, ApiSample>> = {
  ...{ ...ofAccounts, ...ofQueue, ...ofServer, ...ofMe },
};

/** Of what is to be asked about `target`: what has to be so before. */
export async function prepare(api: Api, { has, first }: ApiSample, target: Target): Promise<void> {
  if (has !== undefined) await make[has](api, target);
  const call = first?.(target);
  if (call === undefined) return;
  const [what, body] = call;
  const said = { token: await api.tokenOf('admin'), ...(body === undefined ? {} : { body }) };
  assert.equal((await api.ask(what, said)).status, 200, what);
}

type Make = (api: Api, target: Target) => Promise<unknown>;

const make: Readonly<Record<NonNullable<ApiSample['has']>, Make>> = {
  app: ({ office }, { login }) => setUpTotp(office.ports, login),
  device: (api, { login, device }) => change(api, login, { credentials: [appPassword(device)] }),
  token: ({ office }, { login }) => office.addToken({ login, label: 'ci', scopes: ['trace'] }),
  verification: async ({ office }) =>
    office.ports.verifier.view === undefined ? office.startVerification({}) : undefined,
  async session({ office }, { login, device }) {
    const { id: identityId, ...identity } = await identityNamed(office, login);
    const mark = signInMark({ id: identityId, ...identity });
    const begin = consoleSessionOf({ key: login, name: device, identityId, mark });
    await office.ports.store.commit([{ type: 'consoleSession', begin, event: consoleEvent(START) }]);
  },
};

async function change({ office }: Api, login: string, said: Partial<Identity>): Promise<void> {
  const identity = await identityNamed(office, login);
  await office.ports.store.commit([
    identityChange(changed(identity, said), identity.revision, office.clock.now()),
  ]);
}

async function identityNamed({ ports }: Api['office'], login: string): Promise<Identity> {
  return withCredentials((await ports.lookups.identityByLogin(login)) ?? assert.fail(login));
}
