// Client connections against the descriptors that the system lets us have: they may take only so many that enough are left for the store, the relay and
// the control socket, so that an operator gets in whatever comes from outside. When none are left, the system closes connections
// unseen, and nothing else can be opened either.

import type { Config } from '../config/schema.ts';
import { CONNECTIONS_PER_DOOR, doorsOf } from '../http/submit-admission.ts';
import { CONNECTIONS_OF_WEB } from '../http/web-admission.ts';

/** For the store, staged bodies, libraries, the private HTTP and the control socket. */
const KEPT = 192;
/** Those that are turned away are counted up to a twentieth (admission.ts). */
const TURNED_AWAY = 1.05;
const CONNECTIONS_MIN = 10;
/** From here on it is trouble. */
const NEARLY_ALL = 0.9;

export interface DescriptorPlan {
  /** Client connections at a time. */
  readonly connections: number;
  /** A warning about it. */
  readonly warning?: string;
}

/** `limit`: of this process; undefined: there is none. */
export function planDescriptors(
  config: Pick<Config, 'limits' | 'relay' | 'web' | 'local'>,
  limit: number | undefined,
): DescriptorPlan {
  const wanted = config.limits.connections;
  if (limit === undefined) return { connections: wanted };
  const routes = 1 + Object.keys(config.relay.routes).length;
  const elsewhere =
    KEPT +
    Math.min(routes * config.relay.connections, Math.floor(limit / 4)) +
    (config.web === undefined ? 0 : CONNECTIONS_OF_WEB) +
    (config.local === undefined ? 0 : doorsOf(config.local.socket).length * CONNECTIONS_PER_DOOR);
  const fitting = Math.floor((limit - elsewhere) / TURNED_AWAY);
  if (fitting >= wanted) return { connections: wanted };
  const connections = Math.max(CONNECTIONS_MIN, fitting);
  const needed = Math.ceil(wanted * TURNED_AWAY) + elsewhere;
  return {
    connections,
    warning: `limits.connections is ${wanted}, but the system lets this process open ${limit} files and sockets: only ${connections} connections are taken. Set LimitNOFILE=${needed} in the unit (ulimit -n), or limits.connections lower`,
  };
}

/** Undefined: there are enough left. */
export function descriptorTrouble(open: number | undefined, limit: number | undefined): string | undefined {
  if (open === undefined || limit === undefined || open < limit * NEARLY_ALL) return undefined;
  return `${open} of ${limit} files and sockets that the system allows are open: raise LimitNOFILE in the unit (ulimit -n)`;
}
