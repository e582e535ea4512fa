// How many connections may stand at once, in the whole process: unauthenticated ones of a network (one IPv4 address; one IPv6 /64, its /56 and its /48),
// authenticated ones of an identity, those of strangers' mail (role mx), and all together; and how many of a network may begin within a minute without
// logging in. Over a limit the new connection is refused, with 421 (5321-ak). Connections being refused are counted until they are closed: beyond a
// twentieth of all they are closed without a reply.

import { networkList } from '../base/network-list.ts';
import { connectionNetworksOf } from '../identity/network.ts';
import type { Counts, Place } from './counts.ts';

export interface AdmissionLimits {
  readonly unauthenticatedPerNetwork: number;
  /** Of one network in a minute, those that log in not counted. Undefined: no limit. */
  readonly newPerMinute: number | undefined;
  readonly perIdentity: number;
  readonly total: number;
  /** So many of them may be of role mx. */
  readonly totalOfStrangers: number;
  /** Networks such as `192.0.2.0/24`: no limit per network. They are never exempt from AUTH. */
  readonly exempt: readonly string[];
}

export type AdmissionRole = 'submission' | 'mx';

export interface Ticket {
  readonly admitted: boolean;
  /** Not admitted, but may get a 421. */
  readonly mayBeTold: boolean;
  /** The connection is an identity's from now on; false: it has too many. */
  authenticated(identityId: string): boolean;
  left(): void;
}

export interface Admission {
  /** `address`: undefined while nobody knows whose it is; then it counts among all alone. */
  connected(address: string | undefined, role: AdmissionRole): Ticket;
  isExempt(address: string): boolean;
  reload(limits: AdmissionLimits): void;
  /** Of all fronts, those that are turned away not among them. */
  readonly connections: number;
}

const TOLD_SHARE = 1 / 20;
const TOLD_MIN = 10;

interface NetworkPlace {
  readonly place: Place;
  readonly factor: number;
}

export function createAdmission(limits: AdmissionLimits, counts: Counts): Admission {
  let current = limits;
  let isExempt = networkList(limits.exempt);

  function placesOf(address: string): readonly NetworkPlace[] {
    return connectionNetworksOf(address).map(({ network, factor }) => ({
      place: counts.placeOf(`network ${network}`),
      factor,
    }));
  }

  /** Counts it for its networks; false: one of them has too many. */
  function enter(networks: readonly NetworkPlace[], exempt: boolean): boolean {
    let fits = true;
    for (const { place, factor } of networks) {
      const open = counts.add(place, 1);
      const begun = counts.addInMinute(place);
      if (open > current.unauthenticatedPerNetwork * factor) fits = false;
      if (begun > (current.newPerMinute ?? Infinity) * factor) fits = false;
    }
    return fits || exempt;
  }

  function leaveAll(networks: readonly NetworkPlace[]): void {
    for (const { place } of networks) counts.add(place, -1);
  }

  function enterTotals(role: AdmissionRole): boolean {
    const ofRole = counts.addTo(role, 1);
    const all = ofRole + counts.total(role === 'mx' ? 'submission' : 'mx');
    return all <= current.total && (role !== 'mx' || ofRole <= current.totalOfStrangers);
  }

  return {
    connected(address, role) {
      const networks = address === undefined ? [] : placesOf(address);
      const fits = enter(networks, address !== undefined && isExempt(address));
      if (enterTotals(role) && fits) return admittedTicket(counts, networks, role, () => current.perIdentity);
      // The connection only gets its 421: the flood of one network must not use up the room of all.
      leaveAll(networks);
      counts.addTo(role, -1);
      return turnedAwayTicket(counts, Math.max(TOLD_MIN, current.total * TOLD_SHARE));
    },
    isExempt: (address) => isExempt(address),
    reload(next) {
      current = next;
      isExempt = networkList(next.exempt);
    },
    get connections() {
      return counts.total('submission') + counts.total('mx');
    },
  };
}

function admittedTicket(
  counts: Counts,
  networks: readonly NetworkPlace[],
  role: AdmissionRole,
  perIdentity: () => number,
): Ticket {
  const { minute } = counts;
  let identity: { readonly id: string; readonly place: Place } | undefined;
  let here = true;
  return {
    ...{ admitted: true, mayBeTold: true },
    authenticated(identityId) {
      if (!here) return false;
      if (identity?.id === identityId) return true;
      const place = counts.placeOf(`identity ${identityId}`);
      if (counts.add(place, 1) > perIdentity()) {
        counts.add(place, -1);
        return false;
      }
      const before = identity;
      identity = { id: identityId, place };
      // A login that was called off at the last moment, then one as somebody else.
      if (before !== undefined) {
        counts.add(before.place, -1);
        return true;
      }
      for (const network of networks) {
        counts.add(network.place, -1);
        counts.takeBack(network.place, minute);
      }
      return true;
    },
    left() {
      if (!here) return;
      here = false;
      counts.addTo(role, -1);
      if (identity !== undefined) counts.add(identity.place, -1);
      else for (const { place } of networks) counts.add(place, -1);
    },
  };
}

function turnedAwayTicket(counts: Counts, toldMax: number): Ticket {
  const mayBeTold = counts.addTo('turnedAway', 1) <= toldMax;
  let here = mayBeTold;
  if (!mayBeTold) counts.addTo('turnedAway', -1);
  return {
    ...{ admitted: false, mayBeTold, authenticated: () => false },
    left() {
      if (here) counts.addTo('turnedAway', -1);
      here = false;
    },
  };
}
