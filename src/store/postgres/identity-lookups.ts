// Reading identities.

import { emptyCounter, summedCounter } from '../../policy/limits.ts';
import type { Identity } from '../../record/identity.ts';
import { unpackedCounter } from '../counter-row.ts';
import { identitiesOfPage, type LoginRange } from '../identity-page.ts';
import { type Lookups, SHARED_MAX } from '../lookups.ts';
import { bytes, number, type Row, text } from '../row.ts';
import type { Hidden, ShownIdentity } from '../shown-identity.ts';
import type { SqlValue } from './connection.ts';
import type { Reader } from './reader.ts';
import { LOGIN_ENDING } from './schema.ts';
import { isNotPermitted } from './sql-states.ts';

type IdentityLookups = Pick<
  Lookups,
  | 'identityByLogin'
  | 'identityById'
  | 'identityByAddress'
  | 'identitiesByAddress'
  | 'identityByCredential'
  | 'identities'
  | 'credentialUses'
  | 'counter'
>;

/** `$1`: a name. */
const named = (table: string): string =>
  `SELECT i.record FROM identity_name a JOIN ${table} i ON i.id = a.identity_id WHERE a.name = $1`;
/** By the key of the identity: no index goes by this comparison. */
const withLogin = (table: string): string => `${named(table)} AND i.login IS NOT DISTINCT FROM a.name`;

export function identityLookups(reader: Reader): IdentityLookups {
  const ask = askAsPermitted(reader);
  const one = async (sqlOf: SqlOf, value: string): Promise<ShownIdentity | undefined> =>
    (await ask(sqlOf, value))[0];
  const having = (address: string, max: number): Promise<readonly ShownIdentity[]> =>
    ask(
      (table) => `${named(table)} ORDER BY (i.login <> a.name), (i.state = 'removed'), i.id LIMIT $2`,
      ...[address, max],
    );
  return {
    identityByLogin: (login) => one(withLogin, login),
    identityById: (id) => one((table) => `SELECT record FROM ${table} WHERE id = $1`, id),
    identityByAddress: async (address) => (await having(address, 1))[0],
    identitiesByAddress: (address) => having(address, SHARED_MAX),
    identityByCredential: (id) =>
      one(
        (table) =>
          `SELECT i.record FROM identity_credential c JOIN ${table} i ON i.id = c.identity_id WHERE c.credential_id = $1`,
        id,
      ),
    identities: (page) =>
      identitiesOfPage(
        page,
        async (login) => (await one(withLogin, login))?.state,
        (range) => inRange(ask, range),
      ),
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
    counter: async (id) => {
      const rows = await reader.all('SELECT value FROM counter WHERE identity_id = $1', id);
      return summedCounter(rows.map((row) => unpackedCounter(bytes(row, 'value')))) ?? emptyCounter;
    },
  };
}

type SqlOf = (table: string) => string;
type Ask = (sqlOf: SqlOf, ...values: readonly SqlValue[]) => Promise<readonly ShownIdentity[]>;

const MAY_READ =
  "SELECT has_column_privilege('identity', 'record', 'SELECT') AS may, current_user::text AS name";

/** Where the user of now reads identities. */
interface Place {
  readonly table: string;
  /** Absent: nothing is hidden there. */
  readonly hidden?: Hidden;
}

/**
 * Without their credentials, where the user may not read those (`rights.ts`). Rights may be changed under a running server, and a denial is heard of only by who tries:
 * that something is denied is asked each time and never remembered.
 */
function askAsPermitted(reader: Reader): Ask {
  let isPermitted = false;
  async function place(): Promise<Place> {
    if (isPermitted) return { table: 'identity' };
    const { may, name } = (await reader.get(MAY_READ)) ?? {};
    isPermitted = may === true;
    return isPermitted
      ? { table: 'identity' }
      : { table: 'identity_shown', hidden: { because: hiddenFrom(String(name)) } };
  }
  return async (sqlOf, ...values) => {
    const shown = async (): Promise<readonly ShownIdentity[]> => {
      const { table, hidden } = await place();
      return (await reader.all(sqlOf(table), ...values)).map((row) => shownIn(row, hidden));
    };
    return shown().catch((error: unknown) => {
      if (!isNotPermitted(error)) throw error;
      isPermitted = false;
      return shown();
    });
  };
}

const hiddenFrom = (user: string): string =>
  `the store's user ${user} may not read credentials: it lacks SELECT on column record of table identity; \`postern store roles\` prints the rights of each role`;

/** Each state for itself, in the order of its index; then the first of them. */
function inRange(ask: Ask, { states, ending, from, to, max }: LoginRange): Promise<readonly ShownIdentity[]> {
  const ofDomain = ending === undefined ? '' : `${LOGIN_ENDING} = $5 AND `;
  return ask(
    (table) =>
      `SELECT i.record FROM unnest($1::text[]) AS s (state), LATERAL (
         SELECT login, record FROM ${table} WHERE ${ofDomain}state = s.state AND login >= $2 AND login < $3 ORDER BY login LIMIT $4
       ) AS i ORDER BY i.login LIMIT $4`,
    ...[states, from, to, max, ...(ending === undefined ? [] : [ending])],
  );
}

function shownIn(row: Row, hidden: Hidden | undefined): ShownIdentity {
  const record = JSON.parse(text(row, 'record')) as Identity;
  return hidden === undefined ? record : { ...record, credentials: hidden };
}
