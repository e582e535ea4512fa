// The check of credentials, step by step:
//   name the account → ask the guessing defence → find the identity → verify the secret → judge what it was good for
// Unknown, wrong, suspended, removed, expired: one answer (535) and one cost, exactly one argon2 (requirements F-AUTH-2, F-AUTH-3).
// A right app password costs no argon2, nor does a credential verified minutes ago; the same credentials on many connections at once cost one.
// No directory or no room to hash: 454, never 535.

import { createHmac } from 'node:crypto';
import { createSharedAnswer } from '../base/shared-answer.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import type { Evidence } from '../protocol/sasl/mechanism.ts';
import type { AuthenticationAnswer } from '../protocol/session/ports.ts';
import { refusal, type Refusal } from '../protocol/refusal.ts';
import type { Credential, Identity, IdentityId, Principal } from '../record/identity.ts';
import type { Lookups } from '../store/lookups.ts';
import type { CredentialUsedChange } from '../store/port.ts';
import { parseAppPassword, verifyAppPassword } from './app-password.ts';
import { createCredentialCache } from './credential-cache.ts';
import { flawOf, phcOf } from './credential-flaw.ts';
import { principalOf } from './directory.ts';
import { createGuessing, type Attempt, type Guessing, type Leave, type LeaveToVerify } from './guessing.ts';
import { type Asker, createHashing } from './hashing.ts';
import type { KdfGate } from './kdf-gate.ts';
import { loginCandidates } from './login.ts';
import { createLru } from './lru.ts';
import { networkOf } from './network.ts';
import { withDeadline } from '../platform/with-deadline.ts';
import type { verifyPassword } from './password.ts';

export type AuthenticationOutcome =
  | Extract<AuthenticationAnswer, { type: 'material' }>
  | { readonly type: 'authenticated'; readonly principal: Principal; readonly finalData?: Uint8Array }
  | {
      readonly type: 'refused';
      readonly refusal: Refusal;
      /** Answer no sooner than this after the question was asked. */
      readonly notBeforeMs: number;
      readonly finalData?: Uint8Array;
      /** Set if the name belongs to an identity, whatever its state. For the record only. */
      readonly identityId?: IdentityId;
      /** For the record only. */
      readonly cause: string;
    };

export interface Authenticator {
  /** Never rejects. */
  authenticate(
    evidence: Evidence,
    from: { readonly address: string; readonly sessionId: string },
  ): Promise<AuthenticationOutcome>;
}

export interface AuthenticatorSettings {
  /** Our domains, lower-case A-labels; read at each attempt, so that a reload takes effect. */
  domains(): ReadonlySet<string>;
  /** Addresses that many users share (webmail): there one user's failures do not count against the others. */
  isShared(address: string): boolean;
  /** How long a verified credential is remembered. */
  readonly rememberMs?: number;
}

export interface AuthenticatorOptions {
  readonly lookups: Pick<Lookups, 'identityByLogin' | 'identityById' | 'credentialUses'>;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly settings: AuthenticatorSettings;
  /** Rides on the next commit; nothing waits for it. */
  note(change: CredentialUsedChange): void;
  readonly gate?: KdfGate;
  readonly guessing?: Guessing;
  /** Exactly one argon2; replaced where its calls are counted. */
  readonly verify?: typeof verifyPassword;
}

interface Login {
  readonly evidence: Evidence;
  readonly candidates: readonly string[];
  readonly address: string;
  readonly attempt: Attempt;
  readonly asker: Asker;
}

type Secret =
  | { readonly type: 'right'; readonly credential: Credential }
  | { readonly type: 'wrong'; readonly cause: string }
  | { readonly type: 'busy' };

const REMEMBER_MS = 5 * 60_000;
/** A credential's use is noted at most this often. */
const NOTE_EVERY_MS = 5 * 60_000;
const NOTED_ENTRIES_MAX = 10_000;
/** Longer than a hash takes; waited whether there was one or not. */
const NO_ROOM_MS = 1_000;
/** 454 4.7.0 rather than silence if the directory hangs (requirements AUTH-ab: within 30 s). */
const LOOKUP_MS_MAX = 20_000;

