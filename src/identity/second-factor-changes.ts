// The second factor of an identity, in the way of `identity-changes.ts`: pure functions to the next revision. Since a code is used up by such a change, and a change is
// written only over the revision that it was made of, each counts once, on however many nodes it is tried at once.

import { ok } from '../base/result.ts';
import {
  type Credential,
  type Identity,
  type SecondFactorKind,
  secondFactorKinds,
  type TotpVerifier,
  type Verifier,
} from '../record/identity.ts';
import { changed, type Changed, problem } from './identity-changes.ts';
import { recoveryCodeOf } from './recovery-codes.ts';
import { isTotpForm, totpStep } from './totp.ts';

export const TOTP_ID = 'totp';
export const RECOVERY_ID = 'recovery';

/** So many wrong codes cost no waiting; then a minute, and twice as long each time. Recovery codes can't be guessed, and wait for nothing. */
const WRONG_FREE = 5;
const WAIT_MS = 60_000;
const WAIT_MS_MAX = 3_600_000;

export const isSecondFactor = ({ kind }: Pick<Credential, 'kind'>): boolean =>
  secondFactorKinds.some((one) => one === kind);

/** Those by which a sign-in can go on. The app is what the others stand beside: a passkey is bound to the name of the console, and codes run out. */
export function secondFactorsOf({ credentials }: Pick<Identity, 'credentials'>): readonly SecondFactorKind[] {
  return secondFactorKinds.filter((kind) =>
    credentials.some((one) => one.kind === kind && one.verifiers.length > 0),
  );
}

export type JudgedCode =
  /** `identity`: with the code used up. */
  | { readonly type: 'right'; readonly credential: Credential; readonly identity: Identity }
  /** `identity`: with the wrong one counted; absent: it could not have been right. */
  | { readonly type: 'wrong'; readonly identity?: Identity }
  /** It was not looked at. `waitMs`: until one is, wherever it comes from; absent: too many wrong ones came from this network. */
  | { readonly type: 'tooMany'; readonly waitMs?: number };

/** `code`: of an authenticator app, or a recovery code. */
export function judgeCode(identity: Identity, code: string, nowMs: number): JudgedCode {
  if (identity.state !== 'active') return { type: 'wrong' };
  return recovered(identity, code) ?? judgeTotp(identity, code, nowMs);
}

function recovered(identity: Identity, code: string): JudgedCode | undefined {
  const credential = identity.credentials.find(({ kind }) => kind === 'recoveryCode');
  const used = credential && recoveryCodeOf(credential.verifiers, code);
  if (credential === undefined || used === undefined) return undefined;
  const left = credential.verifiers.filter((one) => one !== used);
  return right(identity, credential, left);
}

function judgeTotp(identity: Identity, code: string, nowMs: number): JudgedCode {
  const credential = identity.credentials.find(({ kind }) => kind === 'totp');
  const verifier = credential?.verifiers.find((one): one is TotpVerifier => one.type === 'totp');
  if (credential === undefined || verifier === undefined || !isTotpForm(code)) return { type: 'wrong' };
  const waitMs = waitOf(verifier) - (nowMs - verifier.wrongAt);
  // A clock that stepped back makes nobody wait for longer.
  if (waitMs > 0 && nowMs >= verifier.wrongAt) return { type: 'tooMany', waitMs };
  const step = totpStep(Buffer.from(verifier.secret, 'hex'), code, nowMs);
  if (step !== undefined && step > verifier.usedStep)
    return right(identity, credential, [{ ...verifier, usedStep: step, wrong: 0 }]);
  const counted = { ...verifier, wrong: verifier.wrong + 1, wrongAt: nowMs };
  return { type: 'wrong', identity: withVerifiers(identity, credential, [counted]) };
}

function waitOf({ wrong }: TotpVerifier): number {
  return wrong < WRONG_FREE ? 0 : Math.min(WAIT_MS_MAX, WAIT_MS * 2 ** (wrong - WRONG_FREE));
}

export function right(
  identity: Identity,
  credential: Credential,
  verifiers: readonly Verifier[],
): JudgedCode {
  return { type: 'right', credential, identity: withVerifiers(identity, credential, verifiers) };
}

function withVerifiers(identity: Identity, credential: Credential, verifiers: readonly Verifier[]): Identity {
  const credentials = identity.credentials.map((one) =>
    one.id === credential.id ? { ...one, verifiers } : one,
  );
  return { ...identity, credentials, revision: identity.revision + 1 };
}

/** Replaces the present one. `usedStep`: of the code that confirmed it. */
export function setTotp(
  identity: Identity,
  { secret, usedStep, now }: { readonly secret: Uint8Array; readonly usedStep: number; readonly now: number },
): Changed {
  const hex = Buffer.from(secret).toString('hex');
  return withFactor(identity, {
    ...{ id: TOTP_ID, kind: 'totp', label: 'authenticator app', createdAt: now },
    verifiers: [{ type: 'totp', secret: hex, usedStep, wrong: 0, wrongAt: 0 }],
  });
}

/** Replaces those that are left. */
export function setRecoveryCodes(identity: Identity, verifiers: readonly Verifier[], now: number): Changed {
  const made = { id: RECOVERY_ID, kind: 'recoveryCode', label: 'recovery codes', createdAt: now } as const;
  return besideApp(identity) ?? withFactor(identity, { ...made, verifiers });
}

export function besideApp(identity: Identity): Changed | undefined {
  if (secondFactorsOf(identity).includes('totp')) return undefined;
  return problem(
    'state',
    `${identity.login} has no authenticator app beside which this could stand: set it up first`,
  );
}

export function withFactor(identity: Identity, credential: Credential): Changed {
  const others = identity.credentials.filter(({ id }) => id !== credential.id);
  return changed(identity, { credentials: [...others, credential] });
}

/** With the app go all others. `id`: of the credential. */
export function removeSecondFactor(identity: Identity, id: string): Changed {
  const removed = identity.credentials.find((one) => one.id === id && isSecondFactor(one));
  if (removed === undefined)
    return problem('noSuchCredential', `${identity.login} has no second factor ${id}`);
  const goes = (one: Credential): boolean =>
    one === removed || (removed.kind === 'totp' && isSecondFactor(one));
  return changed(identity, { credentials: identity.credentials.filter((one) => !goes(one)) });
}

/** All of them. */
export function resetSecondFactor(identity: Identity): Changed {
  const credentials = identity.credentials.filter((one) => !isSecondFactor(one));
  if (credentials.length === identity.credentials.length)
    return problem('noSuchCredential', `${identity.login} has no second factor`);
  return changed(identity, { credentials });
}

/** One change of several, each made of the one before: a single revision. */
export function inOne(before: Identity, after: Changed): Changed {
  return after.ok ? ok({ ...after.value, revision: before.revision + 1 }) : after;
}
