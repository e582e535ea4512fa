// Bodies too large to go with their accept, written by the front that takes them in, over a connection of its own. It does not wait for the disk: the accept does,
// and what was written before it is durable with it (`bodies.ts`).

import type { MessageId } from '../../base/message-id.ts';
import { type Stage, StoreUnavailable } from '../port.ts';
import { hasBody, insertPart, PART_OCTETS, removeBody } from './bodies.ts';
import { connect, type Connection, ConnectionLost, type PostgresServer } from './connection.ts';
import { isFull } from './sql-states.ts';
import { sqlOver } from './sql.ts';
import { createWhileAway, type Patience } from './while-away.ts';

export interface OpenStages {
  stage(id: MessageId): Promise<Stage>;
  close(): Promise<void>;
}

/** For an answer, ms. */
const ANSWER_MS_MAX = 30_000;

/** One that can't be begun is tried again as `while-away.ts` says; one that was begun is lost with its connection. */
export function openStages(server: PostgresServer, patience: Patience): OpenStages {
  const { clock } = patience;
  const whileAway = createWhileAway(patience);
  let last: Promise<Connection> | undefined;

  const open = (): Promise<Connection> =>
    connect(server, { clock, answerMsMax: ANSWER_MS_MAX, settings: { synchronous_commit: 'off' } });

  function live(): Promise<Connection> {
    last =
      last === undefined ? open() : last.then((known) => (known.lost === undefined ? known : open()), open);
    return last;
  }

  return {
    stage: (id) => asked(() => whileAway(async () => stageOver(await live(), id))),
    async close() {
      const connection = await last?.catch(() => undefined);
      await connection?.close();
    },
  };
}

/** All of it over one connection: if that is lost, nobody knows which parts are kept. */
export async function stageOver(connection: Connection, id: MessageId): Promise<Stage> {
  const sql = sqlOver(connection);
  if (await hasBody(sql, id)) throw new Error(`a body is staged as ${id} already`);
  const part = new Uint8Array(PART_OCTETS);
  let number = 0;
  let filled = 0;
  let isOpen = true;

  async function write(): Promise<void> {
    await insertPart(sql, id, number, part.subarray(0, filled));
    number += 1;
    filled = 0;
  }

  async function append(piece: Uint8Array): Promise<void> {
    for (let at = 0; isOpen && at < piece.length;) {
      const taken = piece.subarray(at, at + PART_OCTETS - filled);
      part.set(taken, filled);
      at += taken.length;
      filled += taken.length;
      if (filled === PART_OCTETS) await write();
    }
  }

  return {
    append: (...pieces) =>
      asked(async () => {
        for (const piece of pieces) await append(piece);
      }),
    finish: () =>
      asked(async () => {
        isOpen = false;
        await write();
      }),
    async discard() {
      isOpen = false;
      // What can't be removed now is swept later.
      await removeBody(sql, id).catch(() => undefined);
    },
  };
}

/** What failed, as who writes a body knows it from a disk. */
async function asked<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const options = { cause: error };
    if (isFull(error)) throw Object.assign(new Error('the database is full', options), { code: 'ENOSPC' });
    if (error instanceof ConnectionLost) throw new StoreUnavailable(error.message, options);
    throw error;
  }
}
