// All that can be done and looked at, in one table. Each takes who acts and plain data, gives plain data or octets in pieces, and writes its own record.
// Doors (command line, control socket) call it here and only render.

import { addAccount, assertCanAddAccount, listAccounts, showAccount } from './accounts.ts';
import { limitAccount, resumeAccount, suspendAccount } from './account-state.ts';
import type { Actor } from './actor.ts';
import { backUp } from './backup.ts';
import { bounceQueue } from './bounce.ts';
import { addAppPassword, assertCanSetPassword, revokeAppPassword, setPassword } from './credentials.ts';
import { ownHostname } from './facts.ts';
import type { AdministrationPorts } from './ports.ts';
import { changeQueue, countQueue } from './queue-changes.ts';
import { listQueue, queuedContent, queueTotals, showQueued } from './queue-looks.ts';
import { removalMeans, removeAccount, restoreAccount } from './removal.ts';
import { accountRights, changeRight } from './rights.ts';
import { traceFile, traceWords } from './trace.ts';
import { eraseFromTrail, exportTrail } from './trail.ts';

export const useCases = {
  ...{ assertCanAddAccount, addAccount, listAccounts, showAccount },
  ...{ assertCanSetPassword, setPassword, addAppPassword, revokeAppPassword },
  ...{ suspendAccount, resumeAccount, limitAccount },
  ...{ accountRights, changeRight, removalMeans, removeAccount, restoreAccount },
  ...{ listQueue, queueTotals, showQueued, queuedContent, countQueue, changeQueue, bounceQueue },
  ...{ ownHostname, traceWords, traceFile, exportTrail, eraseFromTrail, backUp },
} as const;

export type UseCaseName = keyof typeof useCases;

type Input<F> = F extends (ports: never, actor: never, input: infer I) => unknown ? I : never;
type Args<F> = unknown extends Input<F> ? readonly [] : readonly [input: Input<F>];

/** The use cases as one actor calls them. */
export type Administration = {
  readonly [N in UseCaseName]: (...args: Args<(typeof useCases)[N]>) => ReturnType<(typeof useCases)[N]>;
};

export function administrationOf(ports: AdministrationPorts, actor: Actor): Administration {
  const bound = Object.entries(useCases).map(([name, useCase]) => {
    const call = useCase as (ports: AdministrationPorts, actor: Actor, input: unknown) => unknown;
    return [name, (input: unknown) => call(ports, actor, input)] as const;
  });
  return Object.fromEntries(bound) as unknown as Administration;
}
