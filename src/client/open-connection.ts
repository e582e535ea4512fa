// A connection to one candidate, from nothing to authenticated. An aborted signal leaves nothing open.

import type { Wire } from '../platform/network.ts';
import { abortable } from './abort.ts';
import { Connection, type ConnectionSettings } from './connection.ts';
import { dialFailure } from './failures.ts';

/** Dials, secures and authenticates; rejects with `CandidateFailed`. */
export async function openConnection(
  settings: ConnectionSettings,
  signal?: AbortSignal,
): Promise<Connection> {
  signal?.throwIfAborted();
  const { host, port } = settings.candidate;
  const dialled = settings.network.dial({ host, port }, settings.connectMs);
  let wire: Wire;
  try {
    wire = await abortable(dialled, signal);
  } catch (error) {
    if (signal?.aborted !== true) throw dialFailure(error);
    dialled.then((late) => late.destroy()).catch(() => undefined);
    throw error;
  }
  const connection = new Connection(settings, wire);
  try {
    await abortable(connection.open(), signal);
  } catch (error) {
    connection.destroy();
    throw error;
  }
  return connection;
}
