// A port of loopback for a server that a test starts. From below those that the system gives to outgoing connections: else one of another test may have it by
// the time the server listens.

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** `net.ipv4.ip_local_port_range` begins at 32,768. */
const [FIRST, AFTER_LAST] = [10_000, 32_000];
const TRIES = 100;

export async function freePort(): Promise<number> {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const port = randomInt(FIRST, AFTER_LAST);
    if (await isFree(port)) return port;
  }
  throw new Error(`none of ${TRIES} ports was free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
