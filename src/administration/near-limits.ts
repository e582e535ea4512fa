// Who has used most of a sending limit: looked up for those of whom this server knows that they came near one, and for nobody else.

import { isNearEnd, type Use, usesOf } from '../policy/limits.ts';
import { effectiveLimits } from '../policy/sending-limits.ts';
import type { IdentityId } from '../record/identity.ts';
import type { Actor } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import type { AdministrationPorts } from './ports.ts';

export interface NearLimit {
  readonly login: string;
  /** Those that are near their end, the fullest first. */
  readonly limits: readonly Use[];
}

/** The fullest first. As this server knows since its start, of mail that came by it: what was counted is of all nodes. */
export async function nearLimits(
  ports: AdministrationPorts,
  _actor: Actor,
): Promise<{ readonly accounts: readonly NearLimit[] }> {
  if (ports.nearLimits === undefined) throw new UseCaseFailure('no server runs here', 'trouble');
  const ids = await ports.nearLimits();
  const found = await Promise.all(ids.map((id) => nearLimitOf(ports, id)));
  return { accounts: found.flat().toSorted((one, other) => fullest(other) - fullest(one)) };
}

/** Who is suspended or removed sends nothing. */
async function nearLimitOf(
  { lookups, config, clock }: AdministrationPorts,
  id: IdentityId,
): Promise<readonly NearLimit[]> {
  const [identity, counter] = await Promise.all([lookups.identityById(id), lookups.counter(id)]);
  if (identity?.state !== 'active') return [];
  const values = effectiveLimits(config().limits.identity, identity.limits);
  const limits = usesOf(counter, values, clock.now())
    .filter(({ used, limit }) => isNearEnd(used, limit))
    .toSorted((one, other) => part(other) - part(one));
  return limits.length === 0 ? [] : [{ login: identity.login, limits }];
}

const part = ({ used, limit = Infinity }: Use): number => used / limit;
const fullest = ({ limits: [first] }: NearLimit): number => (first === undefined ? 0 : part(first));
