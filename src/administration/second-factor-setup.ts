// A person sets up his own second factor. The secret of an authenticator app goes to him once and comes back with the first code: until then nothing of it is kept here.
// Where he has a second factor already, each change of it takes a code of the present one; the first one takes his password, or the link that he came by: whoever has only taken over a
// session must not set up a factor of his own.

import type { Changed } from '../identity/identity-changes.ts';
import { createRecoveryCodes } from '../identity/recovery-codes.ts';
import {
  inOne,
  type JudgedCode,
  RECOVERY_ID,
  removeSecondFactor as withoutFactor,
  secondFactorsOf,
  setRecoveryCodes,
  setTotp,
  TOTP_ID,
} from '../identity/second-factor-changes.ts';
import { parseTotpSecret, TOTP_SECRET_OCTETS, totpSecretText, totpStep, totpUri } from '../identity/totp.ts';
import { enabledCredentials, type Identity } from '../record/identity.ts';
import { withCredentials } from '../store/shown-identity.ts';
import type { Actor } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import { isProved, ProofNeeded } from './fresh-proof.ts';
import { changeIdentity, type Deed } from './identities.ts';
import type { AdministrationPorts } from './ports.ts';
import { byCode, ownIdentity, proven } from './second-factor.ts';

export interface TotpSetup {
  readonly login: string;
  /** Base32, 32 symbols: shown to the person alone. */
  readonly secret: string;
  /** The same for a picture. */
  readonly uri: string;
  /** What `confirmTotp` takes beside its code: of the present second factor, the password, nothing because the session has a fresh proof, or such a proof. */
  readonly takes: 'code' | 'password' | 'nothing' | 'freshProof';
}

/** Changes nothing. `secret`: begun before, to be shown once more. */
export async function beginTotp(
  ports: AdministrationPorts,
  actor: Actor,
  begun: { readonly secret?: string },
): Promise<TotpSetup> {
  const own = withCredentials(await ownIdentity(ports, actor));
  const { login } = own;
  const secret =
    begun.secret === undefined ? ports.entropy.bytes(TOTP_SECRET_OCTETS) : givenSecret(begun.secret);
  const uri = totpUri(secret, { issuer: ports.config().hostname, login });
  return { login, secret: totpSecretText(secret), uri, takes: takenOf(ports, actor, own) };
}

function takenOf({ clock }: AdministrationPorts, actor: Actor, identity: Identity): TotpSetup['takes'] {
  if (secondFactorsOf(identity).length > 0) return 'code';
  if (isProved(clock, actor)) return 'nothing';
  const hasPassword = enabledCredentials(identity).some(({ kind }) => kind === 'password');
  return hasPassword || identity.origin !== undefined ? 'password' : 'freshProof';
}

function givenSecret(text: string): Uint8Array {
  const secret = parseTotpSecret(text);
  if (secret !== undefined) return secret;
  throw new UseCaseFailure('the secret did not come back as it was shown: begin again', 'usage');
}

export interface WithCodes {
  readonly login: string;
  /** Shown once; absent: those that there were go on. */
  readonly recoveryCodes?: readonly string[];
}

interface Confirmed {
  readonly secret: string;
  readonly code: string;
  readonly proof?: string;
  readonly provenAt?: number;
}

/** `code`: the first of the new app. `proof`: a code of the present second factor, where there is one. `provenAt`: the revision of the account for which his password was given; whoever asks has seen to it. */
export async function confirmTotp(
  ports: AdministrationPorts,
  actor: Actor,
  { secret: text, code, proof, provenAt }: Confirmed,
): Promise<WithCodes> {
  const now = ports.clock.now();
  const secret = givenSecret(text);
  const usedStep = totpStep(secret, code, now);
  if (usedStep === undefined)
    throw new UseCaseFailure(
      'the code of the new app is not right: take the one that it shows now, and look whether the clocks of the telephone and of this server are right',
    );
  const fresh = createRecoveryCodes(ports.entropy);
  let isFresh = false;
  const { login } = await changeOwn(ports, actor, {
    ...{ proof, provenAt },
    deed: { action: 'second-factor add', detail: { credential: TOTP_ID } },
    change(identity) {
      const after = setTotp(identity, { secret, usedStep, now });
      isFresh = !secondFactorsOf(identity).includes('recoveryCode');
      return after.ok && isFresh ? setRecoveryCodes(after.value, fresh.verifiers, now) : after;
    },
  });
  return { login, ...(isFresh ? { recoveryCodes: fresh.texts } : {}) };
}

