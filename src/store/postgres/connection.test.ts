// A connection against a real server: what is one transaction, what is known after an error, and what is not after a loss.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { virtualClock } from '../../../test/fakes/clock.ts';
import { octetsArray, textsArray } from './arrays.ts';
import { connect, type Connection, ConnectionLost, type ConnectOptions, SqlError } from './connection.ts';
import { inTransaction } from './sql.ts';
import { freshDatabase, withoutPostgres } from './postgres.contract-fixtures.ts';

const skip = withoutPostgres;

async function connected(
  t: TestContext,
  options: Partial<ConnectOptions> = {},
): Promise<readonly [Connection, Connection]> {
  const database = await freshDatabase();
  const { server } = database;
  const both = [
    // Of the two the one that hears more.
    await connect({ ...server, isReplicated: true }, { clock: virtualClock(0), ...options }),
    await connect(server, { clock: virtualClock(0) }),
  ] as const;
  t.after(async () => {
    await Promise.all(both.map((connection) => connection.close()));
    await database[Symbol.asyncDispose]();
  });
  await both[1].exec('CREATE TABLE t (n int PRIMARY KEY, o bytea, w text[])');
  return both;
}

const insert = (n: number) => ({ sql: 'INSERT INTO t (n) VALUES ($1)', values: [n] });

async function numbersIn(connection: Connection): Promise<readonly unknown[]> {
  const { rows } = await connection.query('SELECT n FROM t ORDER BY n');
  return rows.map(({ n }) => n);
}

test('a flush is one transaction: all of it is done, or nothing', { skip }, async (t) => {
  const [connection, other] = await connected(t);
  const answers = await connection.flush([insert(1), insert(2), { sql: 'SELECT n FROM t', values: [] }]);
  assert.deepEqual(
    answers.map(({ count }) => count),
    [1, 1, 2],
  );
  assert.deepEqual(answers[2]?.rows, [{ n: 1 }, { n: 2 }]);
  await assert.rejects(connection.flush([insert(3), insert(1), insert(4)]), {
    name: 'SqlError',
    code: '23505',
  });
  assert.deepEqual(await numbersIn(other), [1, 2]);
});

test(
  'after an error the connection goes on, with statements prepared before it, in it and after it',
  { skip },
  async (t) => {
    const [connection] = await connected(t);
    const divided = (by: number) => ({ sql: 'SELECT 6 / $1::int AS part', values: [by] });
    const shown = (n: number) => ({ sql: 'SELECT $1::int AS shown', values: [n] });
    for (const by of [0, 3, 0, 2]) {
      const flushed = connection.flush([insert(by + 10), divided(by), shown(by)]);
      if (by === 0) await assert.rejects(flushed, { code: '22012' });
      else
        assert.deepEqual(
          (await flushed).map(({ rows }) => rows[0]),
          [undefined, { part: 6 / by }, { shown: by }],
        );
    }
    assert.deepEqual((await connection.query('SELECT $1::int AS shown', 7)).rows, [{ shown: 7 }]);
    assert.deepEqual(await numbersIn(connection), [12, 13]);
  },
);

test('values come back as they were given', { skip }, async (t) => {
  const [connection] = await connected(t);
  const octets = Uint8Array.from([0, 1, 92, 255]);
  const words = ['a', 'b"c\\', null, '', 'NULL', '{x,y}', 'ü'];
  const write = { sql: 'INSERT INTO t VALUES ($1, $2, $3)', values: [5, octets, words] };
  await connection.flush([write]);
  const read = 'SELECT o, to_json(w)::text AS w, n::bigint AS big, $1::bool AS yes FROM t';
  for (const { rows } of [
    await connection.query(read, true),
    ...(await connection.flush([{ sql: read, values: [true] }])),
  ]) {
    const { o, w, big, yes } = rows[0] ?? {};
    assert.deepEqual(o, octets);
    assert.deepEqual([JSON.parse(String(w)), big, yes], [words, 5, true]);
  }
});

test('an array of octets in binary comes as it was given', { skip }, async (t) => {
  const [connection] = await connected(t);
  const lists = [[], [Uint8Array.of(0, 255)], [null, Uint8Array.of(), Uint8Array.of(92)]];
  for (const items of lists) {
    const read = 'SELECT o FROM unnest($1::bytea[]) WITH ORDINALITY AS u (o, at) ORDER BY at';
    const { rows } = await connection.query(read, octetsArray(items));
    assert.deepEqual(
      rows.map(({ o }) => o),
      items,
    );
  }
});

