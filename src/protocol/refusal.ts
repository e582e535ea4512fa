// A refusal is a value: the reply that the client may read, and the cause that only the record keeps.

import type { Reply } from './wire/reply.ts';
import { reply, type ReplyName } from './wire/reply-registry.ts';

export interface Refusal {
  readonly name: ReplyName;
  readonly reply: Reply;
  /** For log and trail: which rule, which address, which limit. Never sent to the client. */
  readonly cause: string;
}

/** `accepted` lets the command pass; `refused` carries what to answer. */
export type Verdict = { readonly type: 'accepted' } | { readonly type: 'refused'; readonly refusal: Refusal };

export const accepted: Verdict = { type: 'accepted' };

export function refusal(
  name: ReplyName,
  cause: string,
  values: Readonly<Record<string, string | number>> = {},
): Refusal {
  return { name, cause, reply: reply(name, values) };
}

export function refused(
  name: ReplyName,
  cause: string,
  values: Readonly<Record<string, string | number>> = {},
): Verdict {
  return { type: 'refused', refusal: refusal(name, cause, values) };
}
