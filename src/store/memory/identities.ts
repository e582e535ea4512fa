// Identities in memory: written whole with a revision check; logins and credential ids are unique, tombstones included; other
// addresses are shared.

import { credentialsGone, type Identity } from '../../record/identity.ts';
import { appPasswordIds, ownNames, USES_MAX } from '../identity-names.ts';
import type { CredentialUse } from '../lookups.ts';
import type { CredentialUsedChange, IdentityChange, OutcomeOf } from '../port.ts';
import type { State } from './state.ts';
import type { Tables } from './tables.ts';

export function writeIdentity(state: State, change: IdentityChange): OutcomeOf<IdentityChange> {
  const { tables } = state;
  const { identity, expectRevision } = change;
  const { id: identityId, revision } = identity;
  const stored = tables.identities.get(identityId);
  if ((stored?.revision ?? 0) !== expectRevision) return { type: 'stale' };
  const what = takenName(tables, identity);
  if (what !== undefined) return { type: 'taken', what };

  tables.identities.set(identityId, identity);
  if (stored !== undefined) forgetNames(tables, stored);
  for (const name of ownNames(identity))
    tables.names.set(name, [...(tables.names.get(name) ?? []), identityId]);
  for (const id of appPasswordIds(identity)) {
    if (tables.appPasswords.has(id)) throw new Error(`credential ${id} stands twice in one identity`);
    tables.appPasswords.set(id, identityId);
  }
  const wasActive = stored === undefined || stored.state === 'active';
  if (wasActive !== (identity.state === 'active')) letSend(state, identity);
  state.append(change.event);
  const gone = credentialsGone(stored, identity);
  state.notice({ type: 'identityChanged', identityId, revision, state: identity.state, gone });
  return { type: 'written' };
}

export function forgetNames({ names, appPasswords }: Tables, identity: Identity): void {
  for (const name of ownNames(identity)) {
    const others = (names.get(name) ?? []).filter((id) => id !== identity.id);
    if (others.length === 0) names.delete(name);
    else names.set(name, others);
  }
  for (const id of appPasswordIds(identity)) appPasswords.delete(id);
}

/** A login is nobody else's name, and no name is another's login; what is the login of none of them is shared. */
function takenName({ identities, names, appPasswords }: Tables, identity: Identity): string | undefined {
  const isTaken = (name: string): boolean =>
    (names.get(name) ?? []).some(
      (id) => id !== identity.id && (name === identity.login || identities.get(id)?.login === name),
    );
  const name = [...ownNames(identity)].find((one) => isTaken(one));
  if (name !== undefined) return name;
  const credential = appPasswordIds(identity).find(
    (one) => (appPasswords.get(one) ?? identity.id) !== identity.id,
  );
  return credential === undefined ? undefined : `credential ${credential}`;
}

/** The queue of an identity that may not send is held, not bounced; it goes on when the identity may again. */
function letSend({ tables: { mayNotSend }, notice }: State, { id, state }: Identity): void {
  if (state !== 'active') return mayNotSend.set(id, true);
  mayNotSend.delete(id);
  notice({ type: 'due' });
}

export function credentialUsed(
  { tables }: State,
  change: CredentialUsedChange,
): OutcomeOf<CredentialUsedChange> {
  const { identityId, credentialId, at, address } = change;
  const others = (tables.uses.get(identityId) ?? []).filter(
    (use) => use.address !== address || use.credentialId !== credentialId,
  );
  const uses = [...others, { credentialId, at, address }].toSorted(byNewest);
  const oldest = uses[USES_MAX - 1]?.at ?? -Infinity;
  tables.uses.set(
    identityId,
    uses.filter((use) => use.at >= oldest),
  );
  return { type: 'noted' };
}

function byNewest(one: CredentialUse, other: CredentialUse): number {
  const order = (use: CredentialUse): string => `${use.address}\0${use.credentialId}`;
  return other.at - one.at || Buffer.compare(Buffer.from(order(one)), Buffer.from(order(other)));
}
