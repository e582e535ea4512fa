// What an operator does to an identity, as pure functions from the identity as it is to the identity as it shall be. Each
// result has the next revision and is written with the present one as `expectRevision`; what is not possible is returned
// as a problem in words. Removal leaves a tombstone: until retention ends, id and login stay taken and it can be restored. Addresses that are no login
// belong to the domain: several identities may have one, and it does not go with the first of them.

import { err, ok, type Result } from '../base/result.ts';
import { addressDomain, canonicalAddress } from '../policy/address.ts';
import { UNDO_MAX } from '../policy/undo-window.ts';
import { canonicalDomain } from '../protocol/wire/mailbox.ts';
import {
  type Identity,
  type IdentityId,
  type IdentityLimits,
  type Principal,
  type Proof,
  type SenderRight,
} from '../record/identity.ts';
import type { ShownIdentity } from '../store/shown-identity.ts';
import {
  nameProblemTexts,
  ownableAddress,
  serviceName,
  type NameProblem,
  type NameRules,
} from './account-name.ts';

/** What it is about is not there. */
const notThere = ['noSuchRight', 'noSuchCredential'] as const;

/** What could not be done, ready to be shown: the cause and the way out. */
export interface ChangeProblem {
  readonly problem:
    | NameProblem
    | 'ambiguousLogin'
    | 'removed'
    | 'ambiguousCredential'
    | 'ownAddress'
    | (typeof notThere)[number]
    | 'label'
    | 'displayName'
    | 'limit'
    | 'undoWindow'
    | 'state'
    | 'taken'
    | 'keptElsewhere';
  readonly text: string;
}

export function isOfWhatIsNotThere({ problem: name }: ChangeProblem): boolean {
  return notThere.some((one) => one === name);
}

export type Changed = Result<Identity, ChangeProblem>;

const RIGHTS_MAX = 1000;
/** Characters of a display name. */
export const DISPLAY_NAME_MAX = 200;

export interface NewIdentity {
  /** Opaque and unique; never changes. */
  readonly id: IdentityId;
  /** Full address, bare local part (one domain only), or a service name if `mailbox` is false. */
  readonly login: string;
  readonly displayName?: string;
  readonly mailbox: boolean;
  readonly now: number;
}

/** Active, revision 1 (written with `expectRevision` 0), its own address as the first right, no credential yet. */
export function createIdentity(options: NewIdentity, rules: NameRules): Changed {
  const login = newLogin(options, rules);
  if (!login.ok) return login;
  const { displayName } = options;
  if (displayName !== undefined && !isShowable(displayName))
    return problem('displayName', `a name for people has 1 to ${DISPLAY_NAME_MAX} visible characters`);
  const isAddress = login.value.includes('@');
  const first: SenderRight = { kind: options.mailbox ? 'address' : 'granted', address: login.value };
  return ok({
    id: options.id,
    login: login.value,
    ...(displayName === undefined ? {} : { displayName }),
    state: 'active',
    mailbox: options.mailbox,
    rights: isAddress ? [first] : [],
    credentials: [],
    limits: {},
    revision: 1,
    createdAt: options.now,
  });
}

function isShowable(name: string): boolean {
  return name.trim() !== '' && name.length <= DISPLAY_NAME_MAX && !/\p{C}/u.test(name);
}

function newLogin(options: NewIdentity, rules: NameRules): Result<string, ChangeProblem> {
  if (options.login.includes('@')) return named(ownableAddress(options.login, rules));
  if (!options.mailbox) return named(serviceName(options.login, rules));
  const [only, ...others] = rules.domains;
  if (only === undefined || others.length > 0) {
    return problem('ambiguousLogin', 'there are several domains here; give the full address NAME@DOMAIN');
  }
  return named(ownableAddress(`${options.login}@${only}`, rules));
}

/**
 * The right that `text` (`ADDRESS` or `@DOMAIN`) means for this identity. `owner` is whose login the address is, tombstones included: it can
 * only be granted, and not while the other is a tombstone.
 */
export function rightFor(
  identity: Identity,
  text: string,
  owner: Pick<Identity, 'id' | 'login' | 'state'> | undefined,
  rules: NameRules,
): Result<SenderRight, ChangeProblem> {
  if (text.startsWith('@')) return domainRight(text.slice(1), rules);
  const another = owner !== undefined && owner.id !== identity.id;
  if (another && owner.state === 'removed') {
    return problem(
      'taken',
      `${text} is the login of an account that was removed; it is free when retention ends, or restore it: \`account restore ${owner.login}\``,
    );
  }
  if (identity.mailbox && !another) {
    const own = named(ownableAddress(text, rules));
    return own.ok ? ok({ kind: 'address', address: own.value }) : own;
  }
  const canonical = canonicalAddress(text);
  if (canonical === undefined) return nameProblem('notAnAddress');
  if (!rules.domains.has(addressDomain(canonical))) return nameProblem('foreignDomain');
  return ok({ kind: 'granted', address: canonical });
}

function domainRight(text: string, rules: NameRules): Result<SenderRight, ChangeProblem> {
  const domain = canonicalDomain(text);
  return domain === undefined || !rules.domains.has(domain)
    ? nameProblem('foreignDomain')
    : ok({ kind: 'domain', domain });
}

/** Adding a right that is there already changes nothing but the revision. */
export function addRight(identity: Identity, right: SenderRight): Changed {
  const others = identity.rights.filter((present) => !isSameRight(present, right));
  if (others.length >= RIGHTS_MAX) return problem('limit', `an identity has at most ${RIGHTS_MAX} rights`);
  return changed(identity, { rights: [...others, right] });
}

