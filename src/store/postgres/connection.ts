// A connection to PostgreSQL. pg is imported here and in `client.ts` alone. Statements are prepared at their first use; several of them go as one flush: one
// round trip, one transaction, one commit. An error of the connection itself leaves open what became of what was asked (`ConnectionLost`), one of a statement does not.

import pg from 'pg';
import { reasonInWords } from '../../base/failure-words.ts';
import { type Alarm, createAlarm } from '../../platform/alarm.ts';
import type { Clock } from '../../platform/platform.ts';
import { type Client, clientFor, NoPassword, TAKES_WRITES } from './client.ts';
import { CopyOut, type OctetsRow } from './copy-out.ts';
import { Flush } from './flush.ts';
import { type Attempt, firstToServe, NoneServes } from './hosts.ts';
import { forPg, nameOf } from './statements.ts';

export type SqlValue =
  null | boolean | number | string | Uint8Array | readonly (null | boolean | number | string | Uint8Array)[];
export type Row = Readonly<Record<string, null | boolean | number | string | Uint8Array>>;

export interface Statement {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

export interface Answer {
  readonly rows: readonly Row[];
  /** Rows that it changed or gave. */
  readonly count: number;
}

export interface Connection {
  /** One statement, as a transaction of its own, or within the one that `exec('BEGIN')` began. */
  query(sql: string, ...values: readonly SqlValue[]): Promise<Answer>;
  /** All of them in this order, as one transaction; none is done if one fails. Rejects with the error of the first that failed. */
  flush(statements: readonly Statement[]): Promise<readonly Answer[]>;
  /** What a query gives, large octets too: each value as the server keeps it. It takes no values: nothing that came from outside may stand in it. */
  copyOut(query: string): Promise<readonly OctetsRow[]>;
  /** Statements without values; gives the command tag of the last one, such as `COMMIT`. */
  exec(sql: string): Promise<string>;
  /** Of the server's process. */
  readonly processId: number;
  /** Times that something was asked and waited for. */
  readonly roundTrips: number;
  /** Once it was lost: by whatever came first. */
  readonly lost: ConnectionLost | undefined;
  /** Told once when it is lost, at once if it was before; not of `close`. */
  onLost(listener: (error: ConnectionLost) => void): void;
  /** Tells what `NOTIFY` said on the channels that were listened to. */
  onNotification(listener: (channel: string, payload: string) => void): void;
  /** Ends it at once; what is still asked is lost. */
  destroy(because: string): void;
  /** Ends it after what was asked has been answered. */
  close(): Promise<void>;
}

export interface Address {
  /** Name or address, or the directory of a socket (begins with `/`). */
  readonly host: string;
  readonly port: number;
}

/** Plain data: it crosses into threads. */
export interface PostgresServer {
  /** One that takes writes is used (`hosts.ts`). */
  readonly hosts: readonly Address[];
  readonly database: string;
  readonly user: string;
  readonly password?: string;
  /** What is committed must stand on a synchronous standby too. */
  readonly isReplicated?: true;
  /** `require` encrypts and believes any certificate, `verify` asks for one of this host. Absent: in clear. */
  readonly tls?: { readonly mode: 'require' | 'verify'; readonly ca?: string };
}

/** Nothing is known of what was asked last: it was done, or not, or will be a moment later. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** By the server: with its SQLSTATE. */
export class SqlError extends Error {
  override readonly name = 'SqlError';
  readonly code: string;

