// The parts of a front, and who has whom: the store and the look-ups of other threads, the counts of all fronts, who may send, the one way in, the relay.

import { messageIdSource } from '../base/message-id.ts';
import { createMailboxes, type Mailboxes } from '../identity/mailboxes.ts';
import type { Log } from '../observe/log.ts';
import type { Network } from '../platform/network.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import { noRelay } from '../relay/no-relay.ts';
import { createRelay, type Relay } from '../relay/relay.ts';
import { createHolder, type ToldHolder } from '../store/holder.ts';
import type { Stage } from '../store/port.ts';
import { createRemoteLookups, type RemoteLookups } from '../store/remote-lookups.ts';
import { createRemoteStore, type RemoteStore } from '../store/remote.ts';
import type { SubmissionContext } from '../submission/context.ts';
import { createJournal, type Journal } from '../submission/journal.ts';
import { createLabels } from '../submission/labels.ts';
import { createMemoryBudget, type LimitedMemory, shareOfBudget } from '../submission/memory-budget.ts';
import { createIdentityStatuses, type IdentityStatuses } from '../submission/identity-status.ts';
import { type Admission, createAdmission } from './admission.ts';
import { type Connections, createConnections } from './connections.ts';
import { openCounts } from './counts.ts';
import type { FrontSettings } from './front-settings.ts';
import { createLogins, type Logins } from './logins.ts';
import type { FrontBirth } from './plan.ts';

export interface PartsPorts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly network: Network;
  /** For a body that is too large for a commit, written by this thread. */
  stage(id: string): Promise<Stage>;
}

export interface FrontParts {
  readonly store: RemoteStore;
  readonly lookups: RemoteLookups;
  readonly holder: ToldHolder;
  readonly admission: Admission;
  readonly connections: Connections;
  readonly identityStatuses: IdentityStatuses;
  readonly logins: Logins;
  readonly mailboxes: Mailboxes;
  readonly relay: Relay;
  readonly journal: Journal;
  /** A reload changes their limits. */
  readonly memory: LimitedMemory;
  readonly strangersMemory: LimitedMemory;
  readonly submission: SubmissionContext;
}

export function createFrontParts(
  { plan, owner, counts: countsPlan, row }: FrontBirth,
  { clock, entropy, network, stage }: PartsPorts,
  settings: FrontSettings,
  log: Log,
): FrontParts {
  const store = createRemoteStore({ clock, stage });
  const lookups = createRemoteLookups();
  const ids = messageIdSource((length) => entropy.bytes(length));
  const counts = openCounts(countsPlan, row);
  const holder = createHolder(clock, owner);
  const identityStatuses = createIdentityStatuses(lookups, () => holder.isSure());
  const mailboxes = createMailboxes({
    ...{ lookups, clock },
    settings: { domains: () => settings.submission.domains, configured: () => settings.mailboxes },
  });
  const reportsToStrangers = counts.placeOf('reports to strangers');
  const { relay: relaySettings } = plan;
  const relay =
    relaySettings === undefined
      ? noRelay
      : createRelay({
          ...{ store, lookups, holder, clock, entropy, ids, network, log },
          countReportToStranger: () => counts.addInMinute(reportsToStrangers),
          settings: () => settings.plan.relay ?? relaySettings,
          signer: () => settings.submission.signer,
        });
  const memory = createMemoryBudget(plan.incomingMemory);
  const strangersMemory = shareOfBudget(memory, plan.strangersMemory);
  return {
    ...{ store, lookups, holder, identityStatuses, mailboxes, relay, memory, strangersMemory },
    admission: createAdmission(plan.admission, counts),
    connections: createConnections(),
    logins: createLogins({ clock, entropy, identityStatuses }),
    journal: createJournal(store, clock, countsPlan.rows),
    submission: {
      ...{ store, lookups, clock, entropy, ids, identityStatuses, holder, memory, strangersMemory },
      labels: createLabels(store, entropy),
      withdrawing: new Set(),
      settings: () => settings.submission,
      wouldRelayFromMemory: (octets) => relay.hasMemoryFor(octets),
      handOver: (fresh) => relay.handOver(fresh),
      relaysHere: relaySettings !== undefined,
    },
  };
}
