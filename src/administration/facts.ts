// What a door tells of the server itself: whose lines in a message are ours, and how it is.

import type { Actor } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import type { AdministrationPorts } from './ports.ts';

export function ownHostname({ config }: AdministrationPorts): Promise<string> {
  return Promise.resolve(config().hostname);
}

/** Nobody's mail and nobody's name is in it. */
export async function serverStatus({ condition }: AdministrationPorts, _actor: Actor): Promise<object> {
  if (condition === undefined) throw new UseCaseFailure('no server runs here', 'trouble');
  return condition();
}
