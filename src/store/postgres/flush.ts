// Several prepared statements before one Sync: PostgreSQL does them as one transaction and answers in one go. pg sends a Sync after each statement; this is what
// it is handed instead ("submittable"). https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING

import type { Connection as PgConnection, Submittable } from 'pg';
import type { Answer, Row, Statement } from './connection.ts';
import { nameOf, onWire } from './statements.ts';
import { valueTypes } from './value-types.ts';

/** The part of pg's connection that is used, which its types leave out. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void };
  /** By name: their text. Known to pg's own queries too. */
  readonly parsedStatements: Record<string, string>;
  parse(statement: { readonly name: string; readonly text: string }): void;
  bind(portal: {
    readonly statement: string;
    readonly values: readonly unknown[];
    valueMapper: typeof onWire;
  }): void;
  describe(portal: { readonly type: 'P' }): void;
  execute(): void;
  sync(): void;
  on(event: 'parseComplete', listener: () => void): void;
  off(event: 'parseComplete', listener: () => void): void;
}

interface Field {
  readonly name: string;
  readonly dataTypeID: number;
}

export class Flush implements Submittable {
  /** Rejects with the error of the first statement that failed; then none was done. */
  readonly done: Promise<readonly Answer[]>;
  readonly #statements: readonly Statement[];
  readonly #answers: Answer[] = [];
  readonly #parsing: Statement[] = [];
  readonly #resolve: (answers: readonly Answer[]) => void;
  readonly #reject: (error: Error) => void;
  #wire: Wire | undefined;
  #fields: readonly Field[] = [];
  #rows: Row[] = [];

  constructor(statements: readonly Statement[]) {
    const { promise, resolve, reject } = Promise.withResolvers<readonly Answer[]>();
    this.done = promise;
    this.#statements = statements;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit(connection: PgConnection): void {
    const wire = connection as unknown as Wire;
    this.#wire = wire;
    wire.on('parseComplete', this.#parsed);
    wire.stream.cork();
    for (const statement of this.#statements) this.#send(wire, statement);
    wire.sync();
    wire.stream.uncork();
  }

  #send(wire: Wire, statement: Statement): void {
    const name = nameOf(statement.sql);
    if (
      wire.parsedStatements[name] === undefined &&
      !this.#parsing.some(({ sql }) => sql === statement.sql)
    ) {
      this.#parsing.push(statement);
      wire.parse({ name, text: statement.sql });
    }
    wire.bind({ statement: name, values: statement.values, valueMapper: onWire });
    wire.describe({ type: 'P' });
    wire.execute();
  }

  /** In the order of parsing; after an error nothing more is parsed. */
  readonly #parsed = (): void => {
    const statement = this.#parsing.shift();
    if (statement !== undefined && this.#wire !== undefined)
      this.#wire.parsedStatements[nameOf(statement.sql)] = statement.sql;
  };

  handleRowDescription({ fields }: { readonly fields: readonly Field[] }): void {
    this.#fields = fields;
  }

  handleDataRow({ fields: values }: { readonly fields: readonly (string | null)[] }): void {
    const row: Record<string, Row[string]> = {};
    for (const [at, { name, dataTypeID }] of this.#fields.entries()) {
      const value = values[at] ?? null;
      row[name] = value === null ? null : (valueTypes.getTypeParser(dataTypeID)(value) as Row[string]);
    }
    this.#rows.push(row);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#answers.push({ rows: this.#rows, count: Number(/\d+$/.exec(text)?.[0] ?? 0) });
    this.#rows = [];
    this.#fields = [];
  }

  handleError(error: Error): void {
    this.#wire?.off('parseComplete', this.#parsed);
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    this.#wire?.off('parseComplete', this.#parsed);
    this.#resolve(this.#answers);
  }
}