test('an array of texts in binary comes as it was given', { skip }, async (t) => {
  const [connection] = await connected(t);
  for (const items of [[], ['{"a\\"",NULL}'], ['', 'NULL', 'smør 中 🙂', '\n']]) {
    const read = 'SELECT o FROM unnest($1::text[]) WITH ORDINALITY AS u (o, at) ORDER BY at';
    const { rows } = await connection.query(read, textsArray(items));
    assert.deepEqual(
      rows.map(({ o }) => o),
      items,
    );
  }
});

test('a connection that ends leaves open what became of what was asked', { skip }, async (t) => {
  const [connection, other] = await connected(t);
  const slow = connection.flush([insert(1), { sql: 'SELECT pg_sleep(600)', values: [] }]);
  const next = connection.query('SELECT 1');
  const lost = [slow, next].map((asked) => assert.rejects(asked, ConnectionLost));
  await other.query('SELECT pg_terminate_backend($1)', connection.processId);
  await Promise.all(lost);
  await assert.rejects(connection.query('SELECT 1'), ConnectionLost);
  assert.ok(connection.lost);
});

test('an answer that does not come in time ends the connection', { skip }, async (t) => {
  const clock = virtualClock(0);
  const [connection] = await connected(t, { clock, answerMsMax: 5_000 });
  const slow = connection.query('SELECT pg_sleep(600)');
  clock.advance(4_999);
  assert.equal(connection.lost, undefined);
  clock.advance(1);
  await assert.rejects(slow, /no answer within 5000 ms/);
});

test('what is asked together is answered in this order, each with its own time', { skip }, async (t) => {
  const clock = virtualClock(0);
  const [connection, other] = await connected(t, { clock, answerMsMax: 5_000 });
  await connection.exec('SET lock_timeout = 0');
  for (const lock of [1, 2]) await other.query('SELECT pg_advisory_lock($1)', lock);
  const asked = [1, 2].map((lock) => connection.query('SELECT pg_advisory_lock($1)', lock));
  for (const [at, answered] of asked.entries()) {
    clock.advance(4_999);
    await other.query('SELECT pg_advisory_unlock($1)', at + 1);
    await answered;
  }
  assert.equal(connection.lost, undefined);
});

test('a statement whose plan is stale needs another connection', { skip }, async (t) => {
  const [connection, other] = await connected(t);
  await connection.query('SELECT * FROM t');
  await other.exec('ALTER TABLE t ADD COLUMN later int');
  await assert.rejects(connection.query('SELECT * FROM t'), ConnectionLost);
});

test(
  'a transaction that failed inside is undone, and a commit that did not commit is an error',
  { skip },
  async (t) => {
    const [connection, other] = await connected(t);
    const failing = inTransaction(connection, async (sql) => {
      await sql.run('INSERT INTO t (n) VALUES (1)');
      throw new Error('as it happens');
    });
    await assert.rejects(failing, /as it happens/);
    const swallowed = inTransaction(connection, async (sql) => {
      await sql.run('INSERT INTO t (n) VALUES (2)');
      await sql.run('SELECT 1 / 0').catch(() => undefined);
    });
    await assert.rejects(swallowed, /ended with ROLLBACK/);
    assert.deepEqual(await numbersIn(other), []);
    assert.equal(await inTransaction(connection, (sql) => sql.run('INSERT INTO t (n) VALUES (3)')), 1);
  },
);

test(
  'the host that takes writes is used, and all that were tried are named if there is none',
  { skip },
  async (t) => {
    const database = await freshDatabase();
    t.after(() => database[Symbol.asyncDispose]());
    const { hosts, ...server } = database.server;
    const nowhere = { host: '/nonexistent', port: 1 };
    const connection = await connect({ ...server, hosts: [nowhere, ...hosts] }, { clock: virtualClock(0) });
    await connection.exec('ALTER DATABASE ' + server.database + ' SET default_transaction_read_only = on');
    await connection.close();
    await assert.rejects(
      connect({ ...server, hosts: [nowhere, ...hosts] }, { clock: virtualClock(0) }),
      /no PostgreSQL that takes writes: \/nonexistent\/\.s\.PGSQL\.1: .*; .* takes no writes/,
    );
    const wrong = connect({ ...server, hosts, database: 'none' }, { clock: virtualClock(0) });
    await assert.rejects(wrong, /database "none" does not exist/);
  },
);

