// What the forms of an account's page do: at once what is put back as easily; after a question what is not.

import { html } from 'hono/html';
import { UseCaseFailure } from '../../administration/failure.ts';
import type { Administration } from '../../administration/use-cases.ts';
import { parseDuration } from '../../base/duration.ts';
import { safe } from '../../base/safe-text.ts';
import { type Role, roles } from '../../record/identity.ts';
import type { Act, Asked, Html, Outcome } from '../page.ts';
import { isTold } from '../told.ts';
import { capital, counted, moment, pageOf } from '../words.ts';
import { ACCOUNT, asksFirst, type Question, shownOnce } from './identity-forms.ts';
import { secondsIn } from './me/undo.ts';

interface AccountAct {
  /** Absent: it is done at once. */
  question?(as: Administration, login: string, form: URLSearchParams): Question | Promise<Question>;
  /** What is said of it; or a page of its own. */
  carryOut(as: Administration, login: string, form: URLSearchParams): Promise<string | Outcome>;
  /** Who does it to himself signs in otherwise from then on. */
  readonly changesSignIn?: true;
}

const given = (form: URLSearchParams, name: string): string => (form.get(name) ?? '').trim();

/** What a thief has sent goes on: whoever revokes has to look at it. */
async function stillWaits(as: Administration, login: string, credential: string): Promise<string> {
  const count = await as.countQueue({ part: { identity: login, credential } }).catch(untold);
  if (count === undefined) return '';
  if (count === 0) return ' Nothing that came with it waits in the queue.';
  return ` ${capital(counted(count, 'recipient'))} of mail that came with it still ${count === 1 ? 'waits' : 'wait'}: see below, Its mail in the queue.`;
}

/** It is revoked: that it could not be counted is no failure of that. */
function untold(error: unknown): undefined {
  if (!isTold(error)) throw error;
}

const credentials: Readonly<Record<string, AccountAct>> = {
  addAppPassword: {
    async carryOut(as, login, form) {
      const expires = given(form, 'expires');
      const lifetimeMs = expires === '' ? undefined : parseDuration(expires);
      if (expires !== '' && lifetimeMs === undefined)
        throw new UseCaseFailure(`"${expires}" is no duration such as 90d`, 'usage');
      const added = await as.addAppPassword({
        ...{ login, label: given(form, 'label') },
        ...(lifetimeMs === undefined ? {} : { lifetimeMs }),
      });
      return shownOnce(
        added.login,
        'The app password',
        `${safe(added.label)} of ${added.login} logs in with its login and this:`,
        added.appPassword,
      );
    },
  },
  revokeAppPassword: {
    question: (_as, login, form) => ({
      title: 'Revoke this app password?',
      words: `The device ${safe(given(form, 'label'))} of ${login} is cut off at once, and can't come back with it.`,
      ...{ button: 'Revoke it', isBad: true },
    }),
    async carryOut(as, login, form) {
      const { label, id } = await as.revokeAppPassword({ login, which: given(form, 'credential') });
      return `The app password ${safe(label)} (${id}) is revoked: its open sessions are cut.${await stillWaits(as, login, id)}`;
    },
  },
  revokeAppPasswords: {
    question: (_as, login) => ({
      title: 'Revoke all app passwords?',
      words: `All devices of ${login} are cut off at once. Each needs a new app password to send again.`,
      ...{ button: 'Revoke all', isBad: true },
    }),
    async carryOut(as, login) {
      const { revoked } = await as.revokeAppPasswords({ login });
      return `${counted(revoked.length, 'app password')} revoked: their open sessions are cut.`;
    },
  },
  setPassword: {
    changesSignIn: true,
    async carryOut(as, login, form) {
      await as.setPassword({ login, password: form.get('password') ?? '' });
      return `The password of ${login} is set. Tell it by a way that you trust; whoever signs in with it changes it on My devices.`;
    },
  },
  revokePassword: {
    question: (_as, login) => ({
      title: 'Revoke the password?',
      words: `Nobody logs in with the password of ${login} until another is set. App passwords stay.`,
      ...{ button: 'Revoke it', isBad: true },
    }),
    async carryOut(as, login) {
      await as.revokePassword({ login });
      return `The password is revoked: open sessions with it are cut.${await stillWaits(as, login, 'password')}`;
    },
  },
  revokeToken: {
    question: (_as, login, form) => ({
      title: 'Revoke this token?',
      words: `The program that uses ${safe(given(form, 'label'))} of ${login} is refused from its next request on.`,
      ...{ button: 'Revoke it', isBad: true },
    }),
    async carryOut(as, login, form) {
      const { label, id } = await as.revokeToken({ login, which: given(form, 'credential') });
      return `The token ${safe(label)} (${id}) is revoked.`;
    },
  },
  resetSecondFactor: {
    question: (_as, login) => ({
      title: 'Take the second factor away?',
      words: `${login} signs in without it until he sets up another. Be sure that it is he who asks.`,
      ...{ button: 'Take it away', isBad: true },
    }),
    async carryOut(as, login) {
      await as.resetSecondFactor({ login });
      return 'The second factor is taken away.';
    },
  },
};

