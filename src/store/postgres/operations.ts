// What an operator has of a store on PostgreSQL, over a connection for each question.

import { systemClock } from '../../platform/clock.ts';
import { systemEntropy } from '../../platform/entropy.ts';
import { type StoreOperations, type StoreRole, storeRoles } from '../operations.ts';
import { ServerUnfit } from '../engine-errors.ts';
import { adviceOf } from './advise.ts';
import { connect, type Connection, type PostgresServer } from './connection.ts';
import { KNOWN, migrate, schemaIn } from './migration.ts';
import { openPostgresStore } from './open.ts';
import type { StoreActor } from './record-apart.ts';
import { recount } from './recount.ts';
import { asStoreError } from './refusals.ts';
import { grantsOf } from './rights.ts';
import { assertFit } from './server-checks.ts';
import { statusOf } from './status.ts';

const RUN_OCTETS = 4;

export function postgresOperations(server: PostgresServer): StoreOperations {
  const isReplicated = server.isReplicated === true;

  async function asking<T>(ask: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      const connection = await connect(server, { clock: systemClock });
      try {
        return await ask(connection);
      } finally {
        await connection.close();
      }
    } catch (error) {
      throw asStoreError(error, server);
    }
  }

  return {
    status: () => asking((connection) => statusOf(connection)),
    migrate: ({ by }) =>
      asking(async (connection) => {
        await assertFit(connection, isReplicated);
        return migrate(connection, { actor: actorOf(by) });
      }),
    keep: async ({ retentionMs, by }) => {
      await asking(assertOwner);
      return keep(server, { retentionMs, by });
    },
    recount: ({ by }) =>
      asking(async (connection) => {
        await assertForward(connection);
        return recount(connection, actorOf(by));
      }),
    advise: (plan) => asking((connection) => adviceOf(connection, { ...plan, isReplicated })),
    roles: (users) => asking((connection) => rolesIn(connection, users)),
  };
}

const actorOf = (by: string): StoreActor => ({ by, now: systemClock.now(), entropy: systemEntropy() });

const SLICE = 500;

async function assertOwner(connection: Connection): Promise<void> {
  const { isOurs, owner } = await schemaIn(connection);
  if (!isOurs)
    throw new ServerUnfit(`only the owner of the tables may do that: let \`store.postgres\` name "${owner}"`);
}

async function assertForward(connection: Connection): Promise<void> {
  const { version } = await schemaIn(connection);
  if (version < KNOWN)
    throw new ServerUnfit(
      `the tables have schema ${version}, and this Postern needs ${KNOWN}: bring them forward by \`postern store migrate\`, as their owner`,
    );
}

async function keep(
  server: PostgresServer,
  { retentionMs, by }: Parameters<StoreOperations['keep']>[0],
): Promise<number> {
  const entropy = systemEntropy();
  const name = `keep/${Buffer.from(entropy.bytes(RUN_OCTETS)).toString('hex')}`;
  const unlimited = { queuedMessagesMax: () => undefined, strangersMessagesMax: () => undefined };
  const opened = await openPostgresStore({ server, clock: systemClock, entropy, name, ...unlimited });
  try {
    let forgotten = 0;
    for (let more = true; more;) {
      const now = systemClock.now();
      const [outcome] = await opened.store.commit([
        { type: 'purge', eventsBefore: now - retentionMs, now, max: SLICE, by },
      ]);
      if (outcome.type === 'failed') throw new Error(`nothing more could be forgotten: ${outcome.cause}`);
      forgotten += outcome.count;
      ({ more } = outcome);
    }
    while (await opened.writer.idle());
    return forgotten;
  } finally {
    await opened.close();
  }
}

async function rolesIn(
  connection: Connection,
  users: Readonly<Partial<Record<StoreRole, string>>>,
): ReturnType<StoreOperations['roles']> {
  const { version } = await schemaIn(connection);
  if (version === 0)
    throw new Error('there are no tables yet: make them by `postern store migrate`, as their owner');
  const given = [];
  for (const role of storeRoles) {
    const user = users[role];
    if (user !== undefined) given.push({ role, user, sql: await grantsOf(connection, role, user) });
  }
  return given;
}
