// Reading the store over connections of its own.

import type { Lookups } from '../lookups.ts';
import { consoleSessionLookups } from './console-sessions.ts';
import { chainLookups } from './chain-lookups.ts';
import { identityLookups } from './identity-lookups.ts';
import { queueLookups } from './queue-lookups.ts';
import { nodesIn } from './node-rows.ts';
import type { Reader } from './reader.ts';
import { trailLookups } from './trail-lookups.ts';

export function createPostgresLookups(reader: Reader): Lookups {
  return {
    ...identityLookups(reader),
    ...queueLookups(reader),
    ...trailLookups(reader),
    ...chainLookups(reader),
    ...consoleSessionLookups(reader),
    nodes: () => nodesIn(reader),
  };
}