  constructor(message: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface ConnectOptions {
  readonly clock: Clock;
  /** For an answer, ms; then the connection is lost. Absent: it waits. */
  readonly answerMsMax?: number;
  /** It is known why an answer is late, and that it will come: then it is waited for. */
  isExcused?(): boolean;
  /** Settings of the session, by name. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Reads only: a standby will do. */
  readonly readOnly?: true;
}

/** SQLSTATE: login, no such database, not permitted. Another try can't help. */
const REFUSED = /^(28|3D000|42501)/;

/** Rejects with `SqlError` if all hosts refuse, and with `ConnectionLost` if none takes writes and another try may help. */
export async function connect(server: PostgresServer, options: ConnectOptions): Promise<Connection> {
  const attemptAt = (address: Address): Attempt<Connection> => {
    const client = clientFor(server, address, options);
    return { done: opened(client, server, options), abandon: () => client.connection.stream.destroy() };
  };
  try {
    return await firstToServe(server.hosts, options.clock, attemptAt);
  } catch (error) {
    throw error instanceof NoneServes ? failureOf(error) : error;
  }
}

async function opened(client: Client, server: PostgresServer, options: ConnectOptions): Promise<Connection> {
  try {
    await client.connect();
    const connection = new OpenConnection(client, server, options);
    if (options.readOnly === true || (await takesWrites(connection))) return connection;
  } catch (error) {
    client.connection.stream.destroy();
    throw error;
  }
  client.connection.stream.destroy();
  throw new ConnectionLost('takes no writes');
}

function failureOf({ failures }: NoneServes): Error {
  const known = failures.map(({ error }) => asKnown(error));
  const isRefusal = known.every((error) => error instanceof SqlError && REFUSED.test(error.code));
  if (isRefusal && known[0] !== undefined) return known[0];
  const all = failures.map(({ address, error }) => `${shown(address)}: ${reasonInWords(error)}`);
  return new ConnectionLost(`no PostgreSQL that takes writes: ${all.join('; ')}`);
}

const shown = ({ host, port }: Address): string =>
  host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : `${host}:${port}`;

async function takesWrites(connection: Connection): Promise<boolean> {
  const { rows } = await connection.query(TAKES_WRITES);
  return rows[0]?.['yes'] === true;
}

class OpenConnection implements Connection {
  lost: ConnectionLost | undefined;
  roundTrips = 0;
  readonly #client: Client;
  readonly #answerMsMax: number | undefined;
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  /** Asked, and not answered yet. */
  #open = 0;
  #last: Promise<unknown> = Promise.resolve();
  /** Fails what waits for an answer. */
  #fail: ((error: ConnectionLost) => void) | undefined;
  readonly #lostListeners: ((error: ConnectionLost) => void)[] = [];

  constructor(client: Client, { isReplicated }: PostgresServer, options: ConnectOptions) {
    const { clock, answerMsMax } = options;
    this.#client = client;
    this.#clock = clock;
    this.#answerMsMax = answerMsMax;
    this.#alarm = createAlarm(clock, () => {
      if (options.isExcused?.() === true) this.#waitAgain();
      else this.destroy(`no answer within ${answerMsMax} ms`);
    });
    client.on('error', (error) => this.destroy(error.message));
    client.on('notice', (notice) => {
      if (isReplicated === true && isDoubt(notice))
        this.destroy(`a commit came with a warning: ${notice.message}`);
    });
    client.on('end', () => this.destroy('it was closed'));
  }

  get processId(): number {
    return this.#client.processID ?? 0;
  }

  async query(sql: string, ...values: readonly SqlValue[]): Promise<Answer> {
    const { rows, rowCount } = await this.#ask(() =>
      this.#client.query<Row>({ name: nameOf(sql), text: sql, values: values.map(forPg) }),
    );
    return { rows, count: rowCount ?? 0 };
  }

  flush(statements: readonly Statement[]): Promise<readonly Answer[]> {
    return this.#ask(() => this.#client.query(new Flush(statements)).done);
  }

  copyOut(query: string): Promise<readonly OctetsRow[]> {
    return this.#ask(() => this.#client.query(new CopyOut(query)).done);
  }

  async exec(sql: string): Promise<string> {
    const answer: unknown = await this.#ask(() => this.#client.query(sql));
    const last = (Array.isArray(answer) ? answer.at(-1) : answer) as { readonly command: string };
    return last.command;
  }

