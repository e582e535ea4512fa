// Who may do what: a row for each use case. Whom it may touch follows from the role (`scope.ts`): `admin`, `desk` and `auditor` act everywhere, `domainAdmin` on the
// identities of his domains and himself, `user` on himself; so does everybody in what is about oneself.

import { type Role, type TokenScope, tokenScopes } from '../record/identity.ts';
import type { Actor } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import type { UseCaseName } from './use-cases.ts';

/** For help and documents. */
export const roleWords: Readonly<Record<Role, string>> = {
  user: 'himself: his mail, his credentials, his rights; every account without another role',
  domainAdmin: 'the accounts of his domains, and their mail; limits up to the configured ones',
  desk: 'all accounts and all mail: trace, suspend, hold, release; makes no credentials',
  auditor: "how the trail and the server are; nobody's mail",
  admin: 'everything',
};

export interface Permission {
  readonly roles: readonly Role[];
  /** A token needs one of them; none: no token may. */
  readonly scopes: readonly TokenScope[];
  /** In a session it takes a fresh proof of who acts (`fresh-proof.ts`): always, or unless it is about himself. Absent: it takes none. */
  readonly proof?: 'always' | 'ofOthers';
}

const everyone = ['user', 'domainAdmin', 'desk', 'auditor', 'admin'] as const;
const overAccounts = ['domainAdmin', 'admin'] as const;
const overMail = ['domainAdmin', 'desk', 'admin'] as const;
const overDomains = ['domainAdmin', 'desk', 'auditor', 'admin'] as const;
const andUser = ['user', ...overMail] as const;

