// All that can be done and looked at, in one table. Each takes who acts and plain data, gives plain data or octets in pieces, and writes its own record.
// Doors (command line, control socket, console, API) call it here and only render: whether the actor may, and whom it touches, is judged here.

import { listLooks } from './access-record.ts';
import { addAccount, assertCanAddAccount, pageAccounts, showAccount } from './accounts.ts';
import { accountDays, accountLooks } from './account-mail.ts';
import { limitAccount, resumeAccount, suspendAccount } from './account-state.ts';
import type { Actor } from './actor.ts';
import { backUp } from './backup.ts';
import { bounceQueue } from './bounce.ts';
import { endSession, listSessions } from './console-sessions.ts';
import {
  addAppPassword,
  assertCanSetPassword,
  revokeAppPassword,
  revokeAppPasswords,
  revokePassword,
  setPassword,
} from './credentials.ts';
import { accountSheet, checkDomain, listDomains, lookUpSelector, showDomain } from './domains.ts';
import { ownHostname, serverStatus } from './facts.ts';
import {
  addMyAppPassword,
  changeMyPassword,
  endMySession,
  myAccount,
  mySessions,
  revokeMine,
  suspendMyself,
} from './my-account.ts';
import { myMail, myMessage } from './my-mail.ts';
import { mySettings } from './my-settings.ts';
import { nearLimits } from './near-limits.ts';
import { addPasskey, beginPasskey } from './passkeys.ts';
import { assertProved } from './fresh-proof.ts';
import { assertMay } from './permissions.ts';
import type { AdministrationPorts } from './ports.ts';
import { changeQueue, countQueue } from './queue-changes.ts';
import { queueByAge, queueByIdentity } from './queue-views.ts';
import { listQueue, queuedContent, queueOfMessages, queueTotals, showQueued } from './queue-looks.ts';
import { recentMessages } from './recent-messages.ts';
import { removalMeans, removeAccount, restoreAccount } from './removal.ts';
import { accountRights, changeRight } from './rights.ts';
import { setRole } from './role.ts';
import { explainSending } from './sending.ts';
import { scopedPorts } from './scope.ts';
import { resetSecondFactor, mySecondFactor, showSecondFactor } from './second-factor.ts';
import { beginTotp, confirmTotp, makeRecoveryCodes, removeSecondFactor } from './second-factor-setup.ts';
import { showSettings } from './settings.ts';
import { addToken, listTokens, revokeToken } from './tokens.ts';
import { traceFile, traceWords } from './trace.ts';
import { eraseFromTrail, exportTrail, trailEnds } from './trail.ts';
import { setMyUndoWindow, setUndoWindow, undoMessage } from './undo.ts';
import { showVerification, startVerification, stopVerification } from './verification.ts';

/** About who acts, whatever his role: they see what a `user` sees, and reach nobody else. */
export const ownUseCases = {
  ...{ myAccount, myMail, myMessage, mySettings },
  ...{ undoMessage, setMyUndoWindow },
  ...{ addMyAppPassword, revokeMine, suspendMyself },
  ...{ mySessions, endMySession, changeMyPassword },
  ...{ mySecondFactor, beginTotp, confirmTotp, makeRecoveryCodes, removeSecondFactor },
  ...{ beginPasskey, addPasskey },
} as const;

export const useCases = {
  ...ownUseCases,
  ...{ assertCanAddAccount, addAccount, pageAccounts, showAccount },
  ...{ accountDays, accountLooks, explainSending, nearLimits },
  ...{ assertCanSetPassword, setPassword, revokePassword },
  ...{ addAppPassword, revokeAppPassword, revokeAppPasswords },
  ...{ showSecondFactor, resetSecondFactor },
  ...{ suspendAccount, resumeAccount, limitAccount, setUndoWindow },
  ...{ listSessions, endSession },
  ...{ setRole, listTokens, addToken, revokeToken },
  ...{ accountRights, changeRight, removalMeans, removeAccount, restoreAccount },
  ...{
    listQueue,
    queueOfMessages,
    queueTotals,
    queueByIdentity,
    queueByAge,
    showQueued,
    queuedContent,
    countQueue,
    changeQueue,
    bounceQueue,
  },
  ...{ serverStatus, showSettings, trailEnds, listLooks },
  ...{ listDomains, showDomain, checkDomain, lookUpSelector, accountSheet },
  ...{ startVerification, showVerification, stopVerification },
  ...{ ownHostname, recentMessages, traceWords, traceFile, exportTrail, eraseFromTrail, backUp },
} as const;

export type UseCaseName = keyof typeof useCases;

/** They read so much of the trail or the queue that one person has only a few of them under way. */
const inTurn: ReadonlySet<string> = new Set<UseCaseName>([
  ...(['myMail', 'myMessage', 'traceWords', 'traceFile'] as const),
  ...(['accountDays', 'accountLooks', 'showQueued'] as const),
]);

type Input<F> = F extends (ports: never, actor: never, input: infer I) => unknown ? I : never;
type Args<F> = unknown extends Input<F> ? readonly [] : readonly [input: Input<F>];

/** The use cases as one actor calls them. */
export type Administration = {
  readonly [N in UseCaseName]: (...args: Args<(typeof useCases)[N]>) => ReturnType<(typeof useCases)[N]>;
};

/** What a use case works on in this actor's name: what is about oneself knows nobody else, whatever the role. */
export function portsOf(ports: AdministrationPorts, actor: Actor, name: UseCaseName): AdministrationPorts {
  return scopedPorts(ports, Object.hasOwn(ownUseCases, name) ? { ...actor, role: 'user' } : actor);
}

export function administrationOf(ports: AdministrationPorts, actor: Actor): Administration {
  const bound = Object.entries(useCases).map(([name, useCase]) => {
    const call = useCase as (ports: AdministrationPorts, actor: Actor, input: unknown) => unknown;
    const judged = async (input: unknown): Promise<unknown> => {
      assertMay(actor, name as UseCaseName);
      assertProved(ports.clock, actor, name as UseCaseName, input);
      const work = async (): Promise<unknown> =>
        call(portsOf(ports, actor, name as UseCaseName), actor, input);
      return ports.turns !== undefined && inTurn.has(name)
        ? ports.turns(actor.identityId ?? actor.who, work)
        : work();
    };
    return [name, judged] as const;
  });
  return Object.fromEntries(bound) as unknown as Administration;
}
