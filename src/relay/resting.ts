// Idle connections of a route: the one used last is taken first, and each is closed after half a minute.

import type { Clock } from '../platform/platform.ts';
import type { HopConnection } from './hop-connection.ts';
import type { Hop } from './settings.ts';

const IDLE_MS = 30_000;

export interface Resting {
  keep(connection: HopConnection): void;
  take(): HopConnection | undefined;
  /** Connections that may still be used; of this hop, if one is named. */
  count(hop?: Hop): number;
  quitAll(): void;
}

export function createResting(clock: Clock): Resting {
  const idle: { readonly connection: HopConnection; readonly cancel: () => void }[] = [];

  function take(): HopConnection | undefined {
    for (;;) {
      const entry = idle.pop();
      if (entry === undefined) return undefined;
      entry.cancel();
      if (entry.connection.usable) return entry.connection;
    }
  }

  return {
    keep(connection) {
      const cancel = clock.after(IDLE_MS, () => {
        const at = idle.findIndex((entry) => entry.connection === connection);
        if (at >= 0) idle.splice(at, 1);
        connection.quit();
      });
      idle.push({ connection, cancel });
    },
    take,
    count: (hop) =>
      idle.filter(({ connection }) => connection.usable && (hop === undefined || connection.hop === hop))
        .length,
    quitAll() {
      for (let one = take(); one !== undefined; one = take()) one.quit();
    },
  };
}
