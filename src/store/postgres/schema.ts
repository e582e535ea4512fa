// The tables, as steps from one version to the next. Steps only add: code of the version before goes on working beside them. Text is compared by its octets.

import type { Connection } from './connection.ts';
import { ServerUnfit, StoreTooNew } from '../engine-errors.ts';
import { number, optionalText, text } from '../row.ts';

/** One step is one version; a step that was released never changes. */
const steps: readonly string[] = [
  `
  CREATE SEQUENCE message_n;
  -- In hand where it was accepted, its first attempt under way (\`inflight.ts\`); or withdrawn before it came.
  CREATE TABLE inflight (
    id uuid PRIMARY KEY, n bigint NOT NULL DEFAULT nextval('message_n'), owner text COLLATE "C" NOT NULL, withdrawn_until bigint,
    accepted_at bigint, role text, identity_id text COLLATE "C", credential_id text COLLATE "C", reverse_path text COLLATE "C", envelope text,
    octets bigint, header_octets bigint, header_utf8 bool, body_8bit bool, due_at bigint,
    attempt int, forward_paths text[], domains text[], parameters text[], staged bool, content bytea
  );
  ALTER TABLE inflight ALTER COLUMN content SET STORAGE EXTERNAL;
  CREATE INDEX inflight_withdrawn ON inflight (withdrawn_until) WHERE withdrawn_until IS NOT NULL;

  CREATE TABLE message (
    id uuid PRIMARY KEY, n bigint NOT NULL, accepted_at bigint NOT NULL, role text NOT NULL, identity_id text COLLATE "C",
    credential_id text COLLATE "C", reverse_path text COLLATE "C" NOT NULL, envelope text NOT NULL, octets bigint NOT NULL,
    header_octets bigint NOT NULL, header_utf8 bool NOT NULL, body_8bit bool NOT NULL
  );
  CREATE INDEX message_identity ON message (identity_id);
  -- staged: \`bytes\` is the header, and the rest stands in \`body\`.
  CREATE TABLE content (id uuid PRIMARY KEY, staged bool NOT NULL, bytes bytea NOT NULL);
  ALTER TABLE content ALTER COLUMN bytes SET STORAGE EXTERNAL;
  CREATE TABLE body (id uuid NOT NULL, part int NOT NULL, bytes bytea NOT NULL, PRIMARY KEY (id, part));
  ALTER TABLE body ALTER COLUMN bytes SET STORAGE EXTERNAL;

  -- held: bits, see \`held.ts\`. claim: token of the claim that leased it.
  CREATE TABLE recipient (
    message_id uuid NOT NULL, number int NOT NULL, identity_id text COLLATE "C", forward_path text COLLATE "C" NOT NULL,
    domain text COLLATE "C" NOT NULL, parameters text, due_at bigint NOT NULL, held int NOT NULL DEFAULT 0, owner text COLLATE "C",
    claim text, attempt int NOT NULL, delay_reported bool NOT NULL DEFAULT false, PRIMARY KEY (message_id, number)
  ) WITH (fillfactor = 70);
  -- Each ends with the key, so that whoever goes by it goes in one order, from any place on.
  CREATE INDEX recipient_lane ON recipient (domain, due_at, message_id, number) WHERE owner IS NULL AND held = 0;
  CREATE INDEX recipient_owned ON recipient (owner, claim) WHERE owner IS NOT NULL;
  CREATE INDEX recipient_parked ON recipient (identity_id, message_id, number) WHERE held & 2 <> 0;
  CREATE INDEX recipient_commanded ON recipient (message_id, number) WHERE held & 5 <> 0;
  CREATE INDEX recipient_domain ON recipient (domain, message_id, number);
  CREATE INDEX recipient_identity ON recipient (identity_id, message_id, number) WHERE identity_id IS NOT NULL;

  CREATE TABLE notice (
    message_id uuid NOT NULL, number int NOT NULL, at bigint NOT NULL, due_at bigint NOT NULL, about text NOT NULL,
    PRIMARY KEY (message_id, number)
  );
  CREATE INDEX notice_due ON notice (due_at);

  -- What is in hand is read by its key: for each row that is there, very many may have gone that nobody has cleared away yet.
  CREATE VIEW queued_message AS
    SELECT id, n, accepted_at, role, identity_id, credential_id, reverse_path, envelope, octets, header_octets, header_utf8, body_8bit FROM message
    UNION ALL
    SELECT id, n, accepted_at, role, identity_id, credential_id, reverse_path, envelope, octets, header_octets, header_utf8, body_8bit
      FROM inflight WHERE withdrawn_until IS NULL AND id > '00000000000000000000000000000000';
  CREATE VIEW queued_recipient AS
    SELECT message_id, number, identity_id, forward_path, domain, parameters, due_at, held, owner, attempt, delay_reported FROM recipient
    UNION ALL
    SELECT i.id, (r.number - 1)::int, i.identity_id, r.forward_path COLLATE "C", r.domain COLLATE "C", r.parameters, i.due_at, 0, i.owner, i.attempt, false
      FROM inflight i, unnest(i.forward_paths, i.domains, i.parameters) WITH ORDINALITY AS r (forward_path, domain, parameters, number)
      WHERE i.withdrawn_until IS NULL AND i.id > '00000000000000000000000000000000';

  -- A chain for each connection that writes events (\`chains.ts\`). pid, since: of that connection's process; NULL: that tells nothing. head: so far it had come when
  -- this was written last. indexed: so far its words are in the index. closed: nothing is written to it any more, and all of it is indexed.
  CREATE TABLE chain (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, started_at bigint NOT NULL, pid int, since timestamptz,
    head bigint, head_link bytea, indexed bigint NOT NULL DEFAULT 0, closed bool NOT NULL DEFAULT false
  );
  CREATE INDEX chain_open ON chain (id) WHERE NOT closed;
  CREATE SEQUENCE event_place;
  -- place: in the order of writing, roughly: it has gaps, and two that write at once may commit in the other order.
  CREATE TABLE event (
    place bigint NOT NULL DEFAULT nextval('event_place'), chain int NOT NULL, sequence bigint NOT NULL, time bigint NOT NULL, type text NOT NULL,
    message_id text COLLATE "C", identity_id text COLLATE "C", salt bytea, payload bytea, place_salt bytea, place_content bytea,
    content_hash bytea NOT NULL, link bytea NOT NULL, PRIMARY KEY (chain, sequence)
  );
  CREATE UNIQUE INDEX event_by_place ON event (place);
  CREATE INDEX event_message ON event (message_id) WHERE message_id IS NOT NULL;
  -- Written behind the commits, chain by chain: see \`term-index.ts\`.
  CREATE TABLE term (term text COLLATE "C" NOT NULL, place bigint NOT NULL, PRIMARY KEY (term, place));
  -- How far the sweep of retention has come (\`retention.ts\`); when bodies were swept last (\`sweep.ts\`), ms since the epoch.
  CREATE TABLE mark (name text PRIMARY KEY, value bigint NOT NULL);
  INSERT INTO mark VALUES ('purged', 0), ('kept', 0), ('swept', 0);

  CREATE TABLE identity (
    id text COLLATE "C" PRIMARY KEY, login text COLLATE "C" NOT NULL, state text NOT NULL, revision int NOT NULL, removed_at bigint,
    record text NOT NULL, parked bool NOT NULL DEFAULT false
  );
  CREATE INDEX identity_removed ON identity (removed_at) WHERE state = 'removed';
  -- parked: claims have put mail of it aside (\`parked.ts\`). It comes back from those that are active again.
  CREATE INDEX identity_unparked ON identity (id) WHERE parked AND state = 'active';
  CREATE INDEX identity_login ON identity ((state = 'removed'), login);
  -- Those of the last minute, for other writers (\`hearing.ts\`). gone: JSON.
  CREATE TABLE identity_change (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, changed_at bigint NOT NULL, identity_id text COLLATE "C" NOT NULL,
    revision int NOT NULL, state text NOT NULL, gone text NOT NULL
  );
  CREATE INDEX identity_change_at ON identity_change (changed_at);
  -- Of nodes, see \`lives.ts\`; times by the clock of the database, ms since the epoch. facts: what it says of itself, JSON (\`node-rows.ts\`).
  CREATE TABLE life (
    node text COLLATE "C" NOT NULL, incarnation text COLLATE "C" NOT NULL, state text NOT NULL, until bigint NOT NULL, steady_since bigint NOT NULL,
    process_ids int[], facts text, PRIMARY KEY (node, incarnation)
  ) WITH (fillfactor = 50);
  CREATE TABLE identity_name (name text COLLATE "C" NOT NULL, identity_id text COLLATE "C" NOT NULL, PRIMARY KEY (name, identity_id));
  CREATE INDEX identity_name_of ON identity_name (identity_id);
  CREATE TABLE identity_credential (credential_id text COLLATE "C" PRIMARY KEY, identity_id text COLLATE "C" NOT NULL);
  CREATE INDEX identity_credential_of ON identity_credential (identity_id);
  CREATE TABLE credential_use (
    identity_id text COLLATE "C" NOT NULL, address text COLLATE "C" NOT NULL, credential_id text COLLATE "C" NOT NULL, at bigint NOT NULL,
    PRIMARY KEY (identity_id, address, credential_id)
  );
  -- Each writer has a row of its own: nobody waits for another. Who reads adds them up.
  -- charges: so many are counted in \`value\`.
  CREATE TABLE counter (
    identity_id text COLLATE "C" NOT NULL, writer text COLLATE "C" NOT NULL, charges bigint NOT NULL, value bytea NOT NULL,
    PRIMARY KEY (identity_id, writer)
  ) WITH (fillfactor = 50);
  -- Wrong secrets, as each process has counted them at that time (\`guesses.ts\`).
  CREATE UNLOGGED TABLE guess (
    name text COLLATE "C" NOT NULL, writer text COLLATE "C" NOT NULL, count float8 NOT NULL, at bigint NOT NULL, PRIMARY KEY (name, writer)
  );
  CREATE INDEX guess_at ON guess (at);
  CREATE TABLE shared_key (purpose text COLLATE "C" NOT NULL, period text COLLATE "C" NOT NULL, key bytea NOT NULL, PRIMARY KEY (purpose, period));
  `,
];

