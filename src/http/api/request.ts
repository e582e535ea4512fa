// What a request says, read by the shapes of its route. Whatever it has too much of is refused, not passed over: a misspelt parameter would look as if it had been heeded.

import type { z } from 'zod';
import { parseToken } from '../../identity/token.ts';
import { placeOf } from './cursor.ts';
import { type Place, type Wrong, wrongsOf } from './issue.ts';
import { Problem } from './problem.ts';
import type { Route } from './route.ts';

export interface RawRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly url: URL;
  readonly contentType: string | undefined;
  readonly body: string;
  /** Who asks: a cursor of another one is none. */
  readonly asker: string;
}

export interface ReadRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly after: unknown;
  readonly max: number;
  /** What a cursor to go on with is of. */
  readonly question: string;
}

/** A token in an address gets into logs and histories. Throws `Problem`. */
export function refuseTokenInUrl({ searchParams }: URL): void {
  const isIn = [...searchParams].some(
    ([name, value]) => name === 'access_token' || parseToken(value) !== undefined,
  );
  if (isIn)
    throw new Problem(
      'tokenInUrl',
      'addresses get into logs: send the token as `Authorization: Bearer TOKEN`, revoke this one and make another',
    );
}

/** Throws `Problem`. */
export function readRequest(route: Route, raw: RawRequest): ReadRequest {
  const { cursor, limit, ...query } = once(raw.url.searchParams);
  const isPaged = route.paging !== undefined;
  const given = bodyOf(route, raw);
  const body = route.body === undefined ? undefined : read(route.body, given, 'body');
  // What has passed its shape is not deep: JSON may be deeper than it can be written again.
  const question = JSON.stringify([
    ...[raw.asker, route.method, raw.url.pathname],
    ...[
      Object.keys(query)
        .sort()
        .map((name) => [name, query[name]]),
      given,
    ],
  ]);
  return {
    params: read(route.params, raw.params, 'path'),
    query: read(
      route.query,
      isPaged ? query : withoutUndefined({ ...query, cursor, limit }),
      'query',
      isPaged ? [...Object.keys(route.query.shape), 'limit', 'cursor'] : undefined,
    ),
    body,
    after: cursor === undefined || !isPaged ? undefined : placeOf(cursor, question, route.paging.place),
    max: isPaged ? limitOf(limit, route.paging.limit) : 0,
    question,
  };
}

function withoutUndefined(record: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

function once(query: URLSearchParams): Readonly<Record<string, string>> {
  const given = [...query];
  const twice = given.find(([name], at) => given.findIndex(([other]) => other === name) !== at);
  if (twice !== undefined) throw invalid('query', [{ at: twice[0], detail: 'stands twice' }]);
  return Object.fromEntries(given);
}

function limitOf(text: string | undefined, { usual, most }: { usual: number; most: number }): number {
  if (text === undefined) return usual;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= most) return limit;
  throw invalid('query', [{ at: 'limit', detail: `must be a whole number from 1 to ${most}` }]);
}

const JSON_TYPE = /^application\/json\s*(;|$)/i;

function bodyOf(route: Route, { contentType, body }: RawRequest): unknown {
  if (route.body === undefined) {
    if (body === '') return undefined;
    throw new Problem('malformed', 'this request takes no body');
  }
  if (!JSON_TYPE.test(contentType ?? ''))
    throw new Problem('notJson', 'send the body as JSON, with `Content-Type: application/json`');
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new Problem('malformed', `the body is no JSON: ${error instanceof Error ? error.message : ''}`);
  }
}

function read(
  shape: z.ZodObject,
  value: unknown,
  place: Place,
  known: readonly string[] = Object.keys(shape.shape),
): unknown {
  const found = shape.safeParse(value);
  if (found.success) return found.data;
  throw invalid(
    place,
    found.error.issues.flatMap((issue) => wrongsOf(issue, { value, place, known })),
  );
}

function invalid(place: Place, errors: readonly Wrong[]): Problem {
  const [first] = errors;
  const words = [place, first?.at, first?.detail].filter(Boolean).join(': ');
  return new Problem('invalid', words, { errors });
}

const REASON_LENGTH_MAX = 500;
const visible = /^[^\p{Cc}]*$/u;

/** `Reason`: why somebody looks or acts, for the trail; what is not ASCII as percent-encoded UTF-8. Throws `Problem`. */
export function reasonOf(header: string | undefined): { readonly reason?: string } {
  if (header === undefined || header.trim() === '') return {};
  const reason = decoded(header).trim();
  if (reason.length > REASON_LENGTH_MAX || !visible.test(reason))
    throw new Problem('invalid', `Reason: at most ${REASON_LENGTH_MAX} visible characters`);
  return { reason };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Throws `Problem`. */
export function idempotencyKeyOf(header: string | undefined): string | undefined {
  if (header === undefined || /^[\x21-\x7e]{1,255}$/.test(header)) return header;
  throw new Problem('invalid', 'Idempotency-Key: 1 to 255 visible ASCII characters');
}
