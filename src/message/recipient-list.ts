// To, Cc and Reply-To decide nothing here: recipients are those of the envelope. So old and sloppy forms pass (empty places, semicolons, groups,
// `a@x <a@x>`, routes, words without an address, local parts of any length). Only what can be no address anywhere is refused, because its writer can
// still correct it (RFC 6409 sections 4.2 and 5.1).

import { canonicalDomain } from '../protocol/wire/mailbox.ts';
import { ADDRESSES_MAX, type AddressProblem } from './address-list.ts';
import { type Token, tokensOf } from './tokens.ts';

/** `value`: unfolded. Undefined: it may leave. */
export function recipientProblem(value: string): AddressProblem | undefined {
  let members = 0;
  for (const member of membersOf(value)) {
    members += 1;
    if (members > ADDRESSES_MAX)
      return { problem: 'tooMany', detail: `more than ${ADDRESSES_MAX} addresses` };
    const problem = memberProblem(member);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function* membersOf(value: string): Generator<readonly Token[]> {
  let member: Token[] = [];
  for (const token of tokensOf(value)) {
    if (token.type === 'special' && ',;:'.includes(token.raw)) {
      yield member;
      member = [];
    } else if (token.type !== 'space' && token.type !== 'comment') member.push(token);
  }
  yield member;
}

function memberProblem(member: readonly Token[]): AddressProblem | undefined {
  const angle = member.findLast(({ type }) => type === 'angle');
  return angle === undefined ? addressProblem(member) : addressProblem(insideOf(angle));
}

/** The address without an obsolete source route. */
function insideOf({ raw }: Token): readonly Token[] {
  const inside = [...tokensOf(raw.slice(1, -1))].filter(({ type }) => type !== 'space' && type !== 'comment');
  const colon = inside.findIndex(({ type, raw: text }) => type === 'special' && text === ':');
  return colon < 0 ? inside : inside.slice(colon + 1);
}

/** What stands around the `@`; without one there is no address. */
function addressProblem(tokens: readonly Token[]): AddressProblem | undefined {
  const at = tokens.findIndex(isAt);
  if (at < 0) return undefined;
  const detail = tokens.map(({ raw }) => raw).join('');
  const before = tokens[at - 1];
  if (before?.type !== 'word' || tokens.slice(at + 1).some(isAt)) return { problem: 'syntax', detail };
  const domain = tokens
    .slice(at + 1)
    .map(({ raw }) => raw)
    .join('');
  if (domain.startsWith('[')) return undefined;
  const name = canonicalDomain(domain.endsWith('.') ? domain.slice(0, -1) : domain);
  if (name === undefined) return { problem: 'syntax', detail };
  return name.includes('.') ? undefined : { problem: 'unqualified', detail };
}

function isAt({ type, raw }: Token): boolean {
  return type === 'special' && raw === '@';
}
