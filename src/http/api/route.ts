// What one path of the API is: a method, what it takes, the use case that it asks, what it gives. `api.ts` serves such a table, `openapi.ts` describes it.

import { z } from 'zod';
import type { Administration, UseCaseName } from '../../administration/use-cases.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Octets as they come, of this type; else JSON of this shape. */
export type Answer = z.ZodType | 'message/rfc822' | 'application/jsonl' | 'application/vnd.sqlite3';

export interface Paging {
  /** A place, as the use case gives it. */
  readonly place: z.ZodType;
  readonly limit: { readonly usual: number; readonly most: number };
}

interface Given<P, Q, B> {
  /** Of the path. */
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** Where to go on; undefined: at the beginning. */
  readonly after: unknown;
  readonly max: number;
}

export interface Route {
  readonly method: Method;
  /** As OpenAPI writes it: `/accounts/{login}`. */
  readonly path: string;
  /** In the document, unique. */
  readonly name: string;
  readonly useCase: UseCaseName;
  readonly summary: string;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  /** Absent: it takes none. */
  readonly body?: z.ZodObject;
  readonly answer: Answer;
  readonly paging?: Paging;
  /** How long it may take until the answer begins, ms; absent: as long as most. */
  readonly answerMs?: number;
  /** It shows what somebody wrote or did: a reason is asked for, or may be. */
  readonly takesReason: boolean;
  /** With paging, `next` of what it gives is the place to go on. */
  carryOut(as: Administration, given: Given<never, never, never>): Promise<unknown>;
}

export const nothing = z.strictObject({});

/** With the types of what it takes known to `carryOut`. */
export function route<
  P extends z.ZodObject = typeof nothing,
  Q extends z.ZodObject = typeof nothing,
  B extends z.ZodObject = typeof nothing,
>(
  at: readonly [method: Method, path: string, useCase: UseCaseName],
  {
    params,
    query,
    body,
    name = at[2],
    takesReason = at[0] !== 'GET',
    carryOut,
    ...said
  }: Pick<Route, 'summary' | 'answer' | 'paging' | 'answerMs'> & {
    readonly name?: string;
    readonly params?: P;
    readonly query?: Q;
    readonly body?: B;
    readonly takesReason?: boolean;
    carryOut(as: Administration, given: Given<z.output<P>, z.output<Q>, z.output<B>>): Promise<unknown>;
  },
): Route {
  const [method, path, useCase] = at;
  return {
    ...{ method, path, useCase, name, takesReason, ...said },
    ...{ params: params ?? nothing, query: query ?? nothing },
    ...(body === undefined ? {} : { body }),
    carryOut: carryOut as Route['carryOut'],
  };
}
