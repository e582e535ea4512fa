// The console as one answer to each request: what guards it, who comes in, and the table of its pages. No network in here: `listener.ts` gives it requests.

import { type Context, Hono } from 'hono';
import { type Administration, administrationOf } from '../administration/use-cases.ts';
import { type FailureKind, NotThere, UseCaseFailure } from '../administration/failure.ts';
import { ProofNeeded } from '../administration/fresh-proof.ts';
import { isFor } from '../administration/permissions.ts';
import type { AdministrationPorts, FactorGuard } from '../administration/ports.ts';
import { createTurns } from '../administration/turns.ts';
import { failureInWords } from '../base/failure-words.ts';
import { createLru } from '../identity/lru.ts';
import type { Clock } from '../platform/platform.ts';
import { StoreUnavailable } from '../store/port.ts';
import { createApi } from '../http/api/api.ts';
import type { RefusedToken } from '../http/api/tokens.ts';
import { API_PATH } from '../http/api/path.ts';
import { fileOf, send } from './answers.ts';
import { readAssets } from './assets.ts';
import type { ConsoleCondition } from './condition.ts';
import { type Client, clientOf } from './client.ts';
import { cookieOf } from './cookie.ts';
import { Entrance } from './entrance.ts';
import { FORM_OCTETS_MAX, FormRefused, isOfForm, readForm, refusedForm } from './form.ts';
import { type Asking, freshProof, proveForPage } from './fresh-proof.ts';
import { noHeadAlone, ownHost, ownPagesOnly, securityHeaders } from './guard.ts';
import { frame } from './layout.ts';
import { Live } from './live.ts';
import type { Act, Asked, CarryOut, Html, Page } from './page.ts';
import { overview, overviewParts } from './pages/overview.ts';
import { TITLE as PROOF } from './pages/fresh-proof.ts';
import { notForYou } from './pages/not-for-you.ts';
import { failed, notHere } from './pages/plain.ts';
import { passkeysAt } from './passkeys.ts';
import type { PersonCheck } from './person-check.ts';
import { acts, pages } from './routes.ts';
import { secondStep } from './second-step.ts';
import { menuOf, sees } from './sees.ts';
import type { Session, Sessions } from './sessions.ts';
import { throughDoor } from '../administration/other-doors.ts';
import { isTold } from './told.ts';

export interface ConsoleOptions {
  /** How browsers call it: scheme, host and port. */
  readonly origin: string;
  readonly clock: Clock;
  readonly administration: AdministrationPorts;
  readonly sessions: Sessions;
  /** Judges passwords. */
  readonly check: PersonCheck;
  /** Against guessing at second factors, for this client. */
  factorGuard(client: Client): FactorGuard;
  condition(): Promise<ConsoleCondition>;
  /** A fault of ours, for the log. */
  report(error: unknown): void;
  /** Of the API. */
  refusedToken(token: RefusedToken): void;
}

export interface Console {
  readonly app: Hono;
  /** The address that lets somebody in, once: whoever has `login`; absent: `who`, as an admin. Rejects if that could not be recorded. */
  link(who: string, login?: string): Promise<string>;
}

export function createConsole(options: ConsoleOptions): Console {
  return new TheConsole(options);
}

/** Of those that were not shown yet. */
const NOTICES_MAX = 1000;

class TheConsole implements Console {
  readonly app = new Hono();
  readonly #options: ConsoleOptions;
  readonly #sessions: Sessions;
  readonly #assets = readAssets();
  readonly #cookie;
  readonly #passkeys;
  /** What the last act of a session came to, to be said on its next page. */
  readonly #notices = createLru<string, string>(NOTICES_MAX);
  readonly #entrance: Entrance;
  readonly #freshProof;

