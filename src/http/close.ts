// The end of an HTTP server: no new connections, what is being answered may finish for a moment, and nobody can hold the end up.

import type { Server } from 'node:http';

const GRACE_MS = 1000;

export function closeServer(server: Server, graceMs = GRACE_MS): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
  });
}
