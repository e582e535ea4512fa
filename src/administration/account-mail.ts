// Of an account: how much mail it had on each of the last days, and who looked at it.

import { DAY } from '../base/duration.ts';
import { type AdministrationPayload } from '../record/events.ts';
import type { DayCounts } from '../store/days.ts';
import type { Cursor } from '../store/lookups.ts';
import { newestEvents } from '../audit/newest-events.ts';
import type { Actor } from './actor.ts';
import { identityOf } from './identities.ts';
import type { AdministrationPorts } from './ports.ts';

export const DAYS_SHOWN = 28;

export interface AccountDays {
  readonly login: string;
  /** One for each, oldest first; the last one is today, in UTC. */
  readonly days: readonly DayCounts[];
  /** There was more than is counted: earlier days are missing, and the oldest one with mail is not whole. */
  readonly isCut: boolean;
}

/** Figures alone: no look at anybody's mail. */
export async function accountDays(
  ports: AdministrationPorts,
  _actor: Actor,
  of: { readonly login: string },
): Promise<AccountDays> {
  const { id, login } = await identityOf(ports, of.login);
  const today = Math.floor(ports.clock.now() / DAY) * DAY;
  const begin = today - (DAYS_SHOWN - 1) * DAY;
  const { days, isCut } = await ports.lookups.daysOf(id, begin);
  return {
    ...{ login, isCut },
    days: Array.from({ length: DAYS_SHOWN }, (_, number) => {
      const at = begin + number * DAY;
      const none = { at, accepted: 0, delivered: 0, deferred: 0, failed: 0, refused: 0 };
      return days.find((day) => day.at === at) ?? none;
    }),
  };
}

export interface AccountLook extends Pick<AdministrationPayload, 'by' | 'action'> {
  readonly at: number;
  /** In his own words; empty: he gave none. */
  readonly reason: string;
}

/** Who looked at the account's mail, by its name or by a message of it; newest first. */
export async function accountLooks(
  ports: AdministrationPorts,
  _actor: Actor,
  of: { readonly login: string; readonly after?: Cursor; readonly max: number },
): Promise<{ readonly login: string; readonly looks: readonly AccountLook[]; readonly next?: Cursor }> {
  const { id, login } = await identityOf(ports, of.login);
  const range = { max: of.max, ...(of.after === undefined ? {} : { after: of.after }) };
  const { events, next } = await newestEvents(ports.lookups, [{ kind: 'lookedAt', identityId: id }], range);
  const looks = events.flatMap(({ type, time, payload }) => {
    if (type !== 'lookedUp' || payload === undefined) return [];
    const { by, action, detail } = payload;
    const { reason = '' } = detail;
    return [{ at: time, by, action, reason: typeof reason === 'string' ? reason : '' }];
  });
  return { login, looks, ...(next === undefined ? {} : { next }) };
}
