// What a process serves of its configuration. Several nodes may have one file, and each its part of it (`serve --role`): what the others serve is taken out here, once, so
// that nothing else has to know of it.

import type { Lines } from './lines.ts';
import type { LoadedConfig } from './load.ts';
import type { Config } from './schema.ts';

/** `submission` and `mx`: the listeners of that role, `submission` with `local` and `web` too. `relay`: sending on what was accepted, by whomever. */
export const roleNames = ['submission', 'mx', 'relay'] as const;
export type Role = (typeof roleNames)[number];

/** All that the configuration has, or those that were named. */
export function rolesOf({ config, roles }: Pick<LoadedConfig, 'config' | 'roles'>): readonly Role[] {
  return roles ?? roleNames.filter((role) => isConfigured(config, role));
}

export function serves(loaded: Pick<LoadedConfig, 'config' | 'roles'>, role: Role): boolean {
  return rolesOf(loaded).includes(role);
}

/** Why these can't be served by this configuration, with the way out; undefined: they can. */
export function rolesUnfit(config: Config, roles: readonly Role[]): string | undefined {
  const missing = roles.find((role) => !isConfigured(config, role));
  if (missing !== undefined)
    return `--role ${missing}: the configuration has no listener of role ${missing}: add one, or leave that role out`;
  if (!roles.includes('relay') && config.store === 'embedded')
    return "without --role relay nothing that is accepted would ever leave: the embedded store is this node's alone. Add --role relay, or share a store with nodes that relay (`store: { postgres: … }`)";
  return undefined;
}

/** `roles`: those that were named; undefined: all. */
export function onlyRoles(loaded: LoadedConfig, roles: readonly Role[] | undefined): LoadedConfig {
  if (roles === undefined) return loaded;
  const { local, web, tls, dkim, ...config } = loaded.config;
  const listeners = config.listeners.filter(({ role }) => roles.includes(role));
  const submits = roles.includes('submission');
  const served = {
    ...(submits && local !== undefined ? { local } : {}),
    ...(submits && web !== undefined ? { web } : {}),
  };
  const kept = loaded.config.listeners.flatMap(({ role }, at) => (roles.includes(role) ? [at] : []));
  const needsTls = listeners.some((listener) => listener.tls !== 'none') || served.web?.tls === true;
  return {
    ...loaded,
    roles,
    ...(loaded.lines === undefined ? {} : { lines: ofListeners(loaded.lines, kept) }),
    config: {
      ...config,
      ...served,
      ...(needsTls && tls !== undefined ? { tls } : {}),
      listeners,
      // Mail of role mx is not signed; reports are, by who relays.
      dkim: submits || roles.includes('relay') ? dkim : [],
    },
  };
}

/** As if the file had these alone, in their order. */
function ofListeners(lines: Lines, kept: readonly number[]): Lines {
  return Object.fromEntries(
    Object.entries(lines).flatMap(([key, line]) => {
      const [, at, rest = ''] = /^listeners\[(\d+)\](.*)$/s.exec(key) ?? [];
      if (at === undefined) return [[key, line]];
      const now = kept.indexOf(Number(at));
      return now < 0 ? [] : [[`listeners[${now}]${rest}`, line]];
    }),
  );
}

function isConfigured({ listeners, local }: Config, role: Role): boolean {
  return (
    role === 'relay' ||
    listeners.some((listener) => listener.role === role) ||
    (role === 'submission' && local !== undefined)
  );
}
