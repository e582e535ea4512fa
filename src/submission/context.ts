// What submission needs: the same for every way in, be it a port or the submission socket.

import type { MessageId, MessageIdSource } from '../base/message-id.ts';
import type { LimitValues } from '../policy/limits.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import type { EnvelopeRecipient } from '../protocol/envelope.ts';
import type { WatchedContent } from '../protocol/wire/dot-stuffing.ts';
import type { SessionFacts } from '../record/events.ts';
import type { Principal } from '../record/identity.ts';
import type { Lookups } from '../store/lookups.ts';
import type { QueuedMessage, Store } from '../store/port.ts';
import type { Holder } from '../store/holder.ts';
import type { Owner } from '../store/owner.ts';
import type { Labels } from './labels.ts';
import type { Signer } from './signer.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { IdentityStatuses } from './identity-status.ts';

export interface SubmissionSettings {
  readonly hostname: string;
  readonly domains: ReadonlySet<string>;
  readonly headerOctetsMax: number;
  readonly receivedMax: number;
  readonly received: 'pseudonymous' | 'full';
  readonly displayNames: 'refuse' | 'allow';
  readonly limits: LimitValues;
  readonly signer?: Signer;
}

/** Just accepted and leased to this thread: the relay sends it from memory. */
export interface HandOver {
  readonly message: QueuedMessage;
  readonly recipients: readonly EnvelopeRecipient[];
  readonly content: WatchedContent;
  /** Who holds its lease. */
  readonly owner: Owner;
}

export interface SubmissionContext {
  readonly store: Store;
  readonly lookups: Lookups;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly ids: MessageIdSource;
  readonly labels: Labels;
  readonly identityStatuses: IdentityStatuses;
  readonly memory: MemoryBudget;
  /** The part of it that strangers' mail (role mx) may have: users find the rest free. */
  readonly strangersMemory: MemoryBudget;
  /** Messages that must not leave, until the store has taken them out: a drain waits for them. */
  readonly withdrawing: Set<MessageId>;
  readonly holder: Pick<Holder, 'owner'>;
  /** Read for each transaction: a reload replaces it, a running transaction keeps its snapshot. */
  settings(): SubmissionSettings;
  /** False: the relay has no memory left for it, let it be claimed from the store. */
  wouldRelayFromMemory(octets: number): boolean;
  handOver(fresh: HandOver): void;
  /** False: what is accepted is nobody's from its birth, for whatever node relays. */
  readonly relaysHere: boolean;
}

/** How the message came in, and from whom. */
export interface Door {
  readonly session: SessionFacts;
  /** Absent only for role `mx`. */
  readonly principal?: Principal;
  readonly withProtocol: string;
  /** A program on this host, over the submission socket. */
  readonly isLocal?: boolean;
  /** The rule that let the reverse-path pass. */
  readonly rule: string;
}
