// The check of credentials, step by step:
//   name the account → ask the guessing defence → find the identity → verify the secret → judge what it was good for
// Unknown, wrong, suspended, removed, expired: one answer (535) and one cost, exactly one argon2 (requirements F-AUTH-2, F-AUTH-3).
// No directory to be asked or no room to hash: 454, never 535.

import { createHmac } from 'node:crypto';
import type { Clock, Entropy } from '../platform/platform.ts';
import type { Evidence } from '../protocol/sasl/mechanism.ts';
import type { AuthenticationAnswer } from '../protocol/session/ports.ts';
import { refusal, type Refusal } from '../protocol/refusal.ts';
import type { Identity, IdentityId, Principal } from '../record/identity.ts';
import type { Lookups } from '../store/lookups.ts';
import type { CredentialUsedChange } from '../store/port.ts';
import { CredentialCheck } from './credential-check.ts';
import { createCredentialUses, type NoteCredentialUse } from './credential-uses.ts';
import { principalOf } from './identity-changes.ts';
import type { Guess } from './guess-counts.ts';
import type { Directories, Kept } from './directory/directories.ts';
import { createGuessing, type Guessing, type Leave, type LeaveToVerify } from './guessing.ts';
import type { Asker, Hashing } from './hashing.ts';
import { loginCandidates } from './login.ts';
import { networkOf } from '../base/address-network.ts';
import { withDeadline } from '../platform/with-deadline.ts';
import { LOOKUP_KEEPS_MS } from './verified-logins.ts';

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
  authenticate(evidence: Evidence, from: Asking): Promise<AuthenticationOutcome>;
}

export interface Asking {
  readonly address: string;
  /** It must be the person: an app password, which stands in some program, is wrong. */
  readonly personally?: true;
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
  readonly directories: Pick<Directories, 'byLogin'>;
  readonly lookups: Pick<Lookups, 'credentialUses'>;
  readonly hashing: Hashing;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly settings: AuthenticatorSettings;
  /** Rides on the next commit; nothing waits for it. */
  note(change: CredentialUsedChange): void;
  readonly guessing?: Guessing;
}

interface Login {
  readonly evidence: Evidence;
  readonly candidates: readonly string[];
  readonly from: Asking;
  readonly attempt: Guess;
  readonly asker: Asker;
}

/** Longer than a hash takes; waited whether there was one or not. */
const NO_ROOM_MS = 1_000;
/** 454 4.7.0 rather than silence if the directory hangs (requirements AUTH-ab: within 30 s). */
const LOOKUP_MS_MAX = 20_000;

export function createAuthenticator(
  options: AuthenticatorOptions,
): Authenticator & { forget(identityId: IdentityId): void } {
  return new RunningAuthenticator(options);
}

class RunningAuthenticator implements Authenticator {
  readonly #directories: AuthenticatorOptions['directories'];
  readonly #lookups: AuthenticatorOptions['lookups'];
  readonly #clock: Clock;
  readonly #settings: AuthenticatorSettings;
  readonly #guessing: Guessing;
  readonly #hashing: Hashing;
  readonly #credentials: CredentialCheck;
  readonly #noteUse: NoteCredentialUse;
  readonly #key: Uint8Array;

  constructor(options: AuthenticatorOptions) {
    this.#directories = options.directories;
    this.#lookups = options.lookups;
    this.#clock = options.clock;
    this.#settings = options.settings;
    this.#guessing = options.guessing ?? createGuessing();
    this.#hashing = options.hashing;
    const rememberMs = options.settings.rememberMs ?? LOOKUP_KEEPS_MS;
    this.#credentials = new CredentialCheck(options.clock, rememberMs);
    this.#noteUse = createCredentialUses(options);
    this.#key = options.entropy.bytes(32);
  }

