// What must have come before a command: TLS, a greeting, an authentication.

import { refusal, type Refusal } from '../refusal.ts';
import type { SessionState } from './state.ts';

export interface CommandLine {
  readonly verb: string;
  /** What follows the verb, without blanks around it. */
  readonly argument: string;
}

export interface Gates {
  /** May be said before TLS where TLS is required. */
  readonly beforeTls?: true;
  /** May be said before EHLO or HELO. */
  readonly beforeHello?: true;
  /** May be said before AUTH on role submission. */
  readonly beforeAuth?: true;
}

/** The first step that is missing: TLS, EHLO, AUTH, in this order. Undefined: none. */
export function gateProblem(state: SessionState, flags: Gates = {}): Refusal | undefined {
  const { role, tls } = state.settings;
  const needsTls = role === 'submission' && tls !== 'none' && state.tls === undefined;
  if (needsTls && flags.beforeTls !== true) return refusal('mustStartTls', 'before TLS');
  if (state.ehlo === undefined && flags.beforeHello !== true) return refusal('badSequence', 'before EHLO');
  const needsAuth = role === 'submission' && state.login === undefined;
  return needsAuth && flags.beforeAuth !== true ? refusal('authRequired', 'before AUTH') : undefined;
}
