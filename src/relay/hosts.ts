// The hosts of one route and their health, apart from their connections: which one is dialled, which is left alone, what was learned of each
// (policy/pace.ts). The next in the list is tried when one is down; one that was down is tried by one connection at a time.

import { afterFailure, afterOpening, afterUse, freshPace, messagesOf, type Pace } from '../policy/pace.ts';
import { type HopConnection, type HopOptions, openHopConnection } from './hop-connection.ts';
import { HopDown } from './hop-down.ts';
import type { Hop } from './settings.ts';

/** Messages over one connection, unless the host takes fewer. */
export const MESSAGES_MAX = 500;

export interface Hosts {
  /** Connects to the first host that accepts; throws the error of the last one. */
  connect(): Promise<HopConnection>;
  /** The host refused more over one connection after so many messages, and took them over a fresh one. */
  usedUp(hop: Hop, messages: number): void;
  messagesMax(hop: Hop): number;
  /** All hosts: none took the last connection. */
  readonly down: boolean;
  /** When the first host may be tried again; monotonic, ms. */
  readonly downUntil: number;
}

interface Known {
  readonly hop: Hop;
  pace: Pace;
  probing: boolean;
}

export function createHosts(
  o: Omit<HopOptions, 'hop'> & {
    readonly hops: readonly Hop[];
    readonly longestPauseMs: number;
    /** A connection to this host is open. */
    stands(hop: Hop): boolean;
  },
): Hosts {
  const { clock } = o;
  const hosts = o.hops.map((hop): Known => ({ hop, pace: freshPace, probing: false }));
  function of(hop: Hop): Known {
    const host = hosts.find((one) => one.hop === hop);
    if (host === undefined) throw new Error('a connection to a host of another route');
    return host;
  }
  const isDown = ({ pace }: Known): boolean => pace.failures > 0;

  async function open(host: Known): Promise<HopConnection> {
    const begunAt = clock.monotonic();
    host.probing = isDown(host);
    try {
      const connection = await openInSomeWay({ ...o, hop: host.hop });
      host.pace = afterOpening(host.pace);
      return connection;
    } catch (error) {
      // While a connection to it stands, the host is not down: it only takes no more of them now.
      if (!o.stands(host.hop)) {
        const now = clock.monotonic();
        host.pace = afterFailure(host.pace, { now, begunAt, longestMs: o.longestPauseMs });
      }
      throw error;
    } finally {
      host.probing = false;
    }
  }

  return {
    async connect() {
      const now = clock.monotonic();
      const ready = hosts.filter((host) => host.pace.downUntil <= now && !host.probing);
      let last: unknown = new HopDown('every host is down', 'dial');
      for (const host of ready.length === 0 ? hosts : ready) {
        try {
          return await open(host);
        } catch (error) {
          last = error;
        }
      }
      throw last;
    },
    usedUp(hop, messages) {
      const host = of(hop);
      host.pace = afterUse(host.pace, clock.monotonic(), messages);
    },
    messagesMax(hop) {
      const { pace } = of(hop);
      return messagesOf(pace, clock.monotonic(), MESSAGES_MAX);
    },
    get down() {
      return hosts.every(isDown);
    },
    get downUntil() {
      return Math.min(...hosts.map(({ pace }) => pace.downUntil));
    },
  };
}

/** Encryption without knowing whom to protects from those who only listen: where it breaks, clear text loses nothing (E-T-1, RFC 7435 section 4). */
async function openInSomeWay(options: HopOptions): Promise<HopConnection> {
  const { hop } = options;
  try {
    return await openHopConnection(options);
  } catch (error) {
    const mayBeClear = hop.tls === 'opportunistic' && hop.auth === undefined;
    if (!(error instanceof HopDown) || error.stage !== 'tls' || !mayBeClear) throw error;
    return openHopConnection({ ...options, inClearBecause: error.message });
  }
}