export const permissions: Readonly<Record<UseCaseName, Permission>> = {
  myAccount: { roles: everyone, scopes: ['accounts'] },
  myMail: { roles: everyone, scopes: ['trace'] },
  myMessage: { roles: everyone, scopes: ['trace'] },
  mySettings: { roles: everyone, scopes: ['accounts'] },
  undoMessage: { roles: everyone, scopes: ['queue'] },
  setMyUndoWindow: { roles: everyone, scopes: ['accounts'] },
  addMyAppPassword: { roles: everyone, scopes: ['accounts'] },
  revokeMine: { roles: everyone, scopes: ['accounts', 'contain'] },
  mySessions: { roles: everyone, scopes: ['accounts'] },
  endMySession: { roles: everyone, scopes: ['accounts', 'contain'] },
  changeMyPassword: { roles: everyone, scopes: [] },
  suspendMyself: { roles: everyone, scopes: ['contain'] },
  assertCanAddAccount: { roles: overAccounts, scopes: ['accounts'] },
  addAccount: { roles: overAccounts, scopes: ['accounts'], proof: 'always' },
  pageAccounts: { roles: overMail, scopes: ['accounts'] },
  showAccount: { roles: andUser, scopes: ['accounts'] },
  accountDays: { roles: andUser, scopes: ['accounts'] },
  accountLooks: { roles: ['auditor', 'admin'], scopes: ['reports'] },
  nearLimits: { roles: overMail, scopes: ['accounts'] },
  explainSending: { roles: overMail, scopes: ['accounts'] },
  assertCanSetPassword: { roles: overAccounts, scopes: ['accounts'] },
  setPassword: { roles: overAccounts, scopes: ['accounts'], proof: 'always' },
  addAppPassword: { roles: ['user', 'domainAdmin', 'admin'], scopes: ['accounts'], proof: 'ofOthers' },
  revokePassword: { roles: overMail, scopes: ['accounts', 'contain'], proof: 'ofOthers' },
  revokeAppPassword: { roles: andUser, scopes: ['accounts', 'contain'], proof: 'ofOthers' },
  revokeAppPasswords: { roles: andUser, scopes: ['accounts', 'contain'], proof: 'ofOthers' },
  showSecondFactor: { roles: andUser, scopes: ['accounts'] },
  resetSecondFactor: { roles: overAccounts, scopes: ['accounts'], proof: 'always' },
  mySecondFactor: { roles: everyone, scopes: [] },
  beginTotp: { roles: everyone, scopes: [] },
  confirmTotp: { roles: everyone, scopes: [] },
  makeRecoveryCodes: { roles: everyone, scopes: [] },
  removeSecondFactor: { roles: everyone, scopes: [] },
  beginPasskey: { roles: everyone, scopes: [] },
  addPasskey: { roles: everyone, scopes: [] },
  suspendAccount: { roles: overMail, scopes: ['contain'], proof: 'ofOthers' },
  resumeAccount: { roles: overMail, scopes: ['contain'], proof: 'ofOthers' },
  limitAccount: { roles: overAccounts, scopes: ['accounts'], proof: 'always' },
  setUndoWindow: { roles: overAccounts, scopes: ['accounts'] },
  accountRights: { roles: andUser, scopes: ['accounts'] },
  changeRight: { roles: overAccounts, scopes: ['accounts'], proof: 'always' },
  removalMeans: { roles: overAccounts, scopes: ['accounts'] },
  removeAccount: { roles: overAccounts, scopes: ['accounts'], proof: 'ofOthers' },
  restoreAccount: { roles: overAccounts, scopes: ['accounts'], proof: 'ofOthers' },
  listSessions: { roles: andUser, scopes: ['accounts'] },
  endSession: { roles: andUser, scopes: ['accounts', 'contain'], proof: 'ofOthers' },
  setRole: { roles: ['admin'], scopes: [], proof: 'always' },
  listTokens: { roles: andUser, scopes: ['accounts'] },
  addToken: { roles: ['user', 'domainAdmin', 'admin'], scopes: [], proof: 'always' },
  revokeToken: { roles: andUser, scopes: ['accounts', 'contain'], proof: 'ofOthers' },
  listQueue: { roles: andUser, scopes: ['queue'] },
  queueOfMessages: { roles: andUser, scopes: ['queue'] },
  queueTotals: { roles: ['desk', 'auditor', 'admin'], scopes: ['queue', 'reports'] },
  queueByIdentity: { roles: overMail, scopes: ['queue'] },
  queueByAge: { roles: overMail, scopes: ['queue'] },
  showQueued: { roles: andUser, scopes: ['queue'] },
  queuedContent: { roles: ['desk', 'admin'], scopes: ['queue'], proof: 'always' },
  countQueue: { roles: overMail, scopes: ['queue'] },
  changeQueue: { roles: overMail, scopes: ['queue'] },
  bounceQueue: { roles: overMail, scopes: ['queue'] },
  recentMessages: { roles: ['desk', 'auditor', 'admin'], scopes: ['queue', 'reports'] },
  ownHostname: { roles: everyone, scopes: tokenScopes },
  serverStatus: { roles: ['desk', 'auditor', 'admin'], scopes: ['reports'] },
  showSettings: { roles: ['auditor', 'admin'], scopes: ['reports'] },
  trailEnds: { roles: ['auditor', 'admin'], scopes: ['reports'] },
  listLooks: { roles: ['auditor', 'admin'], scopes: ['trace'] },
  listDomains: { roles: overDomains, scopes: ['reports'] },
  showDomain: { roles: overDomains, scopes: ['reports'] },
  checkDomain: { roles: overDomains, scopes: ['reports'] },
  lookUpSelector: { roles: overDomains, scopes: ['reports'] },
  accountSheet: { roles: overMail, scopes: ['accounts'] },
  startVerification: { roles: ['auditor', 'admin'], scopes: ['reports'] },
  showVerification: { roles: ['auditor', 'admin'], scopes: ['reports'] },
  stopVerification: { roles: ['auditor', 'admin'], scopes: ['reports'] },
  traceWords: { roles: andUser, scopes: ['trace'] },
  traceFile: { roles: andUser, scopes: ['trace'] },
  exportTrail: { roles: ['admin'], scopes: ['trace'], proof: 'always' },
  eraseFromTrail: { roles: ['admin'], scopes: [], proof: 'always' },
  backUp: { roles: ['admin'], scopes: ['backup'], proof: 'always' },
};

export function isFor(role: Role, useCase: UseCaseName): boolean {
  return permissions[useCase].roles.includes(role);
}

/** Throws `UseCaseFailure` of kind `denied`. */
export function assertMay({ role, token }: Actor, useCase: UseCaseName): void {
  const { roles, scopes } = permissions[useCase];
  if (!isFor(role, useCase))
    throw new UseCaseFailure(`this is not for the role ${role}, but for ${roles.join(', ')}`, 'denied');
  if (token === undefined || scopes.some((scope) => token.scopes.includes(scope))) return;
  throw new UseCaseFailure(
    scopes.length === 0
      ? 'this is done by a person, not with a token'
      : `this needs a token with the scope ${scopes.join(' or ')}`,
    'denied',
  );
}

/** Those by which a token of an identity of this role can do anything at all. */
export function scopesFor(role: Role): readonly TokenScope[] {
  const rows = Object.values(permissions).filter(
    ({ roles, scopes }) => roles.includes(role) && scopes !== tokenScopes,
  );
  return tokenScopes.filter((scope) => rows.some(({ scopes }) => scopes.includes(scope)));
}