/** The present ones count no more. */
export async function makeRecoveryCodes(
  ports: AdministrationPorts,
  actor: Actor,
  { proof }: { readonly proof: string },
): Promise<Required<WithCodes>> {
  const { texts, verifiers } = createRecoveryCodes(ports.entropy);
  const { login } = await changeOwn(ports, actor, {
    proof,
    deed: { action: 'recovery-codes make', detail: { credential: RECOVERY_ID } },
    change: (identity) => setRecoveryCodes(identity, verifiers, ports.clock.now()),
  });
  return { login, recoveryCodes: texts };
}

/** `which`: `totp`, with which all others go, or the id of a passkey. */
export async function removeSecondFactor(
  ports: AdministrationPorts,
  actor: Actor,
  { which, proof }: { readonly which: string; readonly proof: string },
): Promise<{ readonly login: string }> {
  const { login } = await changeOwn(ports, actor, {
    proof,
    deed: { action: 'second-factor remove', detail: { credential: which } },
    change: (identity) => withoutFactor(identity, which),
  });
  return { login };
}

export interface OwnChange {
  /** A code of the app or a recovery code, where there is an app. */
  readonly proof: string | undefined;
  /** The revision of the account for which the password was given, in the place of a code where there is no app. */
  readonly provenAt?: number | undefined;
  readonly deed: Deed;
  change(identity: Identity): Changed;
}

export async function changeOwn(
  ports: AdministrationPorts,
  actor: Actor,
  { proof = '', provenAt, deed, change }: OwnChange,
): Promise<{ readonly login: string }> {
  const own = withCredentials(await ownIdentity(ports, actor));
  if (secondFactorsOf(own).length > 0) {
    const judged = await proven(ports, { identityId: own.id, showing: byCode(proof), actor, deed, change });
    if (judged.type === 'right') return own;
    throw notProven(judged);
  }
  return changeIdentity(ports, actor, own.login, deed, (identity) => {
    // Another session of the same person was faster.
    if (secondFactorsOf(identity).length > 0) throw notProven({ type: 'wrong' });
    const after = inOne(identity, change(identity));
    if (after.ok && provenAt !== identity.revision) assertHimself(ports, actor, identity, provenAt);
    return after;
  });
}

/** Throws `UseCaseFailure`. */
function assertHimself(
  ports: AdministrationPorts,
  actor: Actor,
  identity: Identity,
  provenAt: number | undefined,
): void {
  const takes = takenOf(ports, actor, identity);
  if (takes === 'nothing') return;
  if (takes === 'freshProof') throw new ProofNeeded('confirmTotp');
  throw new UseCaseFailure(
    provenAt === undefined
      ? 'your password is wanted, so that nobody sets up a second factor who has only found your session open'
      : 'your account was changed in the meantime: type your password once more',
  );
}

const MINUTE_MS = 60_000;

function notProven(judged: Exclude<JudgedCode, { type: 'right' }>): UseCaseFailure {
  return new UseCaseFailure(
    judged.type === 'tooMany'
      ? judged.waitMs === undefined
        ? 'too many wrong codes came from your network: wait a quarter of an hour'
        : `too many wrong codes: wait ${Math.ceil(judged.waitMs / MINUTE_MS)} minutes, or take a recovery code`
      : 'the code of your present second factor is not right, or was used already: wait for the next one, or take a recovery code',
  );
}
