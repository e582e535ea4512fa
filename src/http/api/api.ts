// The HTTP API: use cases as paths, for programs with a token. What a path takes and gives is the table `routes.ts`; here is what holds for all: who asks, how often, how
// much, how long, and how it is said that something went wrong. It looks at no cookie, so no page of another site can use it.

import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Actor } from '../../administration/actor.ts';
import type { AdministrationPorts } from '../../administration/ports.ts';
import { administrationOf } from '../../administration/use-cases.ts';
import { shownJson } from '../../base/shown-json.ts';
import type { Clock } from '../../platform/platform.ts';
import { NoAnswerInTime, withDeadline } from '../../platform/with-deadline.ts';
import { octetsResponse } from '../octets.ts';
import { StoreUnavailable } from '../../store/port.ts';
import { cursorOf } from './cursor.ts';
import { createIdempotency, type Idempotency, type KeptAnswer } from './idempotency.ts';
import { openApi } from './openapi.ts';
import { Problem, problemOf, problemResponse } from './problem.ts';
import { API_PATH } from './path.ts';
import { createRate, type Rate } from './rate.ts';
import { idempotencyKeyOf, readRequest, type ReadRequest, reasonOf, refuseTokenInUrl } from './request.ts';
import type { Route } from './route.ts';
import { routes } from './routes.ts';
import { createTokens, type RefusedToken, type WhoAsks } from './tokens.ts';

export interface ApiOptions {
  readonly administration: AdministrationPorts;
  readonly clock: Clock;
  /** A fault of ours, for the log. */
  report(error: unknown): void;
  refusedToken(token: RefusedToken): void;
}

export const BODY_OCTETS_MAX = 64 * 1024;
/** What takes longer may still be carried out; the one who asked is not kept waiting. */
export const ANSWER_MS = 20_000;
export const UNDER_WAY_MAX = 32;

/** To be mounted at `API_PATH`. */
export function createApi(options: ApiOptions): Hono {
  return new Api(options).app;
}

class Api {
  readonly app = new Hono();
  readonly #options: ApiOptions;
  readonly #whoAsks: WhoAsks;
  readonly #rate: Rate = createRate();
  readonly #idempotency: Idempotency;
  #underWay = 0;

  constructor(options: ApiOptions) {
    const { administration, clock, report, refusedToken: refused } = options;
    this.#options = options;
    this.#idempotency = createIdempotency(() => clock.monotonic());
    const note = (change: Parameters<Parameters<typeof createTokens>[0]['note']>[0]): void =>
      void administration.store.commit([change]).catch(report);
    this.#whoAsks = createTokens({ clock, lookups: administration.lookups, note, refused });
    this.#serve();
  }

  #serve(): void {
    const { app } = this;
    const tooLarge = new Problem('tooLarge', `a body has at most ${BODY_OCTETS_MAX} octets`);
    app.use(bodyLimit({ maxSize: BODY_OCTETS_MAX, onError: () => problemResponse(tooLarge) }));
    app.onError((error) => this.#failed(error));
    app.get('/openapi.json', () => Response.json(openApi()));
    const byPath = Map.groupBy(routes, pathOf);
    for (const [path, alike] of byPath)
      for (const route of alike) app.on(route.method, path, (context) => this.#answer(context, route));
    for (const [path, alike] of byPath) {
      const allow = alike.map(({ method }) => method).join(', ');
      app.all(path, () =>
        problemResponse(new Problem('notAllowed', `this path has ${allow}`, { headers: { allow } })),
      );
    }
    app.all('*', () =>
      problemResponse(new Problem('notFound', `there is no such path; ${API_PATH}/openapi.json has all`)),
    );
  }

  async #answer(context: Context, route: Route): Promise<Response> {
    // Before anybody looks at the token: what was taken away from it while the body came, it has no more. And who sends slowly takes nobody's place.
    const body = await context.req.text();
    if (this.#underWay >= UNDER_WAY_MAX)
      throw new Problem('trouble', `${UNDER_WAY_MAX} requests are under way: try again in a moment`, {
        headers: { 'retry-after': '1' },
      });
    this.#underWay += 1;
    try {
      return await this.#judged(context, route, body);
    } finally {
      this.#underWay -= 1;
    }
  }

  async #judged(context: Context, route: Route, body: string): Promise<Response> {
    const { clock } = this.#options;
    const header = (name: string): string | undefined => context.req.header(name);
    const url = new URL(context.req.url);
    refuseTokenInUrl(url);
    const actor = await this.#inTime(this.#proved(header('authorization'), addressOf(context)));
    const asker = `${actor.identityId} ${actor.token?.id}`;
    this.#rate(asker, clock.monotonic());
    const raw = { params: context.req.param(), url, contentType: header('content-type'), asker };
    const request = readRequest(route, { ...raw, body });
    const who = { ...actor, ...reasonOf(header('reason')) };
    if (typeof route.answer === 'string') return this.#octetsOf(route.answer, route, who, request);
    const key = route.method === 'GET' ? undefined : idempotencyKeyOf(header('idempotency-key'));
    const work = (): Promise<KeptAnswer> => this.#jsonOf(route, who, request);
    if (key === undefined) return responseOf(await this.#inTime(work()));
    const text = `${route.method} ${url.pathname}${url.search} ${body}`;
    const { again, ...kept } = await this.#inTime(
      this.#idempotency.once({ asker, key, request: text }, work),
    );
    const said = again === true ? { ...kept.headers, 'idempotency-replayed': 'true' } : kept.headers;
    return responseOf({ ...kept, headers: said });
  }