const states: Readonly<Record<string, AccountAct>> = {
  suspend: {
    async carryOut(as, login) {
      await as.suspendAccount({ login });
      return `${login} is suspended: open sessions are cut, and its queue is held.`;
    },
  },
  resume: {
    async carryOut(as, login) {
      await as.resumeAccount({ login });
      return `${login} may send again, and its queue goes on.`;
    },
  },
  remove: {
    async question(as, login) {
      const means = await as.removalMeans({ login });
      return { title: `Remove ${login}?`, words: removalWords(means), button: 'Remove', isBad: true };
    },
    async carryOut(as, login) {
      const { login: gone, restorableUntil } = await as.removeAccount({ login });
      return `${gone} is removed. Until ${new Date(restorableUntil).toISOString().slice(0, 10)} it can be restored.`;
    },
  },
  restore: {
    question: (_as, login) => ({
      title: `Restore ${login}?`,
      words:
        'It comes back as it was, but without credentials and role: nobody can log in before it gets one.',
      button: 'Restore',
    }),
    async carryOut(as, login) {
      const { state } = await as.restoreAccount({ login });
      return `${login} is back, ${state}. It has no credentials: make an app password.`;
    },
  },
};

type Means = Awaited<ReturnType<Administration['removalMeans']>>;

function removalWords({ credentials: count, queued, addresses, restorableUntil }: Means): Html {
  const left = addresses.map(({ address, others }) =>
    others.length === 0 ? `mail to ${address} is refused then` : `${address} stays with ${others.join(', ')}`,
  );
  return html`${counted(count, 'credential')} ${count === 1 ? 'goes' : 'go'}, sessions are cut, and
  ${counted(queued, 'recipient')} of its mail in the queue ${queued === 1 ? 'is' : 'are'}
  held${left.length === 0 ? '' : `; ${left.join('; ')}`}. It can be restored until ${moment(restorableUntil)};
  until then its login is nobody else's.`;
}

const may: Readonly<Record<string, AccountAct>> = {
  addRight: {
    async carryOut(as, login, form) {
      const right = given(form, 'right');
      const { shared } = await as.changeRight({ login, action: 'add', right });
      const others = shared?.others ?? [];
      const also = others.length === 0 ? '' : ` ${others.slice(0, 3).join(', ')} may too.`;
      return `${login} may send as ${right.startsWith('@') ? `any address of ${right.slice(1)}` : right} now.${also}`;
    },
  },
  removeRight: {
    async carryOut(as, login, form) {
      const right = given(form, 'right');
      await as.changeRight({ login, action: 'remove', right });
      return `${login} may not send as ${right} any more.`;
    },
  },
  limit: {
    async carryOut(as, login, form) {
      const [name, text] = [given(form, 'name'), given(form, 'value')];
      const value =
        text === 'none' || text === 'default' ? text : /^\d{1,9}$/.test(text) ? Number(text) : undefined;
      if (value === undefined)
        throw new UseCaseFailure('a limit is a number of at most nine digits, none or default', 'usage');
      await as.limitAccount({ login, name, value });
      return value === 'default' ? `${name} is as configured again.` : `${name} is ${value} now.`;
    },
  },
  undoWindow: {
    async carryOut(as, login, form) {
      const { undoSeconds } = await as.setUndoWindow({
        login,
        undoSeconds: secondsIn(given(form, 'seconds')),
      });
      return undoSeconds === 0
        ? 'What it sends leaves at once.'
        : `What it sends waits ${counted(undoSeconds, 'second')} now, to be taken back.`;
    },
  },
  role: {
    question(_as, login, form) {
      const [role, domains] = [roleOf(form), domainsOf(form)];
      const over = domains.length === 0 ? '' : ` of ${domains.join(', ')}`;
      return {
        title: `Make ${login} ${role}${over}?`,
        words: 'It counts at once, for open sessions and tokens too.',
        button: 'Change the role',
      };
    },
    async carryOut(as, login, form) {
      const { role, adminOf = [] } = await as.setRole({
        login,
        role: roleOf(form),
        domains: domainsOf(form),
      });
      return `${login} has the role ${role}${adminOf.length === 0 ? '' : ` of ${adminOf.join(', ')}`} now.`;
    },
  },
};

function roleOf(form: URLSearchParams): Role {
  const role = roles.find((known) => known === given(form, 'role'));
  if (role === undefined) throw new UseCaseFailure(`a role is one of ${roles.join(', ')}`, 'usage');
  return role;
}

const domainsOf = (form: URLSearchParams): readonly string[] =>
  given(form, 'domains')
    .split(/[\s,]+/)
    .filter((domain) => domain !== '');

async function change(act: AccountAct, asked: Asked, form: URLSearchParams): Promise<Outcome> {
  const login = given(form, 'login');
  const as = asked.administration(given(form, 'reason'));
  if (act.question !== undefined && form.get('sure') !== 'yes')
    return asksFirst(asked, login, form, await act.question(as, login, form));
  const came = await act.carryOut(as, login, form);
  const outcome = typeof came === 'string' ? { to: pageOf(ACCOUNT, { login }), notice: came } : came;
  const isOwn = act.changesSignIn === true && login === asked.session.actor.who;
  return isOwn ? { ...outcome, changedOwnSignIn: true } : outcome;
}

export const changeIdentity: Act = {
  path: ACCOUNT,
  actions: Object.fromEntries(
    Object.entries({ ...states, ...credentials, ...may }).map(([name, act]) => [
      name,
      (asked: Asked, form: URLSearchParams) => change(act, asked, form),
    ]),
  ),
};
