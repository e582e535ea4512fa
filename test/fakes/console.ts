// The console without a network, over a store in memory: a browser of its own kind, which sends what a test wants it to send.

import { type Console, createConsole } from '../../src/console/app.ts';
import { cookieOf } from '../../src/console/cookie.ts';
import type { ConsoleCondition } from '../../src/console/condition.ts';
import {
  createSessions,
  type Session,
  type SessionActor,
  type Sessions,
} from '../../src/console/sessions.ts';
import { factorGuards } from '../../src/server/factor-guard.ts';
import { noteFailedSignIns } from '../../src/server/failed-sign-ins.ts';
import { createPersonCheck } from '../../src/server/person-check.ts';
import { Flow } from '../../src/server/flow.ts';
import type { Store } from '../../src/store/port.ts';
import { openOffice, type Office } from './administration.ts';
import { openLookupThread } from './lookup-thread.ts';

export const ORIGIN = 'http://127.0.0.1:8588';

export interface Desk {
  readonly office: Office;
  /** To listen with. */
  readonly app: Console['app'];
  /** What was reported as a fault of the console. */
  readonly faults: unknown[];
  /** What passwords were compared with, in turn. */
  readonly hashed: readonly string[];
  link(who?: string, login?: string): Promise<string>;
  /** `cookie`: of nobody, if it is absent. */
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  head(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** A form in pieces. */
  send(path: string, body: ReadableStream): Promise<Response>;
  /** As a form of our own page sends it, unless a header is given otherwise; `undefined` leaves one out. */
  post(
    path: string,
    form: Readonly<Record<string, string>> | string,
    headers?: Readonly<Record<string, string | undefined>>,
  ): Promise<Response>;
  /** Comes in by a link of its own: what its requests carry, and what its forms do. */
  enter(who?: string): Promise<Inside>;
  /** The same in any role. */
  enterAs(actor: Omit<SessionActor, 'through'>): Promise<Inside>;
}

export interface Inside {
  readonly cookie: string;
  /** Of its forms. */
  readonly token: string;
}

export interface DeskOptions {
  readonly origin?: string;
  readonly extra?: readonly string[];
  readonly condition?: Partial<ConsoleCondition>;
  readonly office?: Office;
}

export function openDesk({ origin = ORIGIN, extra = [], condition = {}, office }: DeskOptions = {}): Desk {
  const own = office ?? openOffice({ extra });
  const faults: unknown[] = [];
  const { clock, ports } = own;
  const sessions = withPlayed(createSessions({ entropy: ports.entropy, ports }), () => clock.now());
  const hashed: string[] = [];
  const lookupThread = openLookupThread({
    ...{ clock, hashed, entropy: ports.entropy, store: ports.store, lookups: ports.lookups },
    domains: ports.config().domains,
  });
  const server = { address: '127.0.0.1', port: 8588 };
  const note = noteFailedSignIns({ store: ports.store as Store, clock, server });
  const report = (error: unknown): void => void faults.push(error);
  const judging = { clock, note, report, lookupThread: () => lookupThread };
  const face = createConsole({
    ...{ origin, clock, administration: ports, sessions, report },
    ...{ check: createPersonCheck(judging), factorGuard: factorGuards(judging) },
    condition: async () => ({ ...wellAt(own.clock.now()), ...condition }),
    refusedToken: () => undefined,
  });
  const { host } = new URL(origin);
  const cookieName = cookieOf(origin).set('').split('=', 1)[0] ?? '';
  const ask = async (
    path: string,
    how: RequestInit & { headers: Record<string, string> },
  ): Promise<Response> =>
    face.app.fetch(new Request(`http://${host}${path}`, { ...how, headers: { host, ...how.headers } }));
  async function use(secret: string): Promise<Inside> {
    const opened = await desk.post('/sign-in', { secret });
    return inside(cookieIn(opened));
  }
  async function inside(cookie: string): Promise<Inside> {
    const page = await (await desk.get('/', { cookie })).text();
    return { cookie, token: /name="token" value="([^"]+)"/.exec(page)?.[1] ?? '' };
  }
  const desk: Desk = {
    ...{ office: own, faults, app: face.app, hashed },
    link: (who = 'root', login) => face.link(who, login),
    get: (path, headers = {}) => ask(path, { headers }),
    head: (path, headers = {}) => ask(path, { method: 'HEAD', headers }),
    send: (path, body) => ask(path, { method: 'POST', headers: formHeaders(origin), body, duplex: 'half' }),
    post(path, form, headers = {}) {
      const all = { ...formHeaders(origin), ...headers };
      const sent = Object.fromEntries(
        Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      );
      const body = typeof form === 'string' ? form : new URLSearchParams(form).toString();
      return ask(path, { method: 'POST', headers: sent, body });
    },
    enter: async (who) => use(new URL(await desk.link(who)).pathname.split('/').at(-1) ?? ''),
    enterAs: async (actor) => ({
      cookie: `${cookieName}=${sessions.play({ ...actor, through: 'console' })}`,
      token: PLAYED_TOKEN,
    }),
  };
  return desk;
}

export function wellAt(now: number): ConsoleCondition {
  return {
    ...{ version: '0.1.0', startedAt: now, roles: ['submission', 'relay'], selfTest: 'passed' },
    ...{ selfTestFindings: [], ready: [] },
    health: { problems: [], warnings: [] },
    ...{ certificates: [], downHops: [], flow: new Flow(now).view(now) },
  };
}

const formHeaders = (origin: string) => ({
  'content-type': 'application/x-www-form-urlencoded',
  origin,
  'sec-fetch-site': 'same-origin',
});

/** Of the session that an answer begins. */
export function cookieIn(answer: Response): string {
  return answer.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
}

const PLAYED_TOKEN = 'f'.repeat(43);

/** Beside those that somebody has signed in to, sessions of whoever a test likes, with a proof that is always fresh. */
function withPlayed(sessions: Sessions, now: () => number): Sessions & { play(actor: SessionActor): string } {
  const played = new Map<string, Session>();
  const isPlayed = (session: Session): boolean => [...played.values()].includes(session);
  return {
    ...{
      begin: (of, client) => sessions.begin(of, client),
      find: async (token = '') => played.get(token) ?? sessions.find(token),
      prove: (session, proof, client) => sessions.prove(session, proof, client),
      lives: async (session) => isPlayed(session) || sessions.lives(session),
      renew: async (session) => (isPlayed(session) ? undefined : sessions.renew(session)),
      async end(session) {
        if (!isPlayed(session)) return sessions.end(session);
        for (const [token, one] of played) if (one === session) played.delete(token);
      },
    },
    play(said) {
      const token = `played-${played.size}`;
      const actor: SessionActor = {
        ...said,
        get provedAt() {
          return now();
        },
      };
      played.set(token, { name: token, actor, startedAt: 0, formToken: PLAYED_TOKEN });
      return token;
    },
  };
}
