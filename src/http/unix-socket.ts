// A Unix socket of ours: replaces the socket that an earlier process left, never a file of somebody else.

import { chmodSync, lstatSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { CannotBind, listening } from '../platform/listen.ts';
import { connectTo } from './own-socket.ts';

/** `sun_path` of Linux, without its final NUL. */
const PATH_OCTETS_MAX = 107;

/** Nobody may connect before `mode` is set. Rejects with `CannotBind`; `what` is who wanted it. */
export async function listenOnSocket(
  server: Server,
  what: string,
  path: string,
  mode: number,
  notTaken: (error: Error) => void,
): Promise<void> {
  if (Buffer.byteLength(path) > PATH_OCTETS_MAX)
    throw new CannotBind(
      `${what}: ${path} is longer than the ${PATH_OCTETS_MAX} octets that a socket's path may have`,
    );
  try {
    await removeLeft(what, path);
    const mask = process.umask(0o177);
    try {
      await listening(server, { path }, notTaken);
    } finally {
      process.umask(mask);
    }
    chmodSync(path, mode);
  } catch (error) {
    if (error instanceof CannotBind) throw error;
    const because = error instanceof Error ? error.message : String(error);
    throw new CannotBind(`${what}: ${path} can't be made: ${because}`, { cause: error });
  }
}

async function removeLeft(what: string, path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket())
    throw new CannotBind(`${what}: ${path} is there already and is no socket: move it away`);
  const isAnswered = await connectTo(path).then(
    (socket) => Boolean(socket.destroy()),
    () => false,
  );
  if (isAnswered) throw new CannotBind(`${what}: ${path} is in use by another program`);
  rmSync(path);
}