test(
  'no statement is compiled, where PostgreSQL can: it would take longer than all else',
  { skip },
  async (t) => {
    const [connection] = await connected(t);
    assert.deepEqual((await connection.query('SHOW jit')).rows, [{ jit: 'off' }]);
  },
);

test('what a role or a database sets weakens nothing that we rely on', { skip }, async (t) => {
  const database = await freshDatabase();
  t.after(() => database[Symbol.asyncDispose]());
  const clock = virtualClock(0);
  const theirs = {
    synchronous_commit: ['off', 'on'],
    default_transaction_isolation: ['serializable', 'read committed'],
    client_min_messages: ['error', 'warning'],
    bytea_output: ['escape', 'hex'],
    array_nulls: ['off', 'on'],
    statement_timeout: ['1s', '0'],
    idle_session_timeout: ['1s', '0'],
    idle_in_transaction_session_timeout: ['0', '10s'],
    client_connection_check_interval: ['0', '5s'],
    lock_timeout: ['0', '2s'],
  };
  const before = await connect(database.server, { clock });
  const [version] = (await before.query("SELECT current_setting('server_version_num')::int AS n")).rows;
  if (Number(version?.['n']) >= 170_000) Object.assign(theirs, { transaction_timeout: ['1s', '0'] });
  for (const [name, [set]] of Object.entries(theirs))
    await before.exec(`ALTER DATABASE ${database.server.database} SET ${name} = '${set}'`);
  await before.close();
  const connection = await connect(database.server, { clock });
  for (const [name, [, kept]] of Object.entries(theirs))
    assert.deepEqual((await connection.query('SELECT current_setting($1) AS is', name)).rows, [{ is: kept }]);
  await connection.close();
});

test(
  'who stands still within a transaction is cut off, and what he has locked is free',
  { skip },
  async (t) => {
    const [connection, other] = await connected(t, {
      settings: { idle_in_transaction_session_timeout: '50ms' },
    });
    await connection.exec('BEGIN; LOCK TABLE t');
    await other.exec('BEGIN; LOCK TABLE t; COMMIT');
    await assert.rejects(connection.exec('COMMIT'), ConnectionLost);
  },
);

test('a warning that comes with each write ends nothing', { skip }, async (t) => {
  const [connection, other] = await connected(t);
  await other.exec(`CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      RAISE WARNING 'database "d" must be vacuumed within 10000000 transactions'; RETURN NULL; END $$;
    CREATE TRIGGER warn AFTER INSERT ON t EXECUTE FUNCTION warn()`);
  await connection.flush([insert(1)]);
  await inTransaction(connection, (sql) => sql.run('INSERT INTO t (n) VALUES (2)'));
  assert.deepEqual(await numbersIn(connection), [1, 2]);
});

test('an error of the server has its SQLSTATE', { skip }, async (t) => {
  const [connection] = await connected(t);
  await assert.rejects(
    connection.query('SELECT nothing FROM nowhere'),
    (error) => error instanceof SqlError && error.code === '42P01',
  );
});

test('octets come out as they are, however many, and what is absent as null', { skip }, async (t) => {
  const [connection] = await connected(t);
  const octets = (n: number) => new Uint8Array(n * 5_000).map((_, at) => (at * 7 + n) % 256);
  for (let n = 0; n < 60; n += 1)
    await connection.query('INSERT INTO t (n, o) VALUES ($1, $2)', n, n === 3 ? null : octets(n));
  const rows = await connection.copyOut('SELECT o, n = 5 FROM t ORDER BY n');
  assert.equal(rows.length, 60);
  for (const [n, row] of rows.entries())
    assert.deepEqual(row, [n === 3 ? null : octets(n), new Uint8Array([n === 5 ? 1 : 0])]);
  assert.deepEqual(await connection.copyOut('SELECT o FROM t WHERE n < 0'), []);
  await assert.rejects(connection.copyOut('SELECT x FROM t'), { name: 'SqlError', code: '42703' });
  assert.deepEqual(await connection.copyOut('SELECT n FROM t WHERE n = 1'), [[new Uint8Array([0, 0, 0, 1])]]);
});
