// Large octets from the server as they are: pg knows results as text alone, where octets take twice the room. What COPY gives it hands on untouched.
// https://www.postgresql.org/docs/current/sql-copy.html (binary format)

import type { Connection as PgConnection, Submittable } from 'pg';

export type OctetsRow = readonly (Uint8Array | null)[];

/** Signature and flags; the length of an extension follows, which is left out. */
const HEAD_OCTETS = 15;
const LENGTH_OCTETS = 4;
const COUNT_OCTETS = 2;

export class CopyOut implements Submittable {
  /** Each value as the server keeps it. Rejects with the error of the query. */
  readonly done: Promise<readonly OctetsRow[]>;
  readonly #query: string;
  readonly #chunks: Uint8Array[] = [];
  readonly #resolve: (rows: readonly OctetsRow[]) => void;
  readonly #reject: (error: Error) => void;

  /** `query`: without values, so nothing may stand in it that came from outside. */
  constructor(query: string) {
    const { promise, resolve, reject } = Promise.withResolvers<readonly OctetsRow[]>();
    this.done = promise;
    this.#query = query;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit(connection: PgConnection): void {
    (connection as unknown as { query(text: string): void }).query(
      `COPY (${this.#query}) TO STDOUT (FORMAT binary)`,
    );
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    // pg writes over it.
    this.#chunks.push(new Uint8Array(chunk));
  }

  handleCommandComplete(): void {
    // The end follows.
  }

  handleError(error: Error): void {
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    this.#resolve(rowsIn(Buffer.concat(this.#chunks)));
  }
}

function rowsIn(copied: Buffer): readonly OctetsRow[] {
  const rows: OctetsRow[] = [];
  let at = HEAD_OCTETS + LENGTH_OCTETS;
  for (;;) {
    const count = copied.readInt16BE(at);
    at += COUNT_OCTETS;
    if (count < 0) return rows;
    const row: (Uint8Array | null)[] = [];
    for (let field = 0; field < count; field += 1) {
      const length = copied.readInt32BE(at);
      at += LENGTH_OCTETS;
      row.push(length < 0 ? null : new Uint8Array(copied.buffer, copied.byteOffset + at, length));
      at += Math.max(0, length);
    }
    rows.push(row);
  }
}
