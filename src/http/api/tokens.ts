// Who asks the API? `Authorization: Bearer TOKEN` (RFC 6750 section 2.1), judged by what the store holds now: a token that was revoked a moment ago, on any node, lets
// nobody in. Whoever sends many wrong ones is refused for a while, without a look at them; the owner of a right one goes on from his own network.

import { createHash } from 'node:crypto';
import type { Actor } from '../../administration/actor.ts';
import { networkOf } from '../../base/address-network.ts';
import { createCredentialUses } from '../../identity/credential-uses.ts';
import { createGuessing } from '../../identity/guessing.ts';
import { proofOf, standingOf } from '../../identity/standing.ts';
import { parseToken, type Token, verifyToken } from '../../identity/token.ts';
import type { Clock } from '../../platform/platform.ts';
import type { Credential, Identity } from '../../record/identity.ts';
import type { Lookups } from '../../store/lookups.ts';
import type { CredentialUsedChange } from '../../store/port.ts';
import { withCredentials } from '../../store/shown-identity.ts';
import { Problem } from './problem.ts';

export interface TokenPorts {
  readonly clock: Clock;
  readonly lookups: Pick<Lookups, 'identityById' | 'credentialUses'>;
  /** Nothing waits for it. */
  note(change: CredentialUsedChange): void;
  refused(token: RefusedToken): void;
}

/** For the log. */
export interface RefusedToken {
  /** Of the client. */
  readonly address: string;
  /** Id of the account that it names. Absent: it has not the form of a token. */
  readonly account?: string;
  readonly because: string;
}

/** Throws `Problem`. `address`: of the client. */
export type WhoAsks = (authorization: string | undefined, address: string) => Promise<Actor>;

export function createTokens({ clock, lookups, note, refused }: TokenPorts): WhoAsks {
  const guessing = createGuessing();
  const noteUse = createCredentialUses({ clock, lookups, note });
  return async (authorization, address) => {
    const text = bearerOf(authorization);
    const token = parseToken(text);
    const account = token?.identityId ?? '(no token)';
    const network = networkOf(address);
    const tell = (because: string): void =>
      refused({ address, ...(token === undefined ? {} : { account: token.identityId }), because });
    const fingerprint = createHash('sha256').update(text).digest('base64');
    const attempt = { network, wider: [], account, fingerprint, shared: false };
    const first = guessing.begin(attempt, clock.monotonic());
    const isKnown = first.type === 'refuse' && (await isKnownFrom(lookups, token, network));
    const leave = isKnown ? guessing.begin(attempt, clock.monotonic(), true) : first;
    if (leave.type === 'refuse') {
      tell('too many wrong ones came before');
      throw tooManyWrong();
    }
    try {
      const found = token === undefined ? undefined : await ownerOf(lookups, token, clock.now());
      if (found === undefined) throw wrong();
      leave.succeeded(clock.monotonic());
      noteUse(found.identity, proofOf(found.credential), address);
      return actorOf(found);
    } catch (error) {
      // What the store could not answer is nobody's guess.
      if (error instanceof Problem)
        tell('it is unknown, was revoked or has ended, or its account is suspended');
      else leave.withdrawn(clock.monotonic());
      throw error;
    }
  };
}

/** From the store: has a credential of this account been used from this network? */
async function isKnownFrom(
  lookups: Pick<Lookups, 'credentialUses'>,
  token: Token | undefined,
  network: string,
): Promise<boolean> {
  const uses = token === undefined ? [] : await lookups.credentialUses(token.identityId);
  return uses.some(({ address }) => networkOf(address) === network);
}

interface Found {
  readonly identity: Identity;
  readonly credential: Credential;
}

async function ownerOf(
  lookups: Pick<Lookups, 'identityById'>,
  token: Token,
  now: number,
): Promise<Found | undefined> {
  const shown = await lookups.identityById(token.identityId);
  if (shown === undefined) return undefined;
  const identity = withCredentials(shown);
  const credential = identity.credentials.find((one) => verifyToken(one, token));
  if (credential === undefined) return undefined;
  return standingOf(identity, proofOf(credential), now).state === 'active'
    ? { identity, credential }
    : undefined;
}

function actorOf({ identity, credential }: Found): Actor {
  const { login, id, role = 'user', adminOf } = identity;
  return {
    ...{ who: login, through: 'API', role, identityId: id },
    ...(adminOf === undefined ? {} : { domains: adminOf }),
    token: { id: credential.id, scopes: credential.scopes ?? [] },
  };
}

function bearerOf(authorization: string | undefined): string {
  const [, text] = /^Bearer +([\w.~+/=-]{1,256}) *$/i.exec(authorization ?? '') ?? [];
  if (text !== undefined) return text;
  throw new Problem(
    'unauthenticated',
    'send `Authorization: Bearer TOKEN`; `postern token add LOGIN` makes one',
    { headers: { 'www-authenticate': 'Bearer realm="postern"' } },
  );
}

/** One answer for what is unknown, wrong, revoked or expired, and for who is suspended. */
function wrong(): Problem {
  return new Problem('unauthenticated', 'the token is not valid, or not any more', {
    headers: { 'www-authenticate': 'Bearer realm="postern", error="invalid_token"' },
  });
}

const REFUSED_S = 60;

function tooManyWrong(): Problem {
  return new Problem('tooMany', 'too many wrong tokens came from this network: wait', {
    headers: { 'retry-after': String(REFUSED_S) },
  });
}
