// A page of the console: a path, and what it shows to whom. An act: a path, and what a form sent there does.

import type { html } from 'hono/html';
import type { Administration, UseCaseName } from '../administration/use-cases.ts';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../platform/platform.ts';
import type { ConsoleCondition } from './condition.ts';
import type { Passkeys } from './passkeys.ts';
import type { Session } from './sessions.ts';

/** Text in it is escaped, unless it is such itself. */
export type Html = ReturnType<typeof html>;

/** `revision`: of the account for which it is right. */
export type ProvedPassword =
  | { readonly type: 'right'; readonly revision: number }
  | { readonly type: 'wrong' }
  | { readonly type: 'notNow' };

export interface Asked {
  readonly session: Session;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly query: URLSearchParams;
  /** By the role of the session. A button for what it may not is not shown; that it may not is judged by the use case. */
  may(useCase: UseCaseName): boolean;
  /** The use cases, in the name of the session. `reason`: for the trail. */
  administration(reason?: string): Administration;
  condition(): Promise<ConsoleCondition>;
  /** Is this the password of who is signed in? Judged as at the sign-in. */
  provesPassword(password: string): Promise<ProvedPassword>;
  /** Absent: browsers make none for our origin. */
  readonly passkeys?: Passkeys | undefined;
  /** In force, without secrets. */
  config(): Config;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Page {
  readonly path: string;
  readonly title: string;
  /** It stands in the menu. */
  readonly inMenu?: true;
  /** About the account of who is signed in: not for who came by a link that names none. */
  readonly ofOneself?: true;
  /** It is for roles that may do all of these; others don't see it. Absent: for everybody who is signed in. */
  readonly needs?: readonly UseCaseName[];
  /** Throws `UseCaseFailure`: it is shown in the page's place. */
  show(asked: Asked): Html | Promise<Html>;
}

/** A page at once; or where to go on, and what is said there; or a file to be kept. */
export type Outcome = (
  | { readonly title: string; readonly content: Html }
  /** `notice`: empty, if nothing is said. */
  | { readonly to: string; readonly notice: string }
  /** `type`: its media type; absent: octets of any kind. */
  | { readonly file: string; readonly pieces: AsyncIterable<Uint8Array>; readonly type?: string }
) & {
  /** The password or the second factor of who acts is another one now: his other sessions are over, and this one goes on. */
  readonly changedOwnSignIn?: true;
};

/** Throws `UseCaseFailure`. */
export type CarryOut = (asked: Asked, form: URLSearchParams) => Promise<Outcome>;

export type Act = { readonly path: string } & (
  | { readonly carryOut: CarryOut }
  /** By what its forms say in the field `action`; anything else is refused. */
  | { readonly actions: Readonly<Record<string, CarryOut>> }
);
