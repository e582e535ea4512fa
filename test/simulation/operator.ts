// What operators do to a simulated server while it runs.

import type { Identity } from '../../src/record/identity.ts';
import type { Change } from '../../src/store/port.ts';
import { withCredentials } from '../../src/store/shown-identity.ts';
import type { Site } from './site.ts';

export async function operate(
  site: Site,
  login: string,
  action: 'hold' | 'release' | 'retry',
): Promise<void> {
  const selector = { from: login };
  const change = { type: 'queue', action, selector, now: site.hops.time.wall, by: 'test' } as const;
  await commit(site, change);
}

/** As the control socket does it: read, change, write, again if somebody was faster. */
export async function setState(site: Site, login: string, state: Identity['state']): Promise<void> {
  const identity = await site.memory.lookups.identityByLogin(login);
  if (identity === undefined || identity.state === state) return;
  const change = {
    type: 'identity',
    identity: { ...withCredentials(identity), state, revision: identity.revision + 1 },
    expectRevision: identity.revision,
    event: {
      type: 'identityChanged',
      time: site.hops.time.wall,
      identityId: identity.id,
      payload: { by: 'test', action: state, detail: {} },
    },
  } as const;
  await commit(site, change);
}

/** Until the server has said what became of it, or can't say any more. */
async function commit(site: Site, change: Change): Promise<void> {
  const operated = site.operated();
  if (operated === undefined) return;
  await new Promise<unknown>((resolve) => {
    operated.main.onEnd(() => resolve(undefined));
    operated.store.commit([change]).then(resolve, resolve);
  });
}
