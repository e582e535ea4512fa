// Reading identities.

import type { Identity } from '../../record/identity.ts';
import { type Lookups, SHARED_MAX } from '../lookups.ts';
import { number, type Row, text } from '../row.ts';
import type { Reader } from './reader.ts';

type IdentityLookups = Pick<
  Lookups,
  | 'identityByLogin'
  | 'identityById'
  | 'identityByAddress'
  | 'identitiesByAddress'
  | 'identityByCredential'
  | 'identities'
  | 'credentialUses'
>;

const NAMED =
  'SELECT i.record FROM identity_name a JOIN identity i ON i.id = a.identity_id WHERE a.name = $1';

export function identityLookups(reader: Reader): IdentityLookups {
  const one = async (sql: string, value: string): Promise<Identity | undefined> => {
    const row = await reader.get(sql, value);
    return row && identityOfRow(row);
  };
  const having = async (address: string, max: number): Promise<readonly Identity[]> => {
    const rows = await reader.all(
      `${NAMED} ORDER BY (i.login <> a.name), (i.state = 'removed'), i.id LIMIT $2`,
      ...[address, max],
    );
    return rows.map((row) => identityOfRow(row));
  };
  return {
    identityByLogin: (login) => one(`${NAMED} AND i.login = a.name`, login),
    identityById: (id) => one('SELECT record FROM identity WHERE id = $1', id),
    identityByAddress: async (address) => (await having(address, 1))[0],
    identitiesByAddress: (address) => having(address, SHARED_MAX),
    identityByCredential: (id) =>
      one(
        'SELECT i.record FROM identity_credential c JOIN identity i ON i.id = c.identity_id WHERE c.credential_id = $1',
        id,
      ),
    identities: (page) => pageOf(reader, page),
    credentialUses: async (id) => {
      const rows = await reader.all(
        'SELECT credential_id, at, address FROM credential_use WHERE identity_id = $1 ORDER BY at DESC, address, credential_id',
        id,
      );
      return rows.map((row) => ({
        credentialId: text(row, 'credential_id'),
        at: number(row, 'at'),
        address: text(row, 'address'),
      }));
    },
  };
}

async function pageOf(
  reader: Reader,
  { after = '', max }: { readonly after?: string; readonly max: number },
): Promise<readonly Identity[]> {
  const from = await reader.get(`${NAMED} AND i.login = a.name AND i.state = 'removed'`, after);
  const rows = await reader.all(
    "SELECT record FROM identity WHERE ((state = 'removed'), login) > ($1, $2) ORDER BY (state = 'removed'), login LIMIT $3",
    ...[from !== undefined, after, max],
  );
  return rows.map((row) => identityOfRow(row));
}

function identityOfRow(row: Row): Identity {
  return JSON.parse(text(row, 'record')) as Identity;
}
