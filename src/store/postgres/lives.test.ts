// Several nodes on one PostgreSQL.

import { guessesContract } from '../store.contract-guesses.ts';
import { livesContract, type OpenShared, type WriterOptions } from '../store.contract-lives.ts';
import { ConnectionLost } from './connection.ts';
import { openPostgresLookups, openPostgresWriter, type PostgresWriter } from './open.ts';
import { freshDatabase, withoutPostgres } from './postgres.contract-fixtures.ts';

const open: OpenShared = async (ports) => {
  const { server, drop } = await freshDatabase();
  const all: PostgresWriter[] = [];
  const opened = async (options: WriterOptions): Promise<PostgresWriter> => {
    const own = { server, name: `node/${all.length}`, clockOffset: 0, isTrusted: true } as const;
    const writer = await openPostgresWriter({ ...ports, ...options, ...own });
    all.push(writer);
    return writer;
  };
  const lookups = openPostgresLookups({ server, clock: ports.clock, awayMsMax: 0 });
  return {
    lookups,
    async writer(options) {
      let writer = await opened(options);
      /** Who is taken over from is cut off, and comes back as a new thread would. */
      const again = async <T>(ask: () => Promise<T>): Promise<T> => {
        try {
          return await ask();
        } catch (error) {
          if (!(error instanceof ConnectionLost)) throw error;
          writer = await opened(options);
          return ask();
        }
      };
      return {
        apply: (changes) => again(() => writer.apply(changes, writer.laneOf(changes))),
        pulse: (life, isFirst) => again(() => writer.pulse(life, isFirst)),
      };
    },
    async close() {
      lookups.close();
      await Promise.all(all.map((writer) => writer.close()));
      await drop();
    },
  };
};

if (withoutPostgres === false) {
  livesContract('postgres', open);
  guessesContract('postgres', open);
}
