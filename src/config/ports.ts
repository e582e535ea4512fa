// Every TCP port that the configuration takes, in one list: what two keys would take twice is found before anything is started, and the start
// proves each of them before it serves. `::` is IPv6 alone when it is named; no address is IPv4 and IPv6.

import { isIPv4 } from '../base/network.ts';
import type { Config } from './schema.ts';

export interface PortUse {
  /** Keys from the root. */
  readonly path: readonly (string | number)[];
  readonly address: string | undefined;
  readonly port: number;
}

export function portsOf({
  listeners,
  http,
  web,
  console,
}: Pick<Config, 'listeners' | 'http' | 'web' | 'console'>): readonly PortUse[] {
  return [
    ...listeners.map(({ address, port }, at) => ({ path: ['listeners', at], address, port })),
    ...(http === 'off' ? [] : [{ path: ['http'], address: http.address, port: http.port }]),
    ...(web === undefined ? [] : [{ path: ['web'], address: web.address, port: web.port }]),
    ...(console === 'off' ? [] : [{ path: ['console'], address: console.address, port: console.port }]),
  ];
}

/** The later of two uses that can't stand beside each other, with the earlier one. */
export function portsTakenTwice(
  uses: readonly PortUse[],
): readonly (readonly [later: PortUse, earlier: PortUse])[] {
  return uses.flatMap((later, at) => {
    const earlier = uses
      .slice(0, at)
      .find((use) => use.port === later.port && overlap(use.address, later.address));
    return earlier === undefined ? [] : [[later, earlier] as const];
  });
}

/**
 * As the kernel sees it for sockets that listen: an address for all of a family takes each of the family. With SO_REUSEPORT, which several fronts
 * share their ports by, it would let such a pair in: the outcome must not depend on the number of fronts.
 */
function overlap(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return true;
  const [a, b] = [canonical(one), canonical(other)];
  if (a === b) return true;
  if (isIPv4(a) !== isIPv4(b)) return false;
  return [a, b].some((address) => address === '0.0.0.0' || address === '::');
}

/** One spelling of an address; IPv4 in IPv6 is IPv4. */
function canonical(address: string): string {
  if (isIPv4(address)) return address;
  const [plain = '', zone] = address.split('%');
  const short = new URL(`http://[${plain}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short);
  if (mapped === null) return zone === undefined ? short : `${short}%${zone}`;
  const octets = mapped.slice(1).flatMap((part) => {
    const value = parseInt(part, 16);
    return [value >> 8, value & 0xff];
  });
  return octets.join('.');
}
