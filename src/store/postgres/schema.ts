// The tables, as steps from one version to the next. Steps only add: code of the version before goes on working beside them (`migration.ts`). Text is compared by its octets.

/** Of a login from its last @ on: `@example.org`; NULL for a service without one. */
export const LOGIN_ENDING = "(substring(login FROM '@[^@]*$'))";

/** One step is one version; a step that was released never changes. */
export const steps: readonly string[] = [
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
  -- Always true: only who says so himself is led here. Who goes by a message or by what is due would be led here where PostgreSQL takes the queue for empty.
  CREATE INDEX recipient_domain ON recipient (domain, message_id, number) WHERE number >= 0;
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
  -- For other writers (\`feed.ts\`). gone: JSON.
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
  // See `partitions.ts`. What is there becomes the first partition as it is: an index is built and all is read once (2.4 s for 200,000 events).
  `
  ALTER TABLE event RENAME TO event_0;
  ALTER TABLE event_0 DROP CONSTRAINT event_pkey, ADD CONSTRAINT event_0_pkey PRIMARY KEY USING INDEX event_by_place;
  ALTER INDEX event_message RENAME TO event_0_message;
  CREATE INDEX event_0_chain ON event_0 (chain, sequence);
  CREATE TABLE event (LIKE event_0 INCLUDING DEFAULTS, PRIMARY KEY (place)) PARTITION BY RANGE (place);
  CREATE INDEX event_chain ON event (chain, sequence);
  CREATE INDEX event_message ON event (message_id) WHERE message_id IS NOT NULL;
  ALTER TABLE term RENAME TO term_0;
  ALTER TABLE term_0 RENAME CONSTRAINT term_pkey TO term_0_pkey;
  CREATE TABLE term (LIKE term_0, PRIMARY KEY (term, place)) PARTITION BY RANGE (place);
  ALTER TABLE event ATTACH PARTITION event_0 FOR VALUES FROM (0) TO (1000000000);
  ALTER TABLE term ATTACH PARTITION term_0 FOR VALUES FROM (0) TO (1000000000);
  -- Of mail that is still queued when its day is dropped (\`trail-drop.ts\`).
  CREATE TABLE event_kept PARTITION OF event FOR VALUES FROM (MINVALUE) TO (0);
  CREATE TABLE term_kept PARTITION OF term FOR VALUES FROM (MINVALUE) TO (0);
  CREATE TABLE event_default PARTITION OF event DEFAULT;
  CREATE TABLE term_default PARTITION OF term DEFAULT;
  -- Those that were made. Of the n-th are the places from n thousand millions on. begun_at: when the first of them was given; NULL: not yet. ended_at: when no more
  -- were, and no event in it is of a later time. Both ms since the epoch.
  CREATE TABLE trail_partition (n int PRIMARY KEY, begun_at bigint, ended_at bigint);
  INSERT INTO trail_partition VALUES (0);
  -- For so many days each.
  INSERT INTO mark VALUES ('partitions', 1);
  -- Of queued mail, by the time in its id: so far events were put aside from the oldest partition; 0: from the beginning.
  INSERT INTO mark VALUES ('aside', 0);
  -- indexed_place: of the event that indexed names. checkpoint: the events up to here are gone, but those of mail that was queued.
  ALTER TABLE chain ADD COLUMN indexed_place bigint NOT NULL DEFAULT 0, ADD COLUMN checkpoint bigint, ADD COLUMN checkpoint_link bytea;
  UPDATE chain c SET indexed_place = e.place FROM event e WHERE e.chain = c.id AND e.sequence = c.indexed;
    `,
  `
  -- What each statement put into the queue tables, or took out of them, until it is added to the totals (\`queue-totals.ts\`).
  CREATE TABLE queue_change (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, count bigint NOT NULL
  );
  -- kind: \`domain\` counts recipients, \`role\` messages.
  CREATE TABLE queue_total (
    kind text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, count bigint NOT NULL, PRIMARY KEY (kind, key)
  ) WITH (fillfactor = 50);
  CREATE INDEX queue_total_zero ON queue_total (kind, key) WHERE count = 0;
  CREATE FUNCTION count_recipients() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO queue_change (kind, key, count)
      SELECT 'domain', domain, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END FROM changed GROUP BY domain;
    RETURN NULL;
  END $$;
  CREATE FUNCTION count_messages() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO queue_change (kind, key, count)
      SELECT 'role', role, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END FROM changed GROUP BY role;
    RETURN NULL;
  END $$;
  CREATE TRIGGER recipient_came AFTER INSERT ON recipient REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_recipients();
  CREATE TRIGGER recipient_gone AFTER DELETE ON recipient REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_recipients();
  CREATE TRIGGER message_came AFTER INSERT ON message REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_messages();
  CREATE TRIGGER message_gone AFTER DELETE ON message REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_messages();
  -- The triggers keep writers away until this is committed.
  INSERT INTO queue_total SELECT 'domain', domain, count(*) FROM recipient GROUP BY domain;
  INSERT INTO queue_total SELECT 'role', role, count(*) FROM message GROUP BY role;
  `,
  `
  -- Where it runs (\`lease.ts\`, Place).
  ALTER TABLE life ADD COLUMN host text, ADD COLUMN held_lock text;
  `,
  `
  -- By the clock of the database. What is there counts as new: no row is written anew.
  ALTER TABLE body ADD COLUMN staged_at timestamptz NOT NULL DEFAULT now();
  ALTER TABLE body ALTER COLUMN staged_at SET DEFAULT clock_timestamp();
  `,
  `
  -- For who may not read mail, and has to know whether all of it is there.
  CREATE VIEW body_part AS SELECT id, part, octet_length(bytes) AS octets FROM body;
  `,
  `
  -- When each of process_ids was started, microseconds since the epoch: after a restart of the server others have their numbers.
  ALTER TABLE life ADD COLUMN process_since bigint[];
  `,
  // What is held because of them is counted for each look at the health of a node.
  `
  CREATE INDEX identity_silenced ON identity (id) WHERE state <> 'active';
  `,
  // Of mail that is small the content stays in its row: apart from it each message was three rows more and entries of an index, written and deleted.
  `
  ALTER TABLE inflight SET (toast_tuple_target = 8160);
  `,
  // For who has to know who somebody is, and not how they log in.
  `
  CREATE VIEW identity_shown AS SELECT id, login, state, jsonb_set(record::jsonb, '{credentials}', '[]')::text AS record FROM identity;
  `,
  // See `../console-sessions.ts`. Times are milliseconds since the epoch; facts: JSON.
  `
  CREATE TABLE console_session (
    key text COLLATE "C" PRIMARY KEY, identity_id text COLLATE "C" NOT NULL, name text NOT NULL, mark text NOT NULL, used_at bigint NOT NULL,
    ends_at bigint NOT NULL, facts text NOT NULL
  ) WITH (fillfactor = 50);
  CREATE INDEX console_session_of ON console_session (identity_id, ends_at);
  CREATE INDEX console_session_over ON console_session (ends_at);
  `,
  // Accounts are listed by login within a state, and within a domain: of a login from its last @ on.
  `
  CREATE INDEX identity_state ON identity (state, login);
  CREATE INDEX identity_domain ON identity (${LOGIN_ENDING}, state, login);
  `,
  // The access record (`looks-range.ts`). All events are read once.
  `
  CREATE INDEX event_look ON event (time, place) WHERE type IN ('lookedUp', 'consoleSession');
  `,
  // kind `identity` counts recipients, too: whose mail waits is told without counting it.
  `
  LOCK TABLE recipient IN SHARE ROW EXCLUSIVE MODE;
  CREATE OR REPLACE FUNCTION count_recipients() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO queue_change (kind, key, count)
      SELECT 'domain', domain, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END FROM changed GROUP BY domain
      UNION ALL
      SELECT 'identity', identity_id, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END FROM changed
        WHERE identity_id IS NOT NULL GROUP BY identity_id;
    RETURN NULL;
  END $$;
  INSERT INTO queue_total SELECT 'identity', identity_id, count(*) FROM recipient WHERE identity_id IS NOT NULL GROUP BY identity_id;
  `,
];

/** Versions whose step could not only add: code of the version before must not work on them. Each with its reason. */
export const breaking: ReadonlySet<number> = new Set();