export function createAuthenticator(
  options: AuthenticatorOptions,
): Authenticator & { forget(identityId: IdentityId): void } {
  const { lookups, clock, settings } = options;
  const guessing = options.guessing ?? createGuessing();
  const hashing = createHashing(options);
  const cache = createCredentialCache(settings.rememberMs ?? REMEMBER_MS);
  const noted = createLru<string, number>(NOTED_ENTRIES_MAX);
  const verifying = createSharedAnswer<Secret>();
  const key = options.entropy.bytes(32);

  function fingerprintOf(name: string, secret: string): string {
    return createHmac('sha256', key).update(`${name.length}:${name}${secret}`).digest('base64');
  }

  const within = <T>(answer: Promise<T>): Promise<T> => withDeadline(clock, LOOKUP_MS_MAX, answer);

  async function findIdentity(logins: readonly string[]): Promise<Identity | undefined> {
    for (const login of logins) {
      const identity = await within(lookups.identityByLogin(login));
      if (identity !== undefined) return identity;
    }
    return undefined;
  }

  /** From the store: has a credential of this identity been used from the network of this attempt? */
  async function isKnownFromStore(identity: Identity | undefined, attempt: Attempt): Promise<boolean> {
    if (identity === undefined) return false;
    const uses = await within(lookups.credentialUses(identity.id));
    return uses.some(({ address }) => networkOf(address) === attempt.network);
  }

  /** One argon2 for everything that fails; none for an app password that is right. */
  async function verifySecret(
    identity: Identity | undefined,
    password: string,
    asker: Asker,
  ): Promise<Secret> {
    const now = clock.now();
    const appPassword = parseAppPassword(password);
    const device = identity?.credentials.find(
      (credential) => appPassword !== undefined && verifyAppPassword(credential, appPassword),
    );
    const flaw = device === undefined ? undefined : flawOf(identity, device, now);
    if (device !== undefined && flaw === undefined) return { type: 'right', credential: device };

    const human = identity?.credentials.find(({ kind }) => kind === 'password');
    const phc = device === undefined ? phcOf(human) : undefined;
    const hashed = await hashing.verify(asker, phc, password);
    if (hashed === 'busy') return { type: 'busy' };
    if (flaw !== undefined) return { type: 'wrong', cause: flaw };
    if (identity === undefined) return { type: 'wrong', cause: 'unknown login' };
    if (!hashed.isRight || human === undefined) return { type: 'wrong', cause: 'wrong secret' };
    const humanFlaw = flawOf(identity, human, now);
    if (humanFlaw !== undefined) return { type: 'wrong', cause: humanFlaw };
    hashed.paysOff();
    return { type: 'right', credential: human };
  }

  /** A credential verified minutes ago under the same revision of the identity is right; any other is verified. */
  async function judge(
    identity: Identity | undefined,
    evidence: Evidence,
    fingerprint: string,
    mayActAs: boolean,
    asker: Asker,
  ): Promise<Secret> {
    if (!mayActAs) return wrongAnyway('authorization identity is not the login', evidence.password, asker);
    const remembered = cache.recall(fingerprint, clock.now());
    const credential =
      remembered !== undefined &&
      remembered.identityId === identity?.id &&
      remembered.revision === identity.revision
        ? identity.credentials.find(({ id }) => id === remembered.credentialId)
        : undefined;
    if (credential !== undefined && flawOf(identity, credential, clock.now()) === undefined) {
      return { type: 'right', credential };
    }
    // As it was spelled: whether two spellings are one account must not show in what they cost together.
    const question = JSON.stringify([
      ...[fingerprint, evidence.authenticationIdentity],
      ...[identity?.id, identity?.revision],
      // Attempts share a hash only if network and account are the same: `busy` for one must not become the answer of another.
      ...[asker.networks[0]?.network, asker.account],
    ]);
    const secret = await verifying(question, () => verifySecret(identity, evidence.password, asker));
    const flaw = secret.type === 'right' ? flawOf(identity, secret.credential, clock.now()) : undefined;
    return flaw === undefined ? secret : { type: 'wrong', cause: flaw };
  }

  async function wrongAnyway(cause: string, password: string, asker: Asker): Promise<Secret> {
    const hashed = await hashing.verify(asker, undefined, password);
    return hashed === 'busy' ? { type: 'busy' } : { type: 'wrong', cause };
  }

  function noteUse(identity: Identity, credential: Credential, address: string): void {
    const now = clock.now();
    const use = `${identity.id} ${credential.id}`;
    const last = noted.get(use);
    if (last !== undefined && now - last < NOTE_EVERY_MS && now >= last) return;
    noted.set(use, now);
    options.note({
      type: 'credentialUsed',
      identityId: identity.id,
      credentialId: credential.id,
      at: now,
      address,
    });
  }

  /** An internal error does not count as a failure of the client. */
  async function withdrawnOnError<T>(leave: Leave, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (leave.type === 'verify') leave.withdrawn(clock.monotonic());
      throw error;
    }
  }

  function attemptLogin(login: Login): Promise<AuthenticationOutcome> {
    const { attempt } = login;
    const first = guessing.begin(attempt, clock.monotonic());
    return withdrawnOnError(first, async () => {
      const identity = await findIdentity(login.candidates);
      const knownGood = first.type === 'refuse' && (await isKnownFromStore(identity, attempt));
      const leave = knownGood ? guessing.begin(attempt, clock.monotonic(), true) : first;
      const outcome =
        leave.type === 'refuse'
          ? failed(leave.because, leave.delayMs)
          : await withdrawnOnError(leave, () => verifyLogin(login, identity, leave));
      const whose = identity === undefined ? {} : { identityId: identity.id };
      return outcome.type === 'refused' ? { ...outcome, ...whose } : outcome;
    });
  }

  async function verifyLogin(
    { evidence, candidates, address, attempt, asker }: Login,
    identity: Identity | undefined,
    leave: LeaveToVerify,
  ): Promise<AuthenticationOutcome> {
    const mayActAs = isSameLogin(evidence.authorizationIdentity, candidates, settings.domains());
    const judged = (by: Asker) => judge(identity, evidence, attempt.fingerprint, mayActAs, by);
    let secret = await judged(asker);
    if (secret.type === 'busy') {
      const isKnown = await isKnownFromStore(identity, attempt);
      secret = isKnown ? await judged(hashing.askerFor(asker, attempt.account)) : secret;
      if (secret.type === 'busy') leave.withdrawn(clock.monotonic());
      // Only who has the right secret may see that there was a hash for this name, and for another one was none.
      if (secret.type !== 'right') return noRoom(secret.type === 'wrong' ? secret.cause : undefined);
    }
    const now = clock.now();
    if (secret.type === 'wrong' || identity === undefined)
      return failed(secret.type === 'wrong' ? secret.cause : 'unknown login', leave.delayMs);
    leave.succeeded(clock.monotonic());
    hashing.markKnown(asker);
    const { id: identityId, revision } = identity;
    cache.remember(attempt.fingerprint, { identityId, revision, credentialId: secret.credential.id }, now);
    noteUse(identity, secret.credential, address);
    return {
      type: 'authenticated',
      principal: principalOf(identity, secret.credential, evidence.mechanism),
    };
  }

  return {
    async authenticate(evidence, from) {
      const candidates = loginCandidates(evidence.authenticationIdentity, settings.domains());
      // A name that can be nobody's is counted under one heading, so that the tables stay small.
      const account = candidates[0] ?? '(no name)';
      // Each of these names still counts as a guess of its own.
      const fingerprint = fingerprintOf(candidates[0] ?? evidence.authenticationIdentity, evidence.password);
      const asker = hashing.askerAt(from.address, settings.isShared(from.address));
      const { shared } = asker;
      const [, ...wider] = asker.networks;
      const attempt = { network: networkOf(from.address), wider, account, fingerprint, shared };
      try {
        return await attemptLogin({ evidence, candidates, address: from.address, attempt, asker });
      } catch (error) {
        return temporary(`infrastructure: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
    forget(identityId) {
      cache.forget(identityId);
    },
  };
}

/** RFC 4616: the authorization identity is empty or, with us, the login itself (requirements F-AUTH-11). */
function isSameLogin(authzid: string, logins: readonly string[], domains: ReadonlySet<string>): boolean {
  return authzid === '' || loginCandidates(authzid, domains).some((login) => logins.includes(login));
}

function failed(cause: string, notBeforeMs: number): Extract<AuthenticationOutcome, { type: 'refused' }> {
  return { type: 'refused', refusal: refusal('authFailed', cause), notBeforeMs, cause };
}

function temporary(cause: string, notBeforeMs = 0): Extract<AuthenticationOutcome, { type: 'refused' }> {
  return { type: 'refused', refusal: refusal('authTemporary', cause), notBeforeMs, cause };
}

function noRoom(found?: string): AuthenticationOutcome {
  return temporary(['no room to hash', ...(found === undefined ? [] : [found])].join(', '), NO_ROOM_MS);
}