  /** Who has proved nothing yet hears nothing of the store. */
  async #proved(authorization: string | undefined, address: string): Promise<Actor> {
    try {
      return await this.#whoAsks(authorization, address);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      throw new Problem('trouble', "it can't be told now whose token this is: try again in a moment", {
        headers: { 'retry-after': '5' },
      });
    }
  }

  /** What was refused is an answer too: asked again with the same key, it is the same. */
  async #jsonOf(route: Route, actor: Actor, request: ReadRequest): Promise<KeptAnswer> {
    try {
      const given = await this.#carryOut(route, actor, request);
      const value = route.paging === undefined ? given : withCursor(given, request.question);
      const headers = { 'content-type': 'application/json' };
      return { status: 200, headers, body: `${shownJson(value, 0)}\n` };
    } catch (error) {
      const response = this.#failed(error);
      const headers = Object.fromEntries(response.headers);
      return { status: response.status, headers, body: await response.text() };
    }
  }

  /** What is made too late is let go. */
  async #octetsOf(type: string, route: Route, actor: Actor, request: ReadRequest): Promise<Response> {
    const headers = { 'content-type': type, 'content-disposition': 'attachment' };
    const pieces = (await this.#inTime(this.#carryOut(route, actor, request))) as AsyncIterable<Uint8Array>;
    const made = octetsResponse(pieces, headers);
    return this.#inTime(made, route.answerMs).catch((error: unknown) => {
      made.then(({ body }) => body?.cancel()).catch(() => undefined);
      throw error;
    });
  }

  #carryOut(route: Route, actor: Actor, request: ReadRequest): Promise<unknown> {
    const as = administrationOf(this.#options.administration, actor);
    // The shapes of this very route have read it.
    return route.carryOut(as, request as never);
  }

  #inTime<T>(answer: Promise<T>, ms = ANSWER_MS): Promise<T> {
    return withDeadline(this.#options.clock, ms, answer);
  }

  /** What is nobody's fault but ours is told in general, and logged. */
  #failed(error: unknown): Response {
    if (error instanceof NoAnswerInTime)
      return problemResponse(
        new Problem('late', 'it may still be carried out: look, or ask again with the same Idempotency-Key'),
      );
    const problem = problemOf(error);
    if (problem !== undefined) return problemResponse(problem);
    this.#options.report(error);
    return problemResponse(new Problem('fault', 'the log of the server has more of it'));
  }
}

const pathOf = ({ path }: Route): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

function addressOf({ env }: Context): string {
  const { incoming } = (env ?? {}) as Partial<HttpBindings>;
  return incoming?.socket.remoteAddress ?? 'somebody who left';
}

function responseOf({ status, headers, body }: KeptAnswer): Response {
  return new Response(body, { status, headers });
}

/** `next` of what a use case gave, as text. */
function withCursor(given: unknown, question: string): object {
  const { next, ...page } = given as { readonly next?: unknown };
  return next === undefined ? page : { ...page, next: cursorOf(next, question) };
}
