// The second factor of an account: what whoever signs in at the console shows after the password. Each code is used up in the store before it is answered. A person sets
// up his own (`second-factor-setup.ts`); for whoever has lost it, somebody who looks after his account takes it away.

import type { Changed } from '../identity/identity-changes.ts';
import {
  inOne,
  isSecondFactor,
  judgeCode,
  type JudgedCode,
  resetSecondFactor as withoutAll,
} from '../identity/second-factor-changes.ts';
import type { Credential, Identity, IdentityId } from '../record/identity.ts';
import { type ShownIdentity, withCredentials } from '../store/shown-identity.ts';
import type { Actor } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import {
  changeIdentity,
  type Deed,
  identityOf,
  TRIES_MAX,
  valueOf,
  writeIdentity,
  type WritePorts,
} from './identities.ts';
import type { AdministrationPorts, FactorTry } from './ports.ts';

export { secondFactorsOf } from '../identity/second-factor-changes.ts';

/** What a code was right as: of the app, or one of the sheet that somebody else may have found. */
export type RightCode = 'code' | 'recovery code';

/** `code`: of an authenticator app, or a recovery code. Too many wrong ones: what came was not looked at. Right and wrong stand in the trail. */
export async function useSecondFactor(
  ports: FactorPorts,
  identityId: IdentityId,
  code: string,
): Promise<RightCode | 'wrong' | 'tooMany'> {
  const judged = await proven(ports, { identityId, showing: byCode(code) });
  if (judged.type !== 'right') return judged.type;
  return judged.credential.kind === 'recoveryCode' ? 'recovery code' : 'code';
}

/** What somebody shows, and whether it is right. */
export interface Showing extends Pick<FactorTry, 'what' | 'shown'> {
  judge(identity: Identity, now: number): JudgedCode | Promise<JudgedCode>;
}

export const byCode = (code: string): Showing => ({
  ...{ what: 'code', shown: code },
  judge: (identity, now) => judgeCode(identity, code, now),
});

export type FactorPorts = WritePorts & Pick<AdministrationPorts, 'factorGuard'>;

/** What is done with the proof, in the same change of the account. */
interface Proving {
  readonly identityId: IdentityId;
  readonly showing: Showing;
  /** Absent: whoever has the account, at the console. */
  readonly actor?: Actor;
  readonly deed?: Deed;
  change?(identity: Identity): Changed;
}

/** Whoever shows a second factor, wherever: guesses are counted, and what is right is used up. */
export async function proven(ports: FactorPorts, proving: Proving): Promise<JudgedCode> {
  const { identityId, showing } = proving;
  const login = (await ports.lookups.identityById(identityId))?.login;
  if (login === undefined) return { type: 'wrong' };
  if (ports.factorGuard === undefined) return writtenOnce(ports, proving);
  const { what, shown } = showing;
  const attempt = await ports.factorGuard.begin({ identityId, login, what, shown });
  if (attempt === undefined) return { type: 'tooMany' };
  const judged = await writtenOnce(ports, proving).catch(async (error: unknown) => {
    await attempt.end('notJudged');
    throw error;
  });
  await attempt.end(judged.type === 'tooMany' ? 'notLookedAt' : judged.type);
  return judged;
}

/** Whoever was faster with the same code has it: it is judged again by what is stored then. */
async function writtenOnce(ports: WritePorts, proving: Proving): Promise<JudgedCode> {
  const { identityId, showing } = proving;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const shown = await ports.lookups.identityById(identityId);
    if (shown === undefined) return { type: 'wrong' };
    const before = withCredentials(shown);
    const judged = await showing.judge(before, ports.clock.now());
    if (judged.type === 'tooMany' || judged.identity === undefined) return judged;
    const [deed, after] =
      judged.type === 'right'
        ? [deedOf(proving.deed, judged.credential), changedTo(before, judged.identity, proving)]
        : [{ action: 'second-factor wrong' }, judged.identity];
    const actor = proving.actor ?? owner(before);
    if ((await writeIdentity(ports, actor, after, before.revision, deed)) === 'written') return judged;
  }
  throw new UseCaseFailure('the account was changed by somebody else each time: try again', 'trouble');
}

