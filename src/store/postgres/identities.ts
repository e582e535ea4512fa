// Identities: written whole with a revision check; logins and credential ids are unique, tombstones included; other addresses are shared. Writers take turns: two who
// want the same name at once can't both get it.

import { credentialsGone, type Identity } from '../../record/identity.ts';
import { appPasswordIds, ownNames, USES_MAX } from '../identity-names.ts';
import type { CredentialUsedChange, IdentityChange, OutcomeOf } from '../port.ts';
import { number, text } from '../row.ts';
import type { Work } from './change.ts';
import { tellOthers } from './feed.ts';
import type { Sql } from './sql.ts';

export async function writeIdentity(
  work: Work,
  { identity, expectRevision, event }: IdentityChange,
): Promise<OutcomeOf<IdentityChange>> {
  const { sql } = work;
  await takeTurn(sql);
  const stored = await sql.get('SELECT revision, state, record FROM identity WHERE id = $1', identity.id);
  if ((stored === undefined ? 0 : number(stored, 'revision')) !== expectRevision) return { type: 'stale' };
  const before = stored && (JSON.parse(text(stored, 'record')) as Identity);
  const what = (await takenName(sql, identity)) ?? (await takenCredential(sql, identity));
  if (what !== undefined) return { type: 'taken', what };

  await write(sql, identity);
  work.append(event);
  // Claims see to its mail: they ask for the state.
  const mayAgain = before !== undefined && before.state !== 'active' && identity.state === 'active';
  if (mayAgain) work.notice({ type: 'due' });
  const { id: identityId, revision, state } = identity;
  const gone = credentialsGone(before, identity);
  const change = { type: 'identityChanged', identityId, revision, state, gone } as const;
  // Whom this writer serves hears it at once, others with their next pulse.
  await tellOthers(sql, change);
  work.notice(change);
  return { type: 'written' };
}

/** Until the end of the transaction nobody else changes an identity. */
export async function takeTurn(sql: Sql): Promise<void> {
  await sql.run('LOCK TABLE identity_name IN SHARE ROW EXCLUSIVE MODE');
}

const WRITE = `INSERT INTO identity (id, login, state, revision, removed_at, record) VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (id) DO UPDATE SET login = excluded.login, state = excluded.state, revision = excluded.revision, removed_at = excluded.removed_at, record = excluded.record`;

async function write(sql: Sql, identity: Identity): Promise<void> {
  const { id, login, state, revision, removedAt = null } = identity;
  await sql.run(WRITE, id, login, state, revision, removedAt, JSON.stringify(identity));
  await sql.run('DELETE FROM identity_name WHERE identity_id = $1', id);
  await sql.run('INSERT INTO identity_name SELECT unnest($1::text[]), $2', [...ownNames(identity)], id);
  await sql.run('DELETE FROM identity_credential WHERE identity_id = $1', id);
  await sql.run(
    'INSERT INTO identity_credential SELECT unnest($1::text[]), $2',
    appPasswordIds(identity),
    id,
  );
}

/** A login is nobody else's name, and no name is another's login; what is the login of none of them is shared. */
async function takenName(sql: Sql, identity: Identity): Promise<string | undefined> {
  const row = await sql.get(
    `SELECT own.name FROM unnest($1::text[]) WITH ORDINALITY AS own (name, at)
       JOIN identity_name a ON a.name = own.name JOIN identity i ON i.id = a.identity_id
       WHERE i.id <> $2 AND (i.login = a.name OR a.name = $3) ORDER BY own.at LIMIT 1`,
    ...[[...ownNames(identity)], identity.id, identity.login],
  );
  return row && text(row, 'name');
}

async function takenCredential(sql: Sql, identity: Identity): Promise<string | undefined> {
  const row = await sql.get(
    `SELECT own.id FROM unnest($1::text[]) WITH ORDINALITY AS own (id, at)
       JOIN identity_credential c ON c.credential_id = own.id WHERE c.identity_id <> $2 ORDER BY own.at LIMIT 1`,
    ...[appPasswordIds(identity), identity.id],
  );
  return row && `credential ${text(row, 'id')}`;
}

export async function credentialUsed(
  { sql }: Work,
  { identityId, address, credentialId, at }: CredentialUsedChange,
): Promise<OutcomeOf<CredentialUsedChange>> {
  await sql.run(
    `INSERT INTO credential_use (identity_id, address, credential_id, at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (identity_id, address, credential_id) DO UPDATE SET at = excluded.at`,
    ...[identityId, address, credentialId, at],
  );
  // What another is writing now is not old.
  await sql.run(
    `DELETE FROM credential_use u USING (
       SELECT address, credential_id FROM credential_use WHERE identity_id = $1 AND at < (
         SELECT min(at) FROM (SELECT at FROM credential_use WHERE identity_id = $1 ORDER BY at DESC LIMIT $2) AS newest
       ) FOR UPDATE SKIP LOCKED
     ) AS old WHERE u.identity_id = $1 AND u.address = old.address AND u.credential_id = old.credential_id`,
    ...[identityId, USES_MAX],
  );
  return { type: 'noted' };
}
