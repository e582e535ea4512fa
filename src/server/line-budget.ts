// How much strangers may have us write into the log (F-DOS-9): so many lines a minute about one network, for each front, and so many about all of them, of
// which each front has its share. What is left out is said in one line a minute. Whoever logs in is accountable: lines about them are given back, and are not
// bounded.

import { connectionNetworkOf } from '../identity/network.ts';
import type { Clock } from '../platform/platform.ts';

export interface LineBudget {
  /** Asks for lines about this client; gives how many may be written. */
  mayWrite(client: string, lines: number): boolean;
  /** Gives back lines about a client that has logged in since. */
  giveBack(client: string, lines: number): void;
}

export interface LeftOut {
  readonly unwritten: number;
  readonly networks: number;
  /** The network about which most lines were left out. */
  readonly most: string;
}

export const LINES_PER_NETWORK = 120;
export const LINES_IN_ALL = 6000;
const MINUTE_MS = 60_000;
/** Networks counted apart among the lines left out. */
const NETWORKS_MAX = 1000;

export function createLineBudget(o: {
  readonly clock: Clock;
  /** Number of fronts that share the budget. */
  readonly fronts: number;
  isExempt(address: string): boolean;
  leftOut(what: LeftOut): void;
}): LineBudget {
  const inAllMax = Math.floor(LINES_IN_ALL / o.fronts);
  let begunAt = -Infinity;
  let total = 0;
  let written = new Map<string, number>();
  let unwritten = new Map<string, number>();

  function enterMinute(): void {
    const now = o.clock.monotonic();
    if (now - begunAt < MINUTE_MS) return;
    begunAt = now;
    total = 0;
    written = new Map();
  }

  function summarize(): void {
    const rows = [...unwritten].toSorted(([, one], [, other]) => other - one);
    const [first] = rows;
    unwritten = new Map();
    if (first === undefined) return;
    const sum = rows.reduce((all, [, lines]) => all + lines, 0);
    o.leftOut({ unwritten: sum, networks: rows.length, most: first[0] });
  }

  function leaveOut(network: string, lines: number): void {
    if (unwritten.size === 0) o.clock.after(MINUTE_MS, summarize);
    const name = unwritten.has(network) || unwritten.size < NETWORKS_MAX ? network : 'others';
    unwritten.set(name, (unwritten.get(name) ?? 0) + lines);
  }

  return {
    mayWrite(client, lines) {
      if (o.isExempt(client)) return true;
      enterMinute();
      const network = connectionNetworkOf(client);
      const ofNetwork = (written.get(network) ?? 0) + lines;
      if (ofNetwork > LINES_PER_NETWORK || total + lines > inAllMax) {
        leaveOut(network, lines);
        return false;
      }
      written.set(network, ofNetwork);
      total += lines;
      return true;
    },
    giveBack(client, lines) {
      const network = connectionNetworkOf(client);
      const ofNetwork = written.get(network);
      if (ofNetwork === undefined) return;
      const back = Math.min(lines, ofNetwork);
      written.set(network, ofNetwork - back);
      total = Math.max(0, total - back);
    },
  };
}
