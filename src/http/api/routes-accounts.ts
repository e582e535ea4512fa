// Paths about accounts: state, credentials, rights, limits, removal.

import { z } from 'zod';
import { accountJson } from '../../administration/account-json.ts';
import type { AccountPart } from '../../administration/accounts.ts';
import { rightText } from '../../administration/right-text.ts';
import type { AccountRights } from '../../administration/rights.ts';
import { route, type Route } from './route.ts';
import * as shapes from './shapes.ts';
import * as ofAccounts from './shapes-of-account.ts';

const { login, ofAccount } = shapes;

const rightsJson = ({ login: of, rights }: AccountRights) => ({
  login: of,
  rights: rights.map((right) => ({ kind: right.kind, right: rightText(right) })),
});

/** Without what was not given. */
const given = (part: z.output<typeof ofAccounts.accountPart>): AccountPart =>
  Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined));

const ofCredential = ofAccount.extend({ credential: shapes.credentialName });

const credentials: readonly Route[] = [
  route(['PUT', '/accounts/{login}/password', 'setPassword'], {
    summary: 'Sets the password.',
    params: ofAccount,
    body: z.strictObject({ password: shapes.newPassword }),
    answer: ofAccount,
    carryOut: (as, { params, body }) => as.setPassword({ ...params, ...body }),
  }),
  route(['DELETE', '/accounts/{login}/password', 'revokePassword'], {
    summary: 'Revokes the password of the person: nobody logs in with it until another is set.',
    params: ofAccount,
    answer: ofAccount,
    carryOut: (as, { params }) => as.revokePassword(params),
  }),
  route(['DELETE', '/accounts/{login}/app-passwords', 'revokeAppPasswords'], {
    summary: 'Revokes all app passwords; their open sessions are cut.',
    params: ofAccount,
    answer: shapes.allRevoked,
    carryOut: (as, { params }) => as.revokeAppPasswords(params),
  }),
  route(['POST', '/accounts/{login}/app-passwords', 'addAppPassword'], {
    summary: 'Makes an app password, for one device.',
    params: ofAccount,
    body: z.strictObject({ label: shapes.label, expiresIn: shapes.lifetime }),
    answer: shapes.madeAppPassword,
    carryOut: (as, { params, body: { label, expiresIn } }) =>
      as.addAppPassword({ ...params, label, ...(expiresIn === undefined ? {} : { lifetimeMs: expiresIn }) }),
  }),
  route(['DELETE', '/accounts/{login}/app-passwords/{credential}', 'revokeAppPassword'], {
    summary: 'Revokes an app password; its open sessions are cut.',
    params: ofCredential,
    answer: shapes.revoked,
    carryOut: (as, { params: { login: of, credential } }) =>
      as.revokeAppPassword({ login: of, which: credential }),
  }),
  route(['GET', '/accounts/{login}/tokens', 'listTokens'], {
    summary: 'Lists the tokens of an account.',
    params: ofAccount,
    answer: shapes.tokenList,
    carryOut: (as, { params }) => as.listTokens(params),
  }),
  route(['GET', '/accounts/{login}/second-factor', 'showSecondFactor'], {
    summary: 'What an account has beside its password at the console.',
    params: ofAccount,
    answer: shapes.secondFactor,
    carryOut: (as, { params }) => as.showSecondFactor(params),
  }),
  route(['DELETE', '/accounts/{login}/second-factor', 'resetSecondFactor'], {
    summary:
      'Takes the second factor away, for who has lost it. With a token: of accounts with the role `user` alone.',
    params: ofAccount,
    answer: shapes.secondFactorReset,
    carryOut: (as, { params }) => as.resetSecondFactor(params),
  }),
  route(['DELETE', '/accounts/{login}/tokens/{credential}', 'revokeToken'], {
    summary: 'Revokes a token: the next request with it is refused.',
    params: ofCredential,
    answer: shapes.revoked,
    carryOut: (as, { params: { login: of, credential } }) => as.revokeToken({ login: of, which: credential }),
  }),
  route(['GET', '/accounts/{login}/sessions', 'listSessions'], {
    summary: 'Lists the sessions of an account in the console.',
    params: ofAccount,
    answer: shapes.sessionList,
    carryOut: (as, { params }) => as.listSessions(params),
  }),
  route(['DELETE', '/accounts/{login}/sessions/{session}', 'endSession'], {
    summary: 'Ends a session in the console, at once and on every node.',
    params: ofAccount.extend({ session: shapes.sessionName }),
    answer: shapes.endedSession,
    carryOut: (as, { params }) => as.endSession(params),
  }),
];

const rights: readonly Route[] = [
  route(['GET', '/accounts/{login}/rights', 'accountRights'], {
    summary: 'As whom an account may send.',
    params: ofAccount,
    answer: shapes.accountRights,
    carryOut: async (as, { params }) => rightsJson(await as.accountRights(params)),
  }),
  route(['PUT', '/accounts/{login}/rights/{right}', 'changeRight'], {
    name: 'addRight',
    summary: 'Lets an account send as an address, or as all addresses of a domain.',
    params: ofAccount.extend({ right: shapes.right }),
    answer: shapes.accountRights,
    carryOut: async (as, { params }) => rightsJson(await as.changeRight({ ...params, action: 'add' })),
  }),
  route(['DELETE', '/accounts/{login}/rights/{right}', 'changeRight'], {
    name: 'removeRight',
    summary: 'Takes a right away.',
    params: ofAccount.extend({ right: shapes.right }),
    answer: shapes.accountRights,
    carryOut: async (as, { params }) => rightsJson(await as.changeRight({ ...params, action: 'remove' })),
  }),
  route(['PUT', '/accounts/{login}/limits/{name}', 'limitAccount'], {
    summary: 'Gives an account a limit of its own: a number, `none`, or `default` for the configured one.',
    params: ofAccount.extend({ name: z.enum(['messagesPerHour', 'recipientsPerHour', 'nullSenderPerHour']) }),
    body: z.strictObject({ value: shapes.perHour }),
    answer: shapes.accountLimits,
    carryOut: (as, { params, body }) => as.limitAccount({ ...params, ...body }),
  }),
  route(['PUT', '/accounts/{login}/undo-window', 'setUndoWindow'], {
    summary: 'So long what an account sends waits before it leaves, so that its person can take it back.',
    params: ofAccount,
    body: shapes.undoWindow.pick({ undoSeconds: true }),
    answer: shapes.undoWindow,
    carryOut: (as, { params, body }) => as.setUndoWindow({ ...params, ...body }),
  }),
];

