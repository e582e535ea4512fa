// What went wrong, as a program reads it: `application/problem+json` (RFC 9457). `detail` says the cause and the way out in words for people.

import { throughDoor } from '../../administration/other-doors.ts';
import { ComeAgain, type FailureKind, NotThere, UseCaseFailure } from '../../administration/failure.ts';
import { StoreUnavailable } from '../../store/port.ts';

/** Each with its status (RFC 9110) and its title. `type` is `urn:postern:problem:NAME`. */
export const problems = {
  malformed: [400, 'The request can not be read'],
  invalid: [400, 'The request has something wrong in it'],
  tokenInUrl: [400, 'A token stands in the address'],
  cursor: [400, 'The cursor is none of this question'],
  unauthenticated: [401, 'A valid token is wanted'],
  denied: [403, 'This is not for this token'],
  notFound: [404, 'There is no such thing'],
  notAllowed: [405, 'This path has no such method'],
  refused: [409, 'It is not so, or can not be done now'],
  keyInUse: [409, 'A request with this Idempotency-Key is under way'],
  tooLarge: [413, 'The body is too large'],
  notJson: [415, 'The body is not JSON'],
  keyReused: [422, 'This Idempotency-Key was used for another request'],
  tooMany: [429, 'Too many requests'],
  fault: [500, 'The server met a fault of its own'],
  trouble: [503, 'It can not be told or done now'],
  late: [504, 'No answer in time'],
} as const satisfies Readonly<Record<string, readonly [status: number, title: string]>>;

export type ProblemName = keyof typeof problems;

export class Problem extends Error {
  override readonly name = 'Problem';
  readonly problem: ProblemName;
  readonly headers: Readonly<Record<string, string>>;
  /** What is wrong where, as JSON pointers or names of parameters. */
  readonly errors: readonly { readonly at: string; readonly detail: string }[];

  constructor(
    problem: ProblemName,
    detail: string,
    {
      headers = {},
      errors = [],
    }: { readonly headers?: Readonly<Record<string, string>>; readonly errors?: Problem['errors'] } = {},
  ) {
    super(detail);
    this.problem = problem;
    this.headers = headers;
    this.errors = errors;
  }
}

const ofKind: Readonly<Record<FailureKind, ProblemName>> = {
  negative: 'refused',
  denied: 'denied',
  usage: 'invalid',
  trouble: 'trouble',
};

/** Undefined: a fault of ours, whose words are for the log alone. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  if (error instanceof NotThere) return new Problem('notFound', throughDoor('api', error.message));
  if (error instanceof ComeAgain)
    return new Problem('tooMany', error.message, { headers: { 'retry-after': '1' } });
  if (error instanceof UseCaseFailure)
    return new Problem(ofKind[error.kind], throughDoor('api', error.message));
  if (error instanceof StoreUnavailable)
    return new Problem('trouble', `the store does not answer: ${error.message}`);
  // It may have been thrown in another thread.
  if (error instanceof Error && error.name === 'NotACursor') return new Problem('cursor', error.message);
  return undefined;
}

export function problemResponse({ problem, message, headers, errors }: Problem): Response {
  const [status, title] = problems[problem];
  const body = {
    ...{ type: `urn:postern:problem:${problem}`, title, status, detail: message },
    ...(errors.length === 0 ? {} : { errors }),
  };
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  });
}
