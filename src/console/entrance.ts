// The way in, and out: by a link that somebody with rights on the server made, or by the person's own password and second factor. With each step the cookie is another one.

import type { Context, Hono } from 'hono';
import { recordLink } from '../administration/console-sessions.ts';
import { UseCaseFailure } from '../administration/failure.ts';
import { identityOf } from '../administration/identities.ts';
import type { AdministrationPorts } from '../administration/ports.ts';
import { secondFactorsOf } from '../administration/second-factor.ts';
import { signInMark } from '../identity/sign-in-mark.ts';
import { isLoopback } from '../config/unsafe.ts';
import { createWebAdmission } from '../http/web-admission.ts';
import type { Clock } from '../platform/platform.ts';
import type { Identity, IdentityId } from '../record/identity.ts';
import { withCredentials } from '../store/shown-identity.ts';
import { clientOf } from './client.ts';
import type { Cookie } from './cookie.ts';
import { isOfForm, readForm, refusedForm, SMALL_OCTETS_MAX } from './form.ts';
import { hashOf, keepSecrets } from './kept.ts';
import { nextOf } from './next.ts';
import type { Html, ProvedPassword } from './page.ts';
import { letIn, linkIsOver, needsSecondFactor, signedOut, signIn } from './pages/sign-in.ts';
import type { Judged, PersonCheck } from './person-check.ts';
import type { SecondStep } from './second-step.ts';
import type { LetIn, Session, Sessions } from './sessions.ts';

export const LINK_MS = 10 * 60_000;
export const LINKS_MAX = 20;
/** Between the password and the code. */
export const HALF_WAY_MS = 5 * 60_000;
const HALF_WAY_MAX = 1000;
/** Sign-ins that are judged, or wait for their answer, at once. */
export const JUDGED_MAX = 64;
/** Of one network. Who guesses and waits for no answer, on ever new connections, leaves the others to those who come from elsewhere. */
export const JUDGED_PER_NETWORK = 8;
const LOGIN_MAX = 320;

/** By what the link lets in: a user of the operating system, or an account. */
type Linked = { readonly osUser: string } | { readonly identityId: IdentityId; readonly login: string };

/** Whose password was right. */
interface HalfWay {
  readonly identityId: IdentityId;
  /** What he signs in with, as it was then. */
  readonly mark: string;
  readonly next: string;
}

export interface EntranceParts {
  readonly origin: string;
  readonly clock: Clock;
  readonly cookie: Cookie;
  readonly sessions: Sessions;
  readonly check: PersonCheck;
  readonly secondStep: SecondStep;
  readonly administration: AdministrationPorts;
  plain(
    context: Context,
    title: string,
    content: Html,
    status: 200 | 401 | 403 | 410 | 503,
  ): Promise<Response>;
}

export class Entrance {
  readonly #parts: EntranceParts;
  readonly #links;
  readonly #halfWay;
  #judged = 0;
  readonly #ofNetworks = createWebAdmission(JUDGED_PER_NETWORK);

