// What the console's thread asks of main: how the server is; reports to senders, which are signed with keys that have no business in that thread; copies of the store.

import type { AdministrationPorts } from '../administration/ports.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { ConsoleCondition } from '../console/condition.ts';
import type { ReportOrder } from '../relay/reports.ts';
import type { IdentityId } from '../record/identity.ts';
import type { Clock } from '../platform/platform.ts';
import type { AcceptChange } from '../store/port.ts';
import { FaceCopy } from './face-copy.ts';

/** The content is looked up here. */
export type ReportAsked = Omit<ReportOrder, 'content'>;

export type FaceWish =
  | { readonly ask: 'condition' | 'nearLimits' }
  | { readonly ask: 'report'; readonly order: ReportAsked }
  /** The records of the keys that sign for a domain. */
  | { readonly ask: 'dkimKeys'; readonly domain: string }
  /** A copy of the store is made, read piece by piece, and let go. */
  | { readonly ask: 'copy' }
  | { readonly ask: 'copyNext' | 'copyEnd'; readonly copy: number };

export interface FaceWishPorts {
  readonly administration: Pick<AdministrationPorts, 'reports' | 'lookups' | 'copy' | 'dkimKeys'>;
  readonly clock: Clock;
  readonly inForce: { readonly loaded: LoadedConfig };
  condition(): Promise<ConsoleCondition>;
  nearLimits(): Promise<readonly IdentityId[]>;
}

export interface FaceWishes {
  answer(wish: FaceWish): Promise<unknown>;
  /** The thread is gone. */
  end(): Promise<void>;
}

/** For one birth of the thread. */
export function createWishes(ports: FaceWishPorts): FaceWishes {
  const write = reportsInForce(ports);
  const copy = new FaceCopy(ports.administration, ports.clock);
  return {
    answer(wish) {
      switch (wish.ask) {
        case 'condition':
          return ports.condition();
        case 'nearLimits':
          return ports.nearLimits();
        case 'report':
          return write(wish.order);
        case 'dkimKeys':
          return ports.administration.dkimKeys(wish.domain);
        case 'copy':
          return copy.begin();
        case 'copyNext':
          return copy.next(wish.copy);
        case 'copyEnd':
          return copy.end(wish.copy);
      }
    },
    end: () => copy.end(),
  };
}

/** Keys are read once for each configuration, not for each report. */
function reportsInForce({
  administration,
  inForce,
}: FaceWishPorts): (order: ReportAsked) => Promise<AcceptChange> {
  const { lookups } = administration;
  let loaded: LoadedConfig | undefined;
  let reports: ReturnType<AdministrationPorts['reports']> | undefined;
  return async (order) => {
    if (reports === undefined || loaded !== inForce.loaded) {
      ({ loaded } = inForce);
      reports = administration.reports();
      // A key that could not be read may be there the next time.
      reports.catch(() => (reports = undefined));
    }
    const { writer } = await reports;
    return writer.write({
      ...order,
      async content() {
        const found = await lookups.content(order.message.id);
        if (found === undefined) throw new Error(`${order.message.id} was delivered meanwhile`);
        return found;
      },
    });
  };
}
