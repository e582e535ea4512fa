// Which identities a page shows, and in which order: by login, those that were removed last. The same for every engine.

import type { Identity, IdentityState } from '../record/identity.ts';

export interface IdentityPage {
  /** After the identity with this login. */
  readonly after?: string;
  readonly max: number;
  /** Of this domain alone, lower case. Services without an address are of none. */
  readonly domain?: string;
  /** Their logins begin with this. */
  readonly prefix?: string;
  readonly state?: IdentityState;
}

/** Identities in these states, by login from `from` (included) to `to` (excluded). `ending`: of the login, `@example.org`. */
export interface LoginRange {
  readonly states: readonly IdentityState[];
  readonly ending: string | undefined;
  readonly from: string;
  readonly to: string;
  readonly max: number;
}

interface Listed extends Pick<Identity, 'login'> {
  readonly state: IdentityState;
}

/** No login has a symbol beyond it. */
const LAST_SYMBOL = '\u{10ffff}';
/** No login has it: what begins with a login and this is the first that can follow it. */
const FIRST_SYMBOL = '\u0001';

const groups: readonly (readonly IdentityState[])[] = [['active', 'suspended'], ['removed']];

/** `stateOf`: of the identity with this login; undefined: there is none any more. */
export async function identitiesOfPage<T extends Listed>(
  { after, max, domain, prefix = '', state }: IdentityPage,
  stateOf: (login: string) => Promise<IdentityState | undefined>,
  inRange: (range: LoginRange) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const isAfterRemoved = after !== undefined && (await stateOf(after)) === 'removed';
  const found: T[] = [];
  for (const group of groups) {
    const states = group.filter((one) => state === undefined || one === state);
    const isRemoved = group.includes('removed');
    if (states.length === 0 || (isAfterRemoved && !isRemoved) || found.length >= max) continue;
    // The first page of those that were removed begins at their first, whoever stands before it.
    const goesOn = after !== undefined && isAfterRemoved === isRemoved;
    found.push(
      ...(await inRange({
        ...{ states, ending: domain === undefined ? undefined : endingOf(domain) },
        from: goesOn ? later(prefix, `${after}${FIRST_SYMBOL}`) : prefix,
        ...{ to: `${prefix}${LAST_SYMBOL}`, max: max - found.length },
      })),
    );
  }
  return found;
}

const endingOf = (domain: string): string => `@${domain}`;

const later = (one: string, other: string): string => (compareOctets(one, other) < 0 ? other : one);

/** As the engines compare text. */
function compareOctets(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

/** Where one stands beside another in a list. */
export function compareListed(one: Listed, other: Listed): number {
  return (
    Number(one.state === 'removed') - Number(other.state === 'removed') ||
    compareOctets(one.login, other.login)
  );
}

/** Whether a page without a beginning and an end would show it. */
export function isOfPage({ login, state }: Listed, page: IdentityPage): boolean {
  const { domain, prefix = '' } = page;
  if (page.state !== undefined && page.state !== state) return false;
  return login.startsWith(prefix) && (domain === undefined || login.endsWith(endingOf(domain)));
}
