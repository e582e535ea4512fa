// What a door has to know of the server before it can ask: whose lines in a message are ours.

import type { AdministrationPorts } from './ports.ts';

export function ownHostname({ config }: AdministrationPorts): Promise<string> {
  return Promise.resolve(config().hostname);
}
