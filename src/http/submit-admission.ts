// Who may hold a connection to the submission socket. Everybody on this host may connect, and must then prove which user it is. So there are few places
// for connections without proof, for a short time, and when they are full a newcomer takes the place of one of them by chance. A user bound to no
// identity is disconnected at once; a bound one has a limited number of connections.

import { randomInt } from 'node:crypto';
import { invariant } from '../base/assert.ts';
import type { Clock } from '../platform/platform.ts';
import { rootSocketOf } from './claims.ts';

/** What stands open for it: a socket for everybody, and beside it one that only root can open; each with connections of its own. */
export const doorsOf = (path: string) => [
  { path, mode: 0o666 },
  { path: rootSocketOf(path), mode: 0o600 },
];
export const CONNECTIONS_PER_DOOR = 512;
/** Connections at a time whose user is not proven; beyond it a newcomer takes the place of one of them. */
const UNPROVEN_MAX = 256;
const PROOF_MS = 10_000;
const PER_USER_MAX = 16;

/** The part of a socket that is needed here. */
export interface Held {
  destroy(): void;
  once(event: 'close', listener: () => void): unknown;
}

export interface SubmitAdmission {
  entered(socket: Held): void;
  /** The connection belongs to this user; false: the user holds too many already. */
  proven(socket: Held, uid: number): boolean;
  /** Gives a function to call at the end of the message; undefined: too many of this user's messages are under way. */
  beginMessage(uid: number): (() => void) | undefined;
}

export function createSubmitAdmission(o: {
  readonly clock: Clock;
  readonly messagesMax: number;
  readonly messagesPerUser: number;
}): SubmitAdmission {
  const unproven = new Set<Held>();
  const ofUsers = new Map<Held, number>();
  const underWay: number[] = [];

  function makeRoom(): void {
    const chosen = [...unproven][randomInt(unproven.size)];
    if (chosen === undefined) return;
    unproven.delete(chosen);
    chosen.destroy();
  }

  return {
    entered(socket) {
      if (unproven.size >= UNPROVEN_MAX) makeRoom();
      unproven.add(socket);
      const cancel = o.clock.after(PROOF_MS, () => {
        if (unproven.has(socket)) socket.destroy();
      });
      socket.once('close', () => {
        cancel();
        unproven.delete(socket);
        ofUsers.delete(socket);
      });
    },
    proven(socket, uid) {
      unproven.delete(socket);
      const held = [...ofUsers].filter(([other, owner]) => owner === uid && other !== socket).length;
      if (held >= PER_USER_MAX) return false;
      ofUsers.set(socket, uid);
      return true;
    },
    beginMessage(uid) {
      const own = underWay.filter((other) => other === uid).length;
      if (underWay.length >= o.messagesMax || own >= o.messagesPerUser) return undefined;
      underWay.push(uid);
      return () => {
        const at = underWay.indexOf(uid);
        invariant(at >= 0, 'a message of the submission socket ends twice');
        if (at >= 0) underWay.splice(at, 1);
      };
    },
  };
}
