// The API without a network, over a store in memory: two domains, an account in each, mail of both.

import assert from 'node:assert/strict';
import { scopesFor } from '../../src/administration/permissions.ts';
import { createApi } from '../../src/http/api/api.ts';
import type { ProblemName } from '../../src/http/api/problem.ts';
import type { RefusedToken } from '../../src/http/api/tokens.ts';
import type { Role, TokenScope } from '../../src/record/identity.ts';
import { tokenScopes } from '../../src/record/identity.ts';
import { acceptOf, identityChange, identityOf } from '../../src/store/store.contract-fixtures.ts';
import { type Office, openOffice } from './administration.ts';
import { foreign, own } from './role-matrix.ts';

export const { login: ALICE, message: OF_ALICE } = own;
export const { login: MALLORY, message: OF_MALLORY } = foreign;

export interface Said {
  readonly token?: string;
  /** As JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** After the header came, before the body does. */
  readonly between?: () => Promise<unknown>;
}

export interface Api {
  readonly office: Office;
  readonly faults: unknown[];
  readonly refused: readonly RefusedToken[];
  ask(call: `${string} /${string}`, said?: Said): Promise<Response>;
  /** A token of an account of this role. */
  tokenOf(role: Role, scopes?: readonly TokenScope[], lifetimeMs?: number): Promise<string>;
}

/** In the form of real ones: a token holds it. */
export const idOf = (login: string): string => `id-${login.replace('@', '-')}`;

const loginOf: Readonly<Record<Role, string>> = {
  user: ALICE,
  domainAdmin: 'dora@example.org',
  desk: 'desk@example.org',
  auditor: 'audit@example.org',
  admin: 'root@example.org',
};

export async function openApiDesk(options: Parameters<typeof openOffice>[0] = {}): Promise<Api> {
  const office = openOffice({
    domains: ['example.org', 'other.example'],
    condition: () =>
      Promise.resolve({
        ...{ version: '0.1.0', startedAt: 1 },
        health: { problems: [], warnings: [] },
      }),
    ...options,
  });
  const { clock, ports } = office;
  for (const login of [...Object.values(loginOf), MALLORY])
    await ports.store.commit([identityChange(identityOf(login, { id: idOf(login) }), 0, clock.now())]);
  for (const [role, login] of Object.entries(loginOf) as [Role, string][])
    if (role !== 'user')
      await office.setRole({ login, role, domains: role === 'domainAdmin' ? ['example.org'] : [] });
  for (const [id, from] of [
    [OF_ALICE, ALICE],
    [OF_MALLORY, MALLORY],
  ] as const)
    await ports.store.commit([
      acceptOf(id, clock.now(), { from, identityId: idOf(from), undoUntil: clock.now() + 60_000 }),
    ]);
  const faults: unknown[] = [];
  const refused: RefusedToken[] = [];
  const report = (error: unknown): void => void faults.push(error);
  const refusedToken = (token: RefusedToken): void => void refused.push(token);
  const app = createApi({ administration: ports, clock, report, refusedToken });
  return {
    ...{ office, faults, refused },
    ask(call, { token, body, headers = {}, between } = {}) {
      const [method = '', path = ''] = call.split(' ');
      const all = {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      };
      const content = typeof body === 'string' ? body : JSON.stringify(body);
      const sent = body === undefined ? {} : { body: content };
      const late = between === undefined ? {} : lateBody(content, between);
      return Promise.resolve(
        app.fetch(
          new Request(`http://localhost${path}`, { method, headers: all, ...sent, ...late } as RequestInit),
        ),
      );
    },
    async tokenOf(role, scopes = tokenScopes, lifetimeMs) {
      const made = await office.addToken({
        ...{ login: loginOf[role], label: 'test' },
        scopes: scopes.filter((scope) => scopesFor(role).includes(scope)),
        ...(lifetimeMs === undefined ? {} : { lifetimeMs }),
      });
      return made.token;
    },
  };
}

function lateBody(content: string, between: () => Promise<unknown>) {
  const body = new ReadableStream({
    async pull(controller) {
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
      await between();
      controller.enqueue(new TextEncoder().encode(content));
      controller.close();
    },
  });
  return { body, duplex: 'half' };
}

/** Of a problem (RFC 9457). */
interface Heard {
  readonly type: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly { readonly at: string; readonly detail: string }[];
}

/** Asserts that it is this problem, told as one. */
export async function hears(response: Response, problem: ProblemName, status: number): Promise<Heard> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.equal(response.headers.get('content-type'), 'application/problem+json');
  const heard = JSON.parse(text) as Heard;
  assert.deepEqual([heard.type, heard.status], [`urn:postern:problem:${problem}`, status]);
  assert.ok(heard.detail.length > 10);
  return heard;
}
