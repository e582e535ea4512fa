// `--role` of `serve` and `check`: which roles of its configuration a node serves.

import { Option } from 'commander';
import type { LoadedConfig } from '../config/load.ts';
import { onlyRoles, type Role, roleNames, rolesUnfit } from '../config/roles.ts';
import { CommandFailure } from './failure.ts';

export interface RoleOption {
  readonly role?: readonly Role[];
}

export function roleOption(): Option {
  return new Option(
    '--role <role...>',
    'only this role, may be given several times; default: all that the configuration has',
  ).choices(roleNames);
}

/** What is served of it. Throws `CommandFailure` if that can't be. */
export function withRoles(loaded: LoadedConfig, { role }: RoleOption): LoadedConfig {
  if (role === undefined) return loaded;
  const roles = roleNames.filter((name) => role.includes(name));
  const unfit = rolesUnfit(loaded.config, roles);
  if (unfit !== undefined) throw new CommandFailure(unfit, 2);
  return onlyRoles(loaded, roles);
}