  onNotification(listener: (channel: string, payload: string) => void): void {
    this.#client.on('notification', ({ channel, payload = '' }) => listener(channel, payload));
  }

  onLost(listener: (error: ConnectionLost) => void): void {
    if (this.lost === undefined) this.#lostListeners.push(listener);
    else listener(this.lost);
  }

  destroy(because: string): void {
    if (this.lost !== undefined) return;
    this.lost = new ConnectionLost(`the connection to PostgreSQL is lost: ${because}`);
    this.#alarm.set(undefined);
    this.#client.connection.stream.destroy();
    this.#fail?.(this.lost);
    for (const tell of this.#lostListeners) tell(this.lost);
  }

  async close(): Promise<void> {
    await this.#last;
    if (this.lost !== undefined) return;
    this.lost = new ConnectionLost('the connection to PostgreSQL was closed');
    this.#alarm.set(undefined);
    await this.#client.end();
  }

  #waitAgain(): void {
    if (this.#answerMsMax !== undefined) this.#alarm.set(this.#clock.monotonic() + this.#answerMsMax);
  }

  /** One after the other: each has its own time for an answer. */
  #ask<T>(send: () => Promise<T>): Promise<T> {
    this.#open += 1;
    const answered = this.#open === 1 ? this.#answerOf(send) : this.#last.then(() => this.#answerOf(send));
    this.#last = answered.catch(() => undefined);
    return answered;
  }

  async #answerOf<T>(send: () => Promise<T>): Promise<T> {
    const { promise: lost, reject } = Promise.withResolvers<never>();
    try {
      if (this.lost !== undefined) throw this.lost;
      this.roundTrips += 1;
      this.#fail = reject;
      this.#waitAgain();
      return await Promise.race([send(), lost]);
    } catch (error) {
      const known = asKnown(error);
      if (known instanceof ConnectionLost) this.destroy(known.message);
      throw this.lost ?? known;
    } finally {
      this.#open -= 1;
      this.#fail = undefined;
      this.#alarm.set(undefined);
    }
  }
}

/**
 * The wait for a standby was given up: the commit is told as done, and may be lost with this server. Severity and words are no help: a server says them in its own
 * language. The name of the function in PostgreSQL's source is.
 */
function isDoubt({ code, routine }: { code?: string | undefined; routine?: string | undefined }): boolean {
  return code === '57P01' || routine === 'SyncRepWaitForLSN';
}

/** Whatever the code: a server that could not write its log may have committed all the same. */
const FATAL: ReadonlySet<unknown> = new Set(['FATAL', 'PANIC']);
/** SQLSTATE after which the session is over, in any language of the server, unless they are plain errors: 08 connection, 57P0x shutdown, 25P0x stood still for too long. */
const OVER = /^(08|57P0[1-5]|25P0[34])/;
/** A prepared statement is gone, or its plan: only another session can do it. */
const STALE = /^(26000|0A000)/;

function isOver(code: string, severity: string | undefined): boolean {
  if (STALE.test(code) || (OVER.test(code) && severity !== 'ERROR')) return true;
  return FATAL.has(severity) && !REFUSED.test(code);
}

/** As the server itself says that it lets nobody in so. */
const INVALID_AUTHORIZATION = '28000';
/** So pg begins what it finds wrong with a login: the server would never come to say it. */
const LOGIN_OF_PG = /^SASL: /;

function asKnown(error: unknown): ConnectionLost | SqlError {
  if (error instanceof ConnectionLost || error instanceof SqlError) return error;
  const { code } = error as { readonly code?: unknown };
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof NoPassword || LOGIN_OF_PG.test(message))
    return new SqlError(message, INVALID_AUTHORIZATION, { cause: error });
  if (error instanceof pg.DatabaseError && typeof code === 'string')
    return isOver(code, error.severity)
      ? new ConnectionLost(message, { cause: error })
      : new SqlError(message, code, { cause: error });
  return new ConnectionLost(message, { cause: error });
}
