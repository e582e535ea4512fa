// Several connections that serve one purpose: all of them are there, or none is left open.

import { connect, type Connection, type ConnectOptions, type PostgresServer } from './connection.ts';

export interface Connections {
  readonly all: readonly Connection[];
  /** As `connect`. */
  open(options: ConnectOptions): Promise<Connection>;
}

/** What `use` has opened stays open if it resolves. */
export async function withConnections<T>(
  server: PostgresServer,
  use: (connections: Connections) => Promise<T>,
): Promise<T> {
  const all: Connection[] = [];
  const open = async (options: ConnectOptions): Promise<Connection> => {
    const connection = await connect(server, options);
    all.push(connection);
    return connection;
  };
  try {
    return await use({ all, open });
  } catch (error) {
    for (const connection of all) connection.destroy('nobody needs it');
    throw error;
  }
}
