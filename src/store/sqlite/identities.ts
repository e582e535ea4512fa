// Identities: written whole with a revision check; logins and credential ids are unique, tombstones included; other
// addresses are shared.

import { credentialsGone, type Identity } from '../../record/identity.ts';
import { appPasswordIds, ownNames, USES_MAX } from '../identity-names.ts';
import type { CredentialUsedChange, IdentityChange, OutcomeOf } from '../port.ts';
import { type Database } from './database.ts';
import { number, text } from '../row.ts';
import { hasParked } from './parked.ts';
import type { Writer } from './writer.ts';

export function writeIdentity(writer: Writer, change: IdentityChange): OutcomeOf<IdentityChange> {
  const { db, trail } = writer;
  const { identity, expectRevision } = change;
  const stored = db.get('SELECT revision, state, record FROM identity WHERE id = ?', identity.id);
  if ((stored === undefined ? 0 : number(stored, 'revision')) !== expectRevision) return { type: 'stale' };
  const before = stored && (JSON.parse(text(stored, 'record')) as Identity);
  const taken = takenName(db, identity);
  if (taken !== undefined) return { type: 'taken', what: taken };

  db.run(
    'INSERT OR REPLACE INTO identity VALUES (?, ?, ?, ?, ?, ?)',
    identity.id,
    identity.login,
    identity.state,
    identity.revision,
    identity.removedAt ?? null,
    JSON.stringify(identity),
  );
  db.run('DELETE FROM identity_name WHERE identity_id = ?', identity.id);
  for (const name of ownNames(identity)) db.run('INSERT INTO identity_name VALUES (?, ?)', name, identity.id);
  db.run('DELETE FROM identity_credential WHERE identity_id = ?', identity.id);
  for (const id of appPasswordIds(identity))
    db.run('INSERT INTO identity_credential VALUES (?, ?)', id, identity.id);
  const wasActive = stored === undefined || text(stored, 'state') === 'active';
  if (wasActive !== (identity.state === 'active')) letSend(writer, identity);
  trail.append(change.event);
  writer.notice({
    type: 'identityChanged',
    identityId: identity.id,
    revision: identity.revision,
    state: identity.state,
    gone: credentialsGone(before, identity),
  });
  return { type: 'written' };
}

/** A login is nobody else's name, and no name is another's login; what is the login of none of them is shared. */
function takenName(db: Database, identity: Identity): string | undefined {
  for (const name of ownNames(identity)) {
    const other = db.get(
      'SELECT 1 FROM identity_name a JOIN identity i ON i.id = a.identity_id WHERE a.name = ? AND i.id <> ? AND (i.login = a.name OR ?)',
      ...[name, identity.id, name === identity.login ? 1 : 0],
    );
    if (other !== undefined) return name;
  }
  for (const id of appPasswordIds(identity)) {
    const owner = db.get('SELECT identity_id FROM identity_credential WHERE credential_id = ?', id);
    if (owner !== undefined && text(owner, 'identity_id') !== identity.id) return `credential ${id}`;
  }
  return undefined;
}

/** The queue of an identity that may not send is held, not bounced; it goes on when the identity may again. Claims see to it (`parked.ts`). */
function letSend({ db, mayNotSend, unparking, notice }: Writer, { id, state }: Identity): void {
  const isActive = state === 'active';
  mayNotSend.set(id, !isActive);
  unparking.set(id, isActive && hasParked(db, id));
  if (isActive) notice({ type: 'due' });
}

export function credentialUsed(
  { db }: Writer,
  change: CredentialUsedChange,
): OutcomeOf<CredentialUsedChange> {
  db.run(
    'INSERT OR REPLACE INTO credential_use VALUES (?, ?, ?, ?)',
    change.identityId,
    change.address,
    change.credentialId,
    change.at,
  );
  db.run(
    'DELETE FROM credential_use WHERE identity_id = ? AND at < (SELECT min(at) FROM (SELECT at FROM credential_use WHERE identity_id = ? ORDER BY at DESC LIMIT ?))',
    change.identityId,
    change.identityId,
    USES_MAX,
  );
  return { type: 'noted' };
}
