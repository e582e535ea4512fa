// The submission socket of a running server, as the configuration has it: which operating-system users are bound to which accounts.

import { startSubmitSocket } from '../http/submit-socket.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Log } from '../observe/log.ts';
import { uidOf } from '../platform/os-user.ts';
import type { Clock } from '../platform/platform.ts';
import { type Binding, boundAccount, ownAddressOf } from './bound-account.ts';
import type { Supervisor } from './supervisor.ts';

export interface LocalOptions {
  /** The socket is that of the start; who may use it is as configured now. */
  readonly first: LoadedConfig;
  loaded(): LoadedConfig;
  readonly log: Log;
  readonly clock: Clock;
  notTaken(error: Error): void;
  readonly supervisor: Pick<Supervisor, 'submit' | 'lookups'>;
}

export async function startLocal({
  first,
  loaded,
  log,
  clock,
  supervisor,
  notTaken,
}: LocalOptions): Promise<() => Promise<void>> {
  if (first.config.local === undefined) return () => Promise.resolve();
  let known: { readonly of: LoadedConfig; readonly bindings: ReadonlyMap<number, Binding> } | undefined;

  /** Names are looked up at the start and after a reload. */
  function bindings(): ReadonlyMap<number, Binding> {
    const of = loaded();
    if (known?.of !== of) known = { of, bindings: readBindings(of, log) };
    return known.bindings;
  }

  bindings();
  return startSubmitSocket({
    path: first.path(first.config.local.socket),
    ...{ clock, notTaken },
    messageOctetsMax: () => loaded().config.limits.message,
    bindingOf: (uid) => bindings().get(uid),
    async addressOf(binding) {
      const domains = new Set(loaded().config.domains);
      const account = await boundAccount(supervisor.lookups, domains, binding);
      if ('noAccount' in account) return account;
      return { address: ownAddressOf(account.identity) };
    },
    submit: (message) => supervisor.submit(message),
    refused: (uid, cause) => log.warn({ uid, cause }, 'local submission refused'),
  });
}

function readBindings({ config }: LoadedConfig, log: Log): ReadonlyMap<number, Binding> {
  const read = new Map<number, Binding>();
  for (const { osUser, identity } of config.local?.services ?? []) {
    const uid = uidOf(osUser);
    if (uid === undefined) log.warn({ osUser }, 'local.services: there is no such user on this host');
    // Two names of one user: it is not clear which account is meant.
    else if (read.has(uid)) log.warn({ osUser, uid }, 'local.services: this user is bound already');
    else read.set(uid, { osUser, login: identity });
  }
  return read;
}