/** Brings the tables forward, or makes them. Several who begin at once wait for each other. */
export async function migrate(connection: Connection): Promise<void> {
  await assertInPlace(connection);
  await connection
    .exec('CREATE TABLE IF NOT EXISTS schema_version (version int NOT NULL)')
    .catch((error: unknown) => {
      // Another made it at the same moment.
      if ((error as { readonly code?: string }).code !== '23505') throw error;
    });
  await connection.exec('BEGIN');
  try {
    // Not an advisory lock: whoever may connect to the database could hold that, and keep every node from starting.
    await connection.exec('LOCK TABLE schema_version IN EXCLUSIVE MODE');
    const { rows } = await connection.query(
      'SELECT coalesce(max(version), 0) AS version FROM schema_version',
    );
    const version = number(rows[0] ?? {}, 'version');
    if (version > steps.length)
      throw new StoreTooNew(
        `the database was written by a newer Postern (schema ${version}, this one knows ${steps.length}): install that version`,
      );
    for (const step of steps.slice(version)) await connection.exec(step);
    if (version < steps.length) {
      await connection.query('DELETE FROM schema_version');
      await connection.query('INSERT INTO schema_version VALUES ($1)', steps.length);
    }
    await connection.exec('COMMIT');
  } catch (error) {
    if (connection.lost === undefined) await connection.exec('ROLLBACK');
    throw error;
  }
}

/** Else a schema that was made since, and comes first in `search_path`, would get an empty store: accounts and mail would be out of sight. Rejects with `ServerUnfit`. */
async function assertInPlace(connection: Connection): Promise<void> {
  const { rows } =
    await connection.query(`SELECT current_schema() AS here, current_user AS role, current_database() AS database,
      (SELECT n.nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass('schema_version')) AS there`);
  const [row = {}] = rows;
  const [here, there] = [optionalText(row, 'here'), optionalText(row, 'there')];
  const byHand = (schema: string): string =>
    `ALTER ROLE "${text(row, 'role')}" IN DATABASE "${text(row, 'database')}" SET search_path = "${schema}"`;
  if (here === undefined)
    throw new ServerUnfit(`search_path names no schema that is there: say where by ${byHand('public')}`);
  if (there !== undefined && there !== here)
    throw new ServerUnfit(
      `the tables are in schema ${there}, and ${here} comes before it in search_path: say which is meant by ${byHand(there)}`,
    );
}