  async authenticate(evidence: Evidence, from: Asking): Promise<AuthenticationOutcome> {
    const candidates = loginCandidates(evidence.authenticationIdentity, this.#settings.domains());
    // A name that can be nobody's is counted under one heading, so that the tables stay small.
    const account = candidates[0] ?? '(no name)';
    // Each of these names still counts as a guess of its own.
    const fingerprint = this.#fingerprintOf(
      candidates[0] ?? evidence.authenticationIdentity,
      evidence.password,
    );
    const asker = this.#hashing.askerAt(from.address, this.#settings.isShared(from.address));
    const { shared } = asker;
    const [, ...wider] = asker.networks;
    const attempt = { network: networkOf(from.address), wider, account, fingerprint, shared };
    try {
      return await this.#attemptLogin({ evidence, candidates, from, attempt, asker });
    } catch (error) {
      return temporary(`infrastructure: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  forget(identityId: IdentityId): void {
    this.#credentials.forget(identityId);
  }

  #attemptLogin(login: Login): Promise<AuthenticationOutcome> {
    const { attempt } = login;
    const first = this.#guessing.begin(attempt, this.#clock.monotonic());
    return this.#withdrawnOnError(first, async () => {
      const kept = await this.#within(this.#directories.byLogin(login.candidates));
      const { identity } = kept;
      const knownGood = first.type === 'refuse' && (await this.#isKnownFromStore(identity, attempt));
      const leave = knownGood ? this.#guessing.begin(attempt, this.#clock.monotonic(), true) : first;
      const outcome =
        leave.type === 'refuse'
          ? failed(leave.because, leave.delayMs)
          : await this.#withdrawnOnError(leave, () => this.#verifyLogin(login, kept, leave));
      const whose = identity === undefined ? {} : { identityId: identity.id };
      return outcome.type === 'refused' ? { ...outcome, ...whose } : outcome;
    });
  }

  async #verifyLogin(
    { evidence, candidates, from, attempt, asker }: Login,
    kept: Kept,
    leave: LeaveToVerify,
  ): Promise<AuthenticationOutcome> {
    const { identity } = kept;
    const mayActAs = isSameLogin(evidence.authorizationIdentity, candidates, this.#settings.domains());
    const { address, personally = false } = from;
    const claim = { evidence, fingerprint: attempt.fingerprint, mayActAs, personally };
    let secret = await this.#credentials.check(kept, claim, asker);
    if (secret.type === 'busy') {
      if (await this.#isKnownFromStore(identity, attempt)) {
        const ofAccount = this.#hashing.askerFor(asker, attempt.account);
        secret = await this.#credentials.check(kept, claim, ofAccount);
      }
      if (secret.type === 'busy') leave.withdrawn(this.#clock.monotonic());
      // Only who has the right secret may see that there was a hash for this name, and for another one was none.
      if (secret.type !== 'right') return noRoom(secret.type === 'wrong' ? secret.cause : undefined);
    }
    if (secret.type === 'wrong' || identity === undefined)
      return failed(secret.type === 'wrong' ? secret.cause : 'unknown login', leave.delayMs);
    leave.succeeded(this.#clock.monotonic());
    this.#hashing.markKnown(asker);
    this.#credentials.remember(attempt.fingerprint, identity, secret.proof);
    this.#noteUse(identity, secret.proof, address);
    return { type: 'authenticated', principal: principalOf(identity, secret.proof, evidence.mechanism) };
  }

  /** From the store: has a credential of this identity been used from the network of this attempt? */
  async #isKnownFromStore(identity: Identity | undefined, attempt: Guess): Promise<boolean> {
    if (identity === undefined) return false;
    const uses = await this.#within(this.#lookups.credentialUses(identity.id));
    return uses.some(({ address }) => networkOf(address) === attempt.network);
  }

  #within<T>(answer: Promise<T>): Promise<T> {
    return withDeadline(this.#clock, LOOKUP_MS_MAX, answer);
  }

  /** An internal error does not count as a failure of the client. */
  async #withdrawnOnError<T>(leave: Leave, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (leave.type === 'verify') leave.withdrawn(this.#clock.monotonic());
      throw error;
    }
  }

  #fingerprintOf(name: string, secret: string): string {
    return createHmac('sha256', this.#key).update(`${name.length}:${name}${secret}`).digest('base64');
  }
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