function deedOf(deed: Deed | undefined, { id }: Credential): Deed {
  if (deed === undefined) return { action: 'second-factor use', detail: { credential: id } };
  return { ...deed, detail: { ...deed.detail, provenBy: id } };
}

function changedTo(before: Identity, used: Identity, { change }: Proving): Identity {
  return change === undefined ? used : valueOf(inOne(before, change(used)));
}

function owner({ id, login, role = 'user' }: Identity): Actor {
  return { who: login, through: 'console', role, identityId: id };
}

export interface SecondFactor {
  readonly login: string;
  /** Absent: there is no authenticator app. */
  readonly totp?: { readonly since: number };
  readonly passkeys: readonly { readonly id: string; readonly label: string; readonly since: number }[];
  /** How many are left. */
  readonly recoveryCodes: number;
}

export async function showSecondFactor(
  ports: AdministrationPorts,
  _actor: Actor,
  { login }: { readonly login: string },
): Promise<SecondFactor> {
  return secondFactorOf(await identityOf(ports, login));
}

/** Of who acts, whatever his role. */
export async function mySecondFactor(ports: AdministrationPorts, actor: Actor): Promise<SecondFactor> {
  return secondFactorOf(await ownIdentity(ports, actor));
}

function secondFactorOf(shown: ShownIdentity): SecondFactor {
  const { login, credentials } = withCredentials(shown);
  const totp = credentials.find(({ kind }) => kind === 'totp');
  const codes = credentials.find(({ kind }) => kind === 'recoveryCode');
  return {
    login,
    ...(totp === undefined ? {} : { totp: { since: totp.createdAt } }),
    passkeys: credentials
      .filter(({ kind }) => kind === 'passkey')
      .map(({ id, label, createdAt }) => ({ id, label, since: createdAt })),
    recoveryCodes: codes?.verifiers.length ?? 0,
  };
}

/** Throws `UseCaseFailure` if the actor has no account here: he came by a link that was made for none, or from the command line. */
export async function ownIdentity(
  { lookups }: Pick<AdministrationPorts, 'lookups'>,
  { identityId }: Actor,
): Promise<ShownIdentity> {
  const identity = identityId === undefined ? undefined : await lookups.identityById(identityId);
  if (identity !== undefined) return identity;
  throw new UseCaseFailure(
    'this is of who is signed in with an account of his own: sign in with its password',
  );
}

/** Takes all of it away, for who has lost it: the password alone lets him in until he sets up another. */
export async function resetSecondFactor(
  ports: AdministrationPorts,
  actor: Actor,
  { login }: { readonly login: string },
): Promise<{ readonly login: string; readonly removed: readonly string[] }> {
  const removed = withCredentials(await identityOf(ports, login))
    .credentials.filter(isSecondFactor)
    .map(({ id }) => id);
  const deed = { action: 'second-factor reset', detail: { credentials: removed } };
  const changed = await changeIdentity(ports, actor, login, deed, (identity) => {
    assertMayReset(actor, identity);
    return withoutAll(identity);
  });
  return { login: changed.login, removed };
}

/** A session that was stolen must not take away what stands in its way, nor a token make of its scopes all that an admin may: it can set passwords. */
function assertMayReset({ identityId, token }: Actor, { id, login, role = 'user' }: Identity): void {
  if (id === identityId)
    throw new UseCaseFailure(
      'remove your own second factor with a code of it, on the page Sign-in',
      'denied',
    );
  if (token !== undefined && role !== 'user')
    throw new UseCaseFailure(
      `${login} has the role ${role}: its second factor is reset by a person`,
      'denied',
    );
}
