// How many connections of the web listener and of the console, or sign-ins that are judged, one network may hold: so few that one address can't take all that there are.
// Behind a proxy its clients can't be told apart, and it has to see to that itself.

import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { invariant } from '../base/assert.ts';
import { connectionNetworksOf } from '../identity/network.ts';

/** Connections of all networks together. */
export const CONNECTIONS_OF_WEB = 256;
export const CONNECTIONS_PER_NETWORK = 24;

export interface WebAdmission {
  /** What is to be called when it has closed; undefined: its network holds too many. */
  enter(address: string): (() => void) | undefined;
}

export function createWebAdmission(perNetwork = CONNECTIONS_PER_NETWORK): WebAdmission {
  const held = new Map<string, number>();

  function change(network: string, by: 1 | -1): void {
    const count = (held.get(network) ?? 0) + by;
    invariant(count >= 0, 'a connection of the web listener leaves its place twice');
    if (count > 0) held.set(network, count);
    else held.delete(network);
  }

  return {
    enter(address) {
      const networks = connectionNetworksOf(address);
      const fits = networks.every(({ network, factor }) => (held.get(network) ?? 0) < perNetwork * factor);
      if (!fits) return undefined;
      for (const { network } of networks) change(network, 1);
      return () => {
        for (const { network } of networks) change(network, -1);
      };
    },
  };
}

/** Counts the connection from its first moment, before TLS. `isExempt`: whose clients can’t be told apart. */
export function boundPerNetwork(
  server: Pick<EventEmitter, 'on'>,
  isExempt: (address: string) => boolean = () => false,
): void {
  const admission = createWebAdmission();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    if (isExempt(address)) return;
    const leave = admission.enter(address);
    if (leave === undefined) socket.destroy();
    else socket.once('close', leave);
  });
}