const states: readonly Route[] = [
  route(['POST', '/accounts/{login}/suspend', 'suspendAccount'], {
    summary: 'Stops an account at once: sessions are cut, its queue is held, its tokens end.',
    params: ofAccount,
    answer: shapes.accountState,
    carryOut: (as, { params }) => as.suspendAccount(params),
  }),
  route(['POST', '/accounts/{login}/resume', 'resumeAccount'], {
    summary: 'Lets an account go on, and its queue.',
    params: ofAccount,
    answer: shapes.accountState,
    carryOut: (as, { params }) => as.resumeAccount(params),
  }),
  route(['GET', '/accounts/{login}/removal', 'removalMeans'], {
    summary: 'What a removal would mean.',
    params: ofAccount,
    answer: shapes.removal,
    carryOut: (as, { params }) => as.removalMeans(params),
  }),
  route(['DELETE', '/accounts/{login}', 'removeAccount'], {
    summary: 'Removes an account; until retention ends it can be restored.',
    params: ofAccount,
    answer: shapes.removed,
    carryOut: (as, { params }) => as.removeAccount(params),
  }),
  route(['POST', '/accounts/{login}/restore', 'restoreAccount'], {
    summary: 'Brings a removed account back, without its credentials and its role.',
    params: ofAccount,
    answer: shapes.restored,
    async carryOut(as, { params }) {
      const { login: of, state, rights: has } = await as.restoreAccount(params);
      return { login: of, state, rights: has.map(rightText) };
    },
  }),
];

export const accountRoutes: readonly Route[] = [
  route(['GET', '/accounts', 'pageAccounts'], {
    summary: 'Lists accounts by login, removed ones last: all, or those that match.',
    query: ofAccounts.accountPart,
    answer: z.object({ accounts: z.array(shapes.account) }),
    paging: { place: login, limit: { usual: 100, most: 500 } },
    async carryOut(as, { query, after, max }) {
      const from = after === undefined ? {} : { after: after as string };
      const { accounts, next } = await as.pageAccounts({ part: given(query), max, ...from });
      return { accounts: accounts.map(accountJson), next };
    },
  }),
  route(['POST', '/accounts', 'addAccount'], {
    summary: 'Adds an account. Without a password it gets an app password.',
    body: shapes.newAccount,
    answer: shapes.madeAccount,
    carryOut: (as, { body: { displayName, password, ...named } }) =>
      as.addAccount({
        ...{ ...named, allowReserved: false },
        ...(displayName === undefined ? {} : { displayName }),
        ...(password === undefined ? {} : { password }),
      }),
  }),
  route(['GET', '/accounts/{login}', 'showAccount'], {
    summary: 'Shows an account: state, rights, limits, credentials with their last use.',
    params: ofAccount,
    answer: shapes.shownAccount,
    async carryOut(as, { params }) {
      const { account, limits, uses, limitUse } = await as.showAccount(params);
      return { ...accountJson(account), effectiveLimits: limits, limitUse, uses };
    },
  }),
  route(['GET', '/accounts/{login}/days', 'accountDays'], {
    summary: 'How much mail an account had on each of the last 28 days, in UTC.',
    params: ofAccount,
    answer: ofAccounts.accountDays,
    carryOut: (as, { params }) => as.accountDays(params),
  }),
  route(['GET', '/accounts/{login}/looks', 'accountLooks'], {
    summary: "Who looked at an account's mail, by its name or by a message of it: newest first.",
    params: ofAccount,
    answer: ofAccounts.accountLooks,
    paging: { place: z.string().max(1000), limit: { usual: 50, most: 500 } },
    carryOut: (as, { params, after, max }) =>
      as.accountLooks({ ...params, max, ...(after === undefined ? {} : { after: after as string }) }),
  }),
  route(['GET', '/limits/near', 'nearLimits'], {
    summary:
      'Who has used 80 % or more of a sending limit: of accounts that this server has taken mail of since its start, those of the last 100 that came so far.',
    answer: shapes.nearLimits,
    carryOut: (as) => as.nearLimits(),
  }),
  route(['GET', '/accounts/{login}/explain', 'explainSending'], {
    summary: 'May it send as `from`, to `to`, and which rule says so? Nothing is sent.',
    params: ofAccount,
    query: ofAccounts.askedSending,
    answer: ofAccounts.explained,
    async carryOut(as, { params, query: { from, to, headerFrom } }) {
      const { login: of, steps } = await as.explainSending({
        ...{ ...params, from, to: to === undefined ? [] : [to] },
        ...(headerFrom === undefined ? {} : { headerFrom }),
      });
      return {
        login: of,
        mayPass: steps.every(({ verdict }) => verdict.type === 'accepted'),
        steps: steps.map(({ question, verdict, rule, because }) => ({
          ...{ question, verdict: verdict.type, rule, because },
        })),
      };
    },
  }),
  ...states,
  ...credentials,
  ...rights,
];