  constructor(parts: EntranceParts) {
    this.#parts = parts;
    const { entropy } = parts.administration;
    const { clock } = parts;
    this.#links = keepSecrets<Linked>({ clock, entropy, ms: LINK_MS, max: LINKS_MAX, whose: nameOf });
    this.#halfWay = keepSecrets<HalfWay>({
      clock,
      entropy,
      ms: HALF_WAY_MS,
      max: HALF_WAY_MAX,
      whose: ({ identityId }) => identityId,
    });
  }

  /** `login`: of the account that it lets in; absent: `who`, as an admin. Rejects if it could not be recorded. */
  async link(who: string, login?: string): Promise<string> {
    const { administration, origin } = this.#parts;
    const identity = login === undefined ? undefined : await identityOf(administration, login);
    if (identity !== undefined && identity.state !== 'active')
      throw new UseCaseFailure(
        `${identity.login} is ${identity.state}: \`postern account resume\` comes first`,
      );
    await recordLink(administration, { who, through: 'command line' }, identity?.login);
    const secret = this.#links.keep(
      identity === undefined ? { osUser: who } : { identityId: identity.id, login: identity.login },
    );
    return `${origin}/sign-in/${secret}`;
  }

  serve(app: Hono): void {
    app.get('/sign-in', (context) => this.askWho(context, 200, 'Sign in.'));
    app.get('/sign-in/:secret', (context) => this.#showLink(context, context.req.param('secret')));
    app.post('/sign-in', async (context) => {
      const form = await readForm(context.req.raw, SMALL_OCTETS_MAX);
      const secret = form.get('secret');
      return secret === null ? this.#judge(context, form) : this.#useLink(context, secret);
    });
    app.post('/sign-in/code', async (context) => {
      const form = await readForm(context.req.raw, SMALL_OCTETS_MAX);
      return this.#judgeCode(context, form);
    });
    app.post('/sign-out', (context) => this.#signOut(context));
  }

  /** In the place of a page: it comes once somebody has signed in. Whose browser brings no session is told of none that has ended. */
  askWho(context: Context, status: 200 | 401, said?: string): Promise<Response> {
    const isNew = this.#parts.cookie.read(context.req.header('cookie')) === undefined;
    const words = said ?? (isNew ? 'Sign in.' : undefined);
    const { path, query } = placeOf(context);
    const next = context.req.method === 'GET' ? nextOf(`${path}${query}`) : '/';
    return this.#parts.plain(
      context,
      'Sign in',
      signIn({ next, ...(words === undefined ? {} : { words }) }),
      status,
    );
  }

  /** Is `text` a link that was made for who is in this session? It is used up by this. */
  takesLink({ actor }: Session, text: string): boolean {
    const secret = text.trim().split('/').at(-1) ?? '';
    const linked = this.#links.look(secret);
    const isHis =
      linked !== undefined &&
      ('osUser' in linked
        ? actor.identityId === undefined && linked.osUser === actor.who
        : linked.identityId === actor.identityId);
    return isHis && this.#links.take(secret) !== undefined;
  }

  /** What fetches links to show what is behind them (mail programs, chats) uses none up. */
  #showLink(context: Context, secret: string): Promise<Response> {
    const linked = this.#links.look(secret);
    return linked === undefined
      ? this.#parts.plain(context, 'Sign in', linkIsOver(), 410)
      : this.#parts.plain(context, 'Sign in', letIn(nameOf(linked), secret), 200);
  }

  async #useLink(context: Context, secret: string): Promise<Response> {
    const linked = this.#links.take(secret);
    const who =
      linked === undefined || 'osUser' in linked
        ? linked
        : await this.#parts.administration.lookups.identityById(linked.identityId);
    if (who === undefined || ('state' in who && who.state !== 'active'))
      return this.#parts.plain(context, 'Sign in', linkIsOver(), 410);
    return this.#begin(context, { who, by: 'link' }, '/');
  }

  async #judge(context: Context, form: URLSearchParams): Promise<Response> {
    const login = (form.get('login') ?? '').trim().slice(0, LOGIN_MAX);
    const next = nextOf(form.get('next') ?? '');
    const again = (words: string, status: 401 | 503) =>
      this.#parts.plain(context, 'Sign in', signIn({ next, login, words, isFailure: true }), status);
    const judged = await this.#judgedOf(context, login, form.get('password') ?? '');
    if (judged === 'tooMany') return again('Too many sign in at this moment: try again in a minute.', 503);
    if (judged.type === 'wrong') return again(WRONG, 401);
    if (judged.type === 'notNow') return again(NOT_NOW, 503);
    const identity = await this.#asJudged(judged);
    return identity === undefined ? again(NOT_NOW, 503) : this.#passwordIsRight(context, identity, next);
  }

  /** `tooMany`: as many are judged as may be at once. */
  async #judgedOf(context: Context, login: string, password: string): Promise<Judged | 'tooMany'> {
    const client = clientOf(context);
    // Who comes through a proxy or `ssh -L` comes from there.
    const isProxied = isLoopback(client.address) || client.address === '';
    const leave = isProxied ? () => undefined : this.#ofNetworks.enter(client.address);
    if (leave === undefined) return 'tooMany';
    if (this.#judged >= JUDGED_MAX) {
      leave();
      return 'tooMany';
    }
    this.#judged += 1;
    try {
      const { clock, check } = this.#parts;
      const began = clock.monotonic();
      const judged = await check({ login, password }, client);
      if (judged.type !== 'right') await this.#wait(began + judged.notBeforeMs);
      return judged;
    } finally {
      this.#judged -= 1;
      leave();
    }
  }

  /** Of who is signed in already: by the same defence, and as slowly. */
  async provesPassword(
    context: Context,
    { who, identityId }: Session['actor'],
    password: string,
  ): Promise<ProvedPassword> {
    if (identityId === undefined) return { type: 'wrong' };
    const judged = await this.#judgedOf(context, who, password);
    if (judged === 'tooMany' || judged.type === 'notNow') return { type: 'notNow' };
    return judged.type === 'right' && judged.identityId === identityId ? judged : { type: 'wrong' };
  }

  /** Undefined: it was changed meanwhile. */
  async #asJudged(of: {
    readonly identityId: IdentityId;
    readonly revision: number;
  }): Promise<Identity | undefined> {
    const shown = await this.#parts.administration.lookups.identityById(of.identityId);
    return shown?.state === 'active' && shown.revision === of.revision ? withCredentials(shown) : undefined;
  }

  async #passwordIsRight(context: Context, identity: Identity, next: string): Promise<Response> {
    const { cookie, plain, secondStep } = this.#parts;
    const factors = secondFactorsOf(identity);
    if (factors.some((factor) => factor !== 'recoveryCode')) {
      await this.#leave(context);
      const ticket = this.#halfWay.keep({ identityId: identity.id, mark: signInMark(identity), next });
      context.header('set-cookie', cookie.set(ticket));
      const asked = await secondStep.ask({ identityId: identity.id, token: tokenOf(ticket) });
      return plain(context, 'Sign in', asked, 200);
    }
    // Whoever has only guessed or found the password would else set up a factor of his own, and be the admin.
    if ((identity.role ?? 'user') !== 'user')
      return plain(context, 'Sign in', needsSecondFactor(identity.login), 403);
    return this.#begin(context, { who: identity, by: 'password' }, next);
  }

  async #judgeCode(context: Context, form: URLSearchParams): Promise<Response> {
    const { administration, cookie, plain, secondStep } = this.#parts;
    const ticket = cookie.read(context.req.header('cookie')) ?? '';
    const half = this.#halfWay.look(ticket);
    const startAgain = () =>
      plain(context, 'Sign in', signIn({ next: half?.next ?? '/', words: TOO_LATE, isFailure: true }), 401);
    if (half === undefined || form.get('token') !== tokenOf(ticket)) return startAgain();
    const { identityId } = half;
    const token = tokenOf(ticket);
    const given = { code: form.get('code'), answer: form.get('answer') };
    const judged = await secondStep.judge({ identityId, asker: token }, given, clientOf(context));
    if ('words' in judged)
      return plain(context, 'Sign in', await secondStep.ask({ identityId, token, ...judged }), 401);
    this.#halfWay.take(ticket);
    const shown = await administration.lookups.identityById(half.identityId);
    if (shown?.state !== 'active' || signInMark(withCredentials(shown)) !== half.mark) return startAgain();
    return this.#begin(context, { who: shown, by: `password and ${judged.proof}` }, half.next);
  }

  async #begin(context: Context, of: LetIn, next: string): Promise<Response> {
    const { sessions, cookie } = this.#parts;
    const { token } = await sessions.begin(of, clientOf(context));
    await this.#leave(context);
    context.header('set-cookie', cookie.set(token));
    return context.redirect(next, 303);
  }

  /** The browser gets another cookie: what it had before opens nothing any more. */
  async #leave(context: Context): Promise<void> {
    const { sessions, cookie } = this.#parts;
    const before = await sessions.find(cookie.read(context.req.header('cookie')));
    if (before !== undefined) await sessions.end(before);
  }

  async #signOut(context: Context): Promise<Response> {
    const { sessions, cookie, plain } = this.#parts;
    const session = await sessions.find(cookie.read(context.req.header('cookie')));
    if (session === undefined) return this.askWho(context, 401);
    const form = await readForm(context.req.raw, SMALL_OCTETS_MAX);
    if (!isOfForm(form, session)) return refusedForm(context);
    await sessions.end(session);
    context.header('set-cookie', cookie.clear());
    return plain(context, 'Signed out', signedOut(), 200);
  }

  #wait(until: number): Promise<void> {
    const { clock } = this.#parts;
    const ms = until - clock.monotonic();
    return ms <= 0 ? Promise.resolve() : new Promise((resolve) => void clock.after(ms, resolve));
  }
}

const WRONG =
  'That did not let you in: the login or the password is wrong, or this account may not come in now. The password of an app does not count here.';
const NOT_NOW = 'It could not be judged now: try again in a moment.';
const TOO_LATE = 'This sign-in is over, or the account was changed meanwhile: begin again.';

const nameOf = (linked: Linked): string => ('osUser' in linked ? linked.osUser : linked.login);

/** In the form that goes with it. */
const tokenOf = (ticket: string): string => hashOf(`code ${ticket}`);

function placeOf({ req }: Context): { readonly path: string; readonly query: string } {
  const { pathname, search } = new URL(req.url);
  return { path: pathname, query: search };
}