  constructor(options: ConsoleOptions) {
    const { origin, clock, sessions, condition, report, refusedToken } = options;
    // The pages and the API share them.
    const administration = { ...options.administration, turns: createTurns() };
    this.#options = { ...options, administration };
    this.#sessions = sessions;
    this.#cookie = cookieOf(origin);
    this.#passkeys = passkeysAt(origin, { clock, entropy: administration.entropy });
    const asking = secondStep({ ...options, passkeys: this.#passkeys });
    this.#entrance = new Entrance({
      ...{ ...options, cookie: this.#cookie, secondStep: asking },
      plain: (context, title, content, status) => this.#plain(context, title, content, status),
    });
    this.#freshProof = freshProof({ ...options, secondStep: asking, entrance: this.#entrance });
    const { app } = this;
    app.use(securityHeaders(origin), ownHost(origin), noHeadAlone);
    app.route(
      API_PATH,
      createApi({ ...{ clock, report, refusedToken }, administration: { ...administration, condition } }),
    );
    app.use(ownPagesOnly(origin));
    app.onError((error, context) => this.#failed(context, error));
    app.notFound((context) => this.#plain(context, 'Not found', notHere(), 404));
    for (const asset of Object.values(this.#assets)) app.get(asset.path, (context) => send(context, asset));
    this.#entrance.serve(app);
    this.#serveLive();
    for (const page of pages) app.get(page.path, (context) => this.#show(context, page));
    for (const act of [...acts, proveForPage]) app.post(act.path, (context) => this.#carryOut(context, act));
  }

  link(who: string, login?: string): Promise<string> {
    return this.#entrance.link(who, login);
  }

  #serveLive(): void {
    const { clock } = this.#options;
    const live = new Live({
      clock,
      lives: (session) => this.#sessions.lives(session),
      scopeOf: ({ actor: { role, domains, identityId } }) =>
        JSON.stringify([role, domains, role === 'user' ? identityId : undefined]),
      look: async (session) => String(await overviewParts(this.#askedBy(session))),
    });
    this.app.get('/live', async (context) => {
      const session = await this.#sessionOf(context);
      if (session === undefined) return context.text('Sign in first\n', 401);
      if (!sees(session, overview)) return context.text('This is not for your role\n', 403);
      return live.stream(session) ?? context.text('Too many open pages: load this one again by hand\n', 503);
    });
  }

  async #show(context: Context, page: Page): Promise<Response> {
    const session = await this.#sessionOf(context);
    if (session === undefined) return this.#entrance.askWho(context, 401);
    const first = page === overview && !sees(session, page) ? menuOf(session)[0] : undefined;
    if (first !== undefined) return context.redirect(first.path, 303);
    const notice = this.#notices.get(session.name);
    this.#notices.delete(session.name);
    if (!sees(session, page)) {
      const content = notForYou(session, page);
      return this.#framed(context, { session, ...page, content, notice }, 403);
    }
    try {
      const content = await page.show(this.#asked(context, session));
      return await this.#framed(context, { session, ...page, content, notice }, 200);
    } catch (error) {
      const asked = new URL(context.req.url);
      const content =
        error instanceof ProofNeeded
          ? await this.#freshProof.ask(session, error, { page: `${page.path}${asked.search}` })
          : this.#words(error);
      return this.#framed(context, { session, ...page, content, notice }, statusOf(error));
    }
  }

  async #carryOut(context: Context, act: Act): Promise<Response> {
    const session = await this.#sessionOf(context);
    if (session === undefined) return this.#entrance.askWho(context, 401);
    const form = await readForm(context.req.raw, FORM_OCTETS_MAX);
    if (!isOfForm(form, session)) return refusedForm(context);
    // A form may take its time to come: what the session stood on then may be gone.
    if (!(await this.#sessions.lives(session))) return this.#entrance.askWho(context, 401);
    const proved = await this.#freshProof.take(session, form, clientOf(context));
    if (proved === undefined) return this.#done(context, session, act, form);
    if (proved === 'over') return this.#entrance.askWho(context, 401);
    if ('useCase' in proved) return this.#askProof(context, session, act, form, proved);
    const response = await this.#done(context, proved.session, act, form);
    response.headers.append('set-cookie', this.#cookie.set(proved.token));
    return response;
  }

  async #askProof(
    context: Context,
    session: Session,
    { path }: Act,
    form: URLSearchParams,
    asking: Asking,
  ): Promise<Response> {
    const content = await this.#freshProof.ask(session, asking, { act: path, form });
    return this.#framed(context, { session, path, title: PROOF, content }, 403);
  }

  async #done(context: Context, session: Session, act: Act, form: URLSearchParams): Promise<Response> {
    const { path } = act;
    try {
      const outcome = await carryOutOf(act, form)(this.#asked(context, session), form);
      if (outcome.changedOwnSignIn === true) await this.#sessions.renew(session);
      if ('file' in outcome) return await fileOf(outcome);
      if (!('to' in outcome)) return await this.#told(context, session, { path, ...outcome });
      if (outcome.notice !== '') this.#notices.set(session.name, outcome.notice);
      return context.redirect(outcome.to, 303);
    } catch (error) {
      if (error instanceof ProofNeeded)
        return this.#askProof(context, session, act, form, { useCase: error.useCase });
      const content = this.#words(error);
      return this.#framed(context, { session, path, title: 'Not done', content }, statusOf(error));
    }
  }

  /** Who has ended his own session by it has no menu any more. */
  async #told(
    context: Context,
    session: Session,
    shown: Pick<Page, 'path' | 'title'> & { readonly content: Html },
  ): Promise<Response> {
    return (await this.#sessions.lives(session))
      ? this.#framed(context, { session, ...shown }, 200)
      : this.#plain(context, shown.title, shown.content, 200);
  }

  #asked(context: Context, session: Session): Asked {
    return {
      ...this.#askedBy(session, clientOf(context)),
      query: new URL(context.req.url).searchParams,
      provesPassword: (password) => this.#entrance.provesPassword(context, session.actor, password),
    };
  }

  /** `client`: absent, where nobody shows anything. */
  #askedBy(session: Session, client?: Client): Omit<Asked, 'query' | 'provesPassword'> {
    const { administration, condition, clock, factorGuard } = this.#options;
    const ports =
      client === undefined ? administration : { ...administration, factorGuard: factorGuard(client) };
    return {
      passkeys: this.#passkeys,
      ...{ session, condition, clock, now: clock.now(), config: () => administration.config() },
      may: (useCase) => isFor(session.actor.role, useCase),
      administration: (reason = ''): Administration =>
        administrationOf(ports, { ...session.actor, ...(reason === '' ? {} : { reason }) }),
    };
  }

  #sessionOf(context: Context): Promise<Session | undefined> {
    return this.#sessions.find(this.#cookie.read(context.req.header('cookie')));
  }

  async #failed(context: Context, error: unknown): Promise<Response> {
    if (error instanceof FormRefused) return context.text(`${error.message}\n`, error.status);
    return this.#plain(context, 'Something failed', this.#words(error), statusOf(error));
  }

  /** What is nobody's fault but ours is told in general, and logged. */
  #words(error: unknown): Html {
    if (isTold(error)) return failed(throughDoor('console', error.message));
    this.#options.report(error);
    return failed(`The console met a fault of its own: ${failureInWords(error)}`);
  }

  async #plain(context: Context, title: string, content: Html, status: Status): Promise<Response> {
    return context.html(await frame({ ...this.#everywhere(), title, content }), status);
  }

  async #framed(
    context: Context,
    shown: Pick<Page, 'path' | 'title'> & {
      readonly session: Session;
      readonly content: Html;
      readonly notice?: string | undefined;
    },
    status: Status,
  ): Promise<Response> {
    const menu = menuOf(shown.session);
    return context.html(await frame({ ...this.#everywhere(), menu, ...shown }), status);
  }

  #everywhere() {
    return { assets: this.#assets, hostname: this.#options.administration.config().hostname };
  }
}

type Status = 200 | 400 | 401 | 403 | 404 | 409 | 410 | 500 | 503;

const statusOfKind: Readonly<Record<FailureKind, Status>> = {
  ...{ negative: 409, denied: 403, usage: 400, trouble: 503 },
};

function statusOf(error: unknown): Status {
  if (error instanceof NotThere) return 404;
  if (error instanceof UseCaseFailure) return statusOfKind[error.kind];
  if (error instanceof StoreUnavailable) return 503;
  return isTold(error) ? 400 : 500;
}

/** Throws `UseCaseFailure` of kind `usage`. */
function carryOutOf(act: Act, form: URLSearchParams): CarryOut {
  if ('carryOut' in act) return act.carryOut;
  const action = form.get('action') ?? '';
  const found = Object.hasOwn(act.actions, action) ? act.actions[action] : undefined;
  if (found === undefined) throw new UseCaseFailure('there is no such thing to do here', 'usage');
  return found;
}
