// Is what a client brought a credential of this identity, and good for a login? An app password is ours to judge; any other password is judged by the directory that
// keeps the person. A right app password costs no argon2, nor does what was proved minutes ago; the same credentials on many connections at once are judged once.
// Everything that fails costs the same, whatever it lacks: one password judged.

import { createSharedAnswer } from '../base/shared-answer.ts';
import type { Clock } from '../platform/platform.ts';
import type { Evidence } from '../protocol/sasl/mechanism.ts';
import { type Identity, type IdentityId, identityStatusText, type Proof } from '../record/identity.ts';
import { parseAppPassword, verifyAppPassword } from './app-password.ts';
import type { Kept } from './directory/directories.ts';
import type { JudgedPassword } from './directory/directory.ts';
import type { Asker } from './hashing.ts';
import { proofOf, standingOf } from './standing.ts';
import { createVerifiedLogins, type VerifiedLogins } from './verified-logins.ts';

/** What is to be checked. */
export interface LoginClaim {
  readonly evidence: Evidence;
  /** Keyed hash of name and secret. */
  readonly fingerprint: string;
  /** May the login act as its authorization identity? If not, the secret is wrong whatever it is. */
  readonly mayActAs: boolean;
  /** No app password will do. */
  readonly personally: boolean;
}

interface VerifiedProof {
  readonly identityId: IdentityId;
  readonly revision: number;
  readonly proof: Proof;
}

export class CredentialCheck {
  readonly #clock: Clock;
  readonly #verified: VerifiedLogins<VerifiedProof>;
  readonly #verifying = createSharedAnswer<JudgedPassword>();

  /** `rememberMs`: how long what was proved is remembered. */
  constructor(clock: Clock, rememberMs: number) {
    this.#clock = clock;
    this.#verified = createVerifiedLogins(rememberMs);
  }

  /** What proved it minutes ago under the same revision of the identity is right; anything else is judged. */
  async check(
    kept: Kept,
    { evidence, fingerprint, mayActAs, personally }: LoginClaim,
    asker: Asker,
  ): Promise<JudgedPassword> {
    const { identity } = kept;
    if (!mayActAs) return wrongAnyway('authorization identity is not the login', kept, evidence, asker);
    const proof = this.#recall(identity, fingerprint);
    if (proof !== undefined && !(personally && proof.kind === 'appPassword')) return { type: 'right', proof };
    // As it was spelled: whether two spellings are one account must not show in what they cost together.
    const question = JSON.stringify([
      ...[fingerprint, evidence.authenticationIdentity],
      ...[identity?.id, identity?.revision, personally],
      // Attempts share a hash only if network and account are the same: `busy` for one must not become the answer of another.
      ...[asker.networks[0]?.network, asker.account],
    ]);
    return this.#verifying(question, () => this.#verify(kept, { evidence, personally }, asker));
  }

  remember(fingerprint: string, { id: identityId, revision }: Identity, proof: Proof): void {
    this.#verified.remember(fingerprint, { identityId, revision, proof }, this.#clock.now());
  }

  forget(identityId: IdentityId): void {
    this.#verified.forget((one) => one.identityId === identityId);
  }

  #recall(identity: Identity | undefined, fingerprint: string): Proof | undefined {
    const now = this.#clock.now();
    const remembered = this.#verified.recall(
      fingerprint,
      now,
      ({ identityId, revision }) => identityId === identity?.id && revision === identity.revision,
    );
    if (remembered === undefined || identity === undefined) return undefined;
    const standing = standingOf(identity, remembered.proof, now);
    return standing.state === 'active' ? standing.proof : undefined;
  }

  #asItStands(identity: Identity, proof: Proof): JudgedPassword {
    const standing = standingOf(identity, proof, this.#clock.now());
    return standing.state === 'active'
      ? { type: 'right', proof: standing.proof }
      : { type: 'wrong', cause: identityStatusText(standing.state) };
  }

  async #verify(
    kept: Kept,
    { evidence, personally }: Pick<LoginClaim, 'evidence' | 'personally'>,
    asker: Asker,
  ): Promise<JudgedPassword> {
    const { identity, directory } = kept;
    const { password } = evidence;
    const appPassword = parseAppPassword(password);
    const device = identity?.credentials.find(
      (credential) => appPassword !== undefined && verifyAppPassword(credential, appPassword),
    );
    if (identity !== undefined && device !== undefined) {
      if (personally) return wrongAnyway('an app password, where the person is asked', kept, evidence, asker);
      const judged = this.#asItStands(identity, proofOf(device));
      return judged.type === 'wrong' ? wrongAnyway(judged.cause, kept, { password }, asker) : judged;
    }
    const judged = await directory.password(identity, password, asker);
    if (judged.type !== 'right' || identity === undefined) return judged;
    // Now: it may have expired meanwhile.
    const standing = this.#asItStands(identity, judged.proof);
    if (standing.type === 'right') judged.paysOff?.();
    return standing;
  }
}

/** The secret goes to nobody whose password it could be. */
async function wrongAnyway(
  cause: string,
  { directory }: Kept,
  { password }: Pick<Evidence, 'password'>,
  asker: Asker,
): Promise<JudgedPassword> {
  const judged = await directory.password(undefined, password, asker);
  return judged.type === 'busy' ? judged : { type: 'wrong', cause };
}