/** `text`: `ADDRESS` or `@DOMAIN`. Also of a tombstone: it does not come back with it. The own address of the login goes only with the identity. */
export function removeRight(identity: Identity, text: string): Changed {
  const address = canonicalAddress(text);
  const domain = text.startsWith('@') ? canonicalDomain(text.slice(1)) : undefined;
  if (address !== undefined && address === identity.login && identity.mailbox) {
    return problem('ownAddress', `${address} is the login itself; remove or suspend the account instead`);
  }
  const rights = identity.rights.filter((right) =>
    right.kind === 'domain' ? right.domain !== domain : right.address !== address,
  );
  if (rights.length === identity.rights.length) {
    return problem(
      'noSuchRight',
      `${identity.login} has no right ${text}; \`account rights ${identity.login} list\` shows them`,
    );
  }
  return ok({ ...identity, rights, revision: identity.revision + 1 });
}

/** Suspends: no more submissions, and queued mail is held. Credentials stay for `resume`. */
export function suspend(identity: Identity): Changed {
  if (identity.state === 'suspended') return problem('state', `${identity.login} is suspended already`);
  return changed(identity, { state: 'suspended' });
}

export function resume(identity: Identity): Changed {
  if (identity.state === 'active') return problem('state', `${identity.login} is active already`);
  return changed(identity, { state: 'active' });
}

/** The tombstone: traceable, without credentials and role, its login still taken. */
export function remove({ role: _role, adminOf: _adminOf, ...identity }: Identity, now: number): Changed {
  const removedFrom = identity.state === 'suspended' ? 'suspended' : 'active';
  return changed(identity, { state: 'removed', removedAt: now, removedFrom, credentials: [] });
}

/** As it was before its removal, but for its credentials and its role, which are gone: what knows no roles, a node of the version before, leaves them when it removes. */
export function restore(identity: Identity): Changed {
  if (identity.state !== 'removed') return problem('state', `${identity.login} is not removed`);
  const { removedAt: _removedAt, removedFrom = 'active', role: _role, adminOf: _adminOf, ...kept } = identity;
  return ok({ ...kept, state: removedFrom, revision: identity.revision + 1 });
}

/** Given limits replace the present ones of the same name; `default` drops one back to the configuration. */
export function setLimits(
  identity: Identity,
  limits: { readonly [K in keyof IdentityLimits]: IdentityLimits[K] | 'default' },
): Changed {
  const next = new Map<string, number | 'none'>(Object.entries(identity.limits));
  for (const [name, value] of Object.entries(limits)) {
    const isNumber = Number.isSafeInteger(value) && Number(value) >= 0;
    // It may have come from outside: a limit that is no number would limit nothing.
    if (!isNumber && value !== 'none' && value !== 'default')
      return problem('limit', `${name} is a whole number, none or default`);
    if (value === 'default') next.delete(name);
    else next.set(name, value);
  }
  return changed(identity, { limits: Object.fromEntries(next) });
}

/** 0: its mail leaves at once. */
export function setUndoWindow({ undoSeconds: _before, ...identity }: Identity, seconds: number): Changed {
  // It may have come from outside.
  if (!Number.isSafeInteger(seconds) || seconds < 0 || seconds > UNDO_MAX)
    return problem('undoWindow', `an undo window has from 0 to ${UNDO_MAX} whole seconds`);
  if (!identity.mailbox && seconds > 0)
    return problem(
      'undoWindow',
      `${identity.login} is a service without mailbox: nobody takes its mail back, so it has no undo window`,
    );
  return changed(identity, seconds === 0 ? {} : { undoSeconds: seconds });
}

/** The identity as proved by this: plain data that crosses threads. */
export function principalOf(identity: ShownIdentity, proof: Proof, mechanism: string): Principal {
  return {
    identityId: identity.id,
    login: identity.login,
    proof,
    mechanism,
    revision: identity.revision,
    mailbox: identity.mailbox,
    rights: identity.rights,
    limits: identity.limits,
    ...(identity.undoSeconds === undefined ? {} : { undoSeconds: identity.undoSeconds }),
  };
}

/** Stands for `mechanism` in the record. */
const OS_USER = 'OS-USER';

/** The identity as a program of this host uses it: its operating-system user is bound to it by the configuration. */
export function servicePrincipal(identity: ShownIdentity, osUser: string): Principal {
  return principalOf(identity, { kind: 'osUser', id: '', label: osUser }, OS_USER);
}

/** The next revision; not of a tombstone. */
export function changed(identity: Identity, fields: Partial<Identity>): Changed {
  if (identity.state === 'removed') {
    return problem(
      'removed',
      `${identity.login} was removed; until retention ends \`account restore ${identity.login}\` brings it back`,
    );
  }
  return ok({ ...identity, ...fields, revision: identity.revision + 1 });
}

function isSameRight(one: SenderRight, other: SenderRight): boolean {
  if (one.kind === 'domain') return other.kind === 'domain' && one.domain === other.domain;
  return other.kind !== 'domain' && one.address === other.address;
}

function named(result: Result<string, NameProblem>): Result<string, ChangeProblem> {
  return result.ok ? result : nameProblem(result.error);
}

function nameProblem(name: NameProblem): Result<never, ChangeProblem> {
  return problem(name, nameProblemTexts[name]);
}

export function problem(name: ChangeProblem['problem'], text: string): Result<never, ChangeProblem> {
  return err({ problem: name, text });
}
