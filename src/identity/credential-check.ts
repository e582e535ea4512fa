// Is what a client brought a credential of this identity, and good for a login? A right app password costs no argon2, nor does a credential
// verified minutes ago; the same credentials on many connections at once cost one. Everything that fails costs exactly one, whatever it lacks.

import { createSharedAnswer } from '../base/shared-answer.ts';
import type { Clock } from '../platform/platform.ts';
import type { Evidence } from '../protocol/sasl/mechanism.ts';
import type { Credential, Identity, IdentityId } from '../record/identity.ts';
import { parseAppPassword, verifyAppPassword } from './app-password.ts';
import { flawOf, phcOf } from './credential-flaw.ts';
import type { Asker, Hashing } from './hashing.ts';
import { createVerifiedLogins, type VerifiedLogins } from './verified-logins.ts';

export type CheckedSecret =
  | { readonly type: 'right'; readonly credential: Credential }
  | { readonly type: 'wrong'; readonly cause: string }
  /** There was no room to hash. */
  | { readonly type: 'busy' };

/** What is to be checked. */
export interface LoginClaim {
  readonly evidence: Evidence;
  /** Keyed hash of name and secret. */
  readonly fingerprint: string;
  /** May the login act as its authorization identity? If not, the secret is wrong whatever it is. */
  readonly mayActAs: boolean;
}

interface VerifiedCredential {
  readonly identityId: IdentityId;
  readonly revision: number;
  readonly credentialId: string;
}

export class CredentialCheck {
  readonly #clock: Clock;
  readonly #hashing: Hashing;
  readonly #verified: VerifiedLogins<VerifiedCredential>;
  readonly #verifying = createSharedAnswer<CheckedSecret>();

  /** `rememberMs`: how long a verified credential is remembered. */
  constructor(clock: Clock, hashing: Hashing, rememberMs: number) {
    this.#clock = clock;
    this.#hashing = hashing;
    this.#verified = createVerifiedLogins(rememberMs);
  }

  /** A credential verified minutes ago under the same revision of the identity is right; any other is verified. */
  async check(
    identity: Identity | undefined,
    { evidence, fingerprint, mayActAs }: LoginClaim,
    asker: Asker,
  ): Promise<CheckedSecret> {
    if (!mayActAs) return this.#wrongAnyway('authorization identity is not the login', evidence, asker);
    const credential = this.#recall(identity, fingerprint);
    if (credential !== undefined && flawOf(identity, credential, this.#clock.now()) === undefined) {
      return { type: 'right', credential };
    }
    // As it was spelled: whether two spellings are one account must not show in what they cost together.
    const question = JSON.stringify([
      ...[fingerprint, evidence.authenticationIdentity],
      ...[identity?.id, identity?.revision],
      // Attempts share a hash only if network and account are the same: `busy` for one must not become the answer of another.
      ...[asker.networks[0]?.network, asker.account],
    ]);
    const secret = await this.#verifying(question, () => this.#verify(identity, evidence.password, asker));
    const flaw = secret.type === 'right' ? flawOf(identity, secret.credential, this.#clock.now()) : undefined;
    return flaw === undefined ? secret : { type: 'wrong', cause: flaw };
  }

  remember(fingerprint: string, { id: identityId, revision }: Identity, { id }: Credential): void {
    this.#verified.remember(fingerprint, { identityId, revision, credentialId: id }, this.#clock.now());
  }

  forget(identityId: IdentityId): void {
    this.#verified.forget((one) => one.identityId === identityId);
  }

  #recall(identity: Identity | undefined, fingerprint: string): Credential | undefined {
    const remembered = this.#verified.recall(
      fingerprint,
      this.#clock.now(),
      ({ identityId, revision }) => identityId === identity?.id && revision === identity.revision,
    );
    return remembered && identity?.credentials.find(({ id }) => id === remembered.credentialId);
  }

  /** One argon2 for everything that fails; none for an app password that is right. */
  async #verify(identity: Identity | undefined, password: string, asker: Asker): Promise<CheckedSecret> {
    const now = this.#clock.now();
    const appPassword = parseAppPassword(password);
    const device = identity?.credentials.find(
      (credential) => appPassword !== undefined && verifyAppPassword(credential, appPassword),
    );
    const flaw = device === undefined ? undefined : flawOf(identity, device, now);
    if (device !== undefined && flaw === undefined) return { type: 'right', credential: device };

    const human = identity?.credentials.find(({ kind }) => kind === 'password');
    const phc = device === undefined ? phcOf(human) : undefined;
    const hashed = await this.#hashing.verify(asker, phc, password);
    if (hashed === 'busy') return { type: 'busy' };
    if (flaw !== undefined) return { type: 'wrong', cause: flaw };
    if (identity === undefined) return { type: 'wrong', cause: 'unknown login' };
    if (!hashed.isRight || human === undefined) return { type: 'wrong', cause: 'wrong secret' };
    const humanFlaw = flawOf(identity, human, now);
    if (humanFlaw !== undefined) return { type: 'wrong', cause: humanFlaw };
    hashed.paysOff();
    return { type: 'right', credential: human };
  }

  async #wrongAnyway(cause: string, { password }: Evidence, asker: Asker): Promise<CheckedSecret> {
    const hashed = await this.#hashing.verify(asker, undefined, password);
    return hashed === 'busy' ? { type: 'busy' } : { type: 'wrong', cause };
  }
}
