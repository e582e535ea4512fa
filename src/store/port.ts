// The store's port: what must be remembered. Its only write is `commit(changes)`: plain cloneable data, each
// change atomic by itself, none can fail its neighbours. When the promise settles, the outcome is durable (fsynced) together
// with its events. A rejected promise (`StoreUnavailable`) means unknown: it may have been done, not be done, or be done a moment later. Who goes on asks
// again with the same change (`again`): `accept`, `settle` and `claim` are idempotent (by message id, by attempt, by token). Who gives an accept up takes
// it back (`withdraw`). Times in events and `dueAt` are the asker's; what is due, and for how long something is put off, goes by the store's own clock: clocks of
// several askers differ. Reading is in `lookups.ts`. One folder per engine, the same contract suite for each (`store.contract.ts`).

import type { Envelope, EnvelopeRecipient } from '../protocol/envelope.ts';
import type { EventDraft } from '../record/events.ts';
import type { Identity, IdentityId } from '../record/identity.ts';
import type { MessageId } from '../base/message-id.ts';
import type { Charge, LimitName, LimitValues } from '../policy/limits.ts';
import type { Owner } from './owner.ts';
import type { EraseChange, ForgettingOutcomes, PurgeChange } from './forgetting.ts';
import type { QueueChange, QueueOutcome } from './queue-change.ts';
import type { GuessesChange, GuessesOutcomes } from './guesses.ts';
import type { ConsoleSessionChange, ConsoleSessionOutcomes } from './console-sessions.ts';
import type { NodeFactsChange, NodeFactsOutcomes } from './nodes.ts';
import type { SharedKeyChange, SharedKeyOutcomes } from './shared-key.ts';
import type { DueNoticesChange, Notice, NoticeOutcomes, ReportChange } from './notices.ts';
import type { UndoChange, UndoOutcomes } from './undo.ts';
import type { WithdrawChange } from './withdrawals.ts';

/** A message as the queue keeps it. The header is complete (fix-ups and Received done) and stands in front of the body. */
export interface QueuedMessage {
  readonly id: MessageId;
  readonly acceptedAt: number;
  readonly role: 'submission' | 'mx' | 'local';
  readonly identityId?: IdentityId;
  /** With which its sender logged in. */
  readonly credentialId?: string;
  /** Without recipients; those live one by one. */
  readonly envelope: Omit<Envelope, 'recipients'>;
  /** Header and body together, octets, as they will go on the wire before dot-stuffing. */
  readonly octets: number;
  readonly headerOctets: number;
  /** The header holds non-ASCII octets: next hop needs SMTPUTF8. */
  readonly headerUtf8: boolean;
  /** The body holds octets over 127: next hop needs 8BITMIME. */
  readonly body8bit: boolean;
}

/** Small messages go with their accept; a larger body was staged before under this id and is durable already. */
export type MessageContent =
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  | { readonly kind: 'staged'; readonly header: Uint8Array };

export interface AcceptChange {
  readonly type: 'accept';
  readonly message: QueuedMessage;
  readonly recipients: readonly EnvelopeRecipient[];
  readonly content: MessageContent;
  /** The `accepted` event. */
  readonly event: EventDraft;
  /** Checked and counted in the same commit; absent for reports and role mx. */
  readonly charge?: {
    readonly identityId: IdentityId;
    readonly charge: Charge;
    readonly limits: LimitValues;
  };
  /** The thread that will relay it from memory: leased from birth. Absent: due at once for whoever claims. */
  readonly owner?: Owner;
  /** The lease only keeps others away until the outcome is known: no attempt is made under it. */
  readonly untried?: true;
  readonly dueAt: number;
  /** It was asked before, and nobody knows what came of it: the message may have been accepted, and may have left since. */
  readonly again?: true;
}

/** One recipient's way out, as claimed. */
export interface Delivery {
  readonly messageId: MessageId;
  /** Position in the accepted envelope, from 0. */
  readonly recipientNumber: number;
  readonly recipient: EnvelopeRecipient;
  /** Lower-case domain of the forward-path: what routes are chosen by. */
  readonly domain: string;
  /** Number of the attempt that this claim allows, from 1. A settle carries it: an older one is refused (fencing). */
  readonly attempt: number;
  readonly delayReported: boolean;
}

export type Fate =
  | { readonly type: 'final' }
  /** `delayReported`: its sender knows of the delay, or is told by the notice. */
  | { readonly type: 'deferred'; readonly dueAt: number; readonly delayReported: boolean }
  /** Tried no more until an operator releases it. */
  | { readonly type: 'held' };

/** Ends one attempt of one or more recipients of a message. */
export interface SettleChange {
  readonly type: 'settle';
  readonly owner: Owner;
  readonly messageId: MessageId;
  readonly recipients: readonly {
    readonly recipientNumber: number;
    readonly attempt: number;
    readonly fate: Fate;
    readonly event: EventDraft;
    /** What its sender is to be told of it. */
    readonly notice?: Notice;
  }[];
  /** When a report tells of the notices, if other recipients of the round are still out by then. */
  readonly tellBy?: number;
  /** It was asked before: `stale` may be the answer to its own first time. */
  readonly again?: true;
}

/**
 * Leases what is due by the store's clock, skipping held ones and those of identities that may not send. A lane is the deliveries of one domain: within a share every lane
 * that has something due gets as much as the others, oldest due first, before one gets more.
 */
export interface ClaimChange {
  readonly type: 'claim';
  readonly owner: Owner;
  /** Names this claim: asked again with the same token, the same deliveries come back. */
  readonly token: string;
  readonly shares: readonly ClaimShare[];
  /** `next` of the claim before: the round of lanes goes on after this domain; absent: at the first. */
  readonly after?: string;
}

/** The part of a claim for one destination. */
export interface ClaimShare {
  /** Its domains; absent: all that no other share of the claim names. */
  readonly domains?: readonly string[];
  readonly max: number;
}

/** Gives leases back without an attempt having been made. Due at `dueAt`, or at once. */
export interface FreeChange {
  readonly type: 'free';
  /** Exactly this owner, or every owner that starts with it. */
  readonly ownerPrefix: Owner;
  /** Exactly these attempts: what the same owner has claimed again since is left alone, should this be asked twice. */
  readonly only?: readonly {
    readonly messageId: MessageId;
    readonly recipientNumber: number;
    readonly attempt: number;
  }[];
  readonly dueAt: number;
}

/** Events alone: refusals, failed AUTH, look-ups, starts. */
export interface RecordChange {
  readonly type: 'record';
  readonly events: readonly EventDraft[];
}

/** Writes an identity whole. `expectRevision` 0 creates; else it must be the stored revision, or the outcome is `stale`. */
export interface IdentityChange {
  readonly type: 'identity';
  readonly identity: Identity;
  readonly expectRevision: number;
  readonly event: EventDraft;
}

/** Remembers when and from where a credential was last used; cheap, no event, no revision. */
export interface CredentialUsedChange {
  readonly type: 'credentialUsed';
  readonly identityId: IdentityId;
  readonly credentialId: string;
  readonly at: number;
  readonly address: string;
}

export type Change =
  | AcceptChange
  | WithdrawChange
  | SettleChange
  | ClaimChange
  | FreeChange
  | DueNoticesChange
  | ReportChange
  | RecordChange
  | IdentityChange
  | CredentialUsedChange
  | QueueChange
  | UndoChange
  | SharedKeyChange
  | GuessesChange
  | NodeFactsChange
  | ConsoleSessionChange
  | PurgeChange
  | EraseChange;

export interface Outcomes
  extends
    NoticeOutcomes,
    ForgettingOutcomes,
    SharedKeyOutcomes,
    GuessesOutcomes,
    NodeFactsOutcomes,
    ConsoleSessionOutcomes,
    UndoOutcomes {
  accept:
    /** `held`: its identity may not send now, and nobody should relay it, whoever has the lease. `nearUntil`: with its charge, as `ChargeOutcome` says. */
    | { readonly type: 'accepted'; readonly held?: true; readonly nearUntil?: number }
    | { readonly type: 'limited'; readonly limit: LimitName; readonly hard: boolean }
    | { readonly type: 'full'; readonly cause: string }
    /** As many messages wait as may; where several nodes accept, as of a second ago. Never said of a report of our own. */
    | { readonly type: 'queueFull'; readonly cause: string }
    /** What keeps the store could not keep a promise now. */
    | { readonly type: 'unfit'; readonly cause: string };
  /** `count`: recipients that were taken out. */
  withdraw: { readonly type: 'withdrawn'; readonly count: number };
  /** `stale`: these attempts were not ours any more; nothing of the change was done. */
  settle:
    /** `noticesDue`: the round of attempts is over, a report can tell of all its notices. */
    | { readonly type: 'settled'; readonly messageDone: boolean; readonly noticesDue?: true }
    /** `again`: it was settled when it was asked before, or may have been. Absent: others have had the message since. */
    | { readonly type: 'stale'; readonly again?: true };
  claim: {
    readonly type: 'claimed';
    readonly deliveries: readonly Delivery[];
    readonly messages: readonly QueuedMessage[];
    /** Where the round of lanes goes on. */
    readonly next?: string;
    /** A share was used up, or not all lanes were looked at: there may be more. */
    readonly more: boolean;
    /** It met as much mail of identities that may not send as one claim puts aside: of the lanes it looked at nothing is known. */
    readonly cut?: true;
  };
  free: { readonly type: 'freed'; readonly count: number };
  record: { readonly type: 'recorded' };
  identity:
    | { readonly type: 'written' }
    | { readonly type: 'stale' }
    | { readonly type: 'taken'; readonly what: string };
  credentialUsed: { readonly type: 'noted' };
  queue: QueueOutcome;
}

/** `failed`: this change alone could not be done (a bug or a broken row); its neighbours were. */
export type OutcomeOf<C extends Change> =
  Outcomes[C['type']] | { readonly type: 'failed'; readonly cause: string };

export type Outcome = OutcomeOf<Change>;

export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

export interface Stage {
  /** Body octets in order; resolves when more may come. */
  append(...pieces: readonly Uint8Array[]): Promise<void>;
  /** Makes what was appended durable (file and directory fsynced), before the accept that names it. */
  finish(): Promise<void>;
  /** Removes the staged body; never throws. */
  discard(): Promise<void>;
}

export interface Store {
  commit<const C extends readonly Change[]>(
    changes: C,
  ): Promise<{ readonly [K in keyof C]: OutcomeOf<C[K]> }>;
  /** A body too large to go with its accept, under the message's id. Not durable until `finish`, swept at start if no message names it. */
  stage(id: MessageId): Promise<Stage>;
  /** Called after commits that changed identities or made deliveries due, and when that may have been missed. Returns the unsubscribe function. */
  subscribe(listener: (notice: StoreNotice) => void): () => void;
}

/** Each comes at least once, in any order, some seconds after its commit at the latest. */
export type StoreNotice =
  | {
      readonly type: 'identityChanged';
      readonly identityId: IdentityId;
      readonly revision: number;
      readonly state: Identity['state'];
      /** Ids of credentials that let nobody in any more, since this revision. */
      readonly gone: readonly string[];
    }
  /** Deliveries became due now by a queue command, a release or a free. */
  | { readonly type: 'due' }
  /** Some may have been lost: what is known of identities is not believed any more. */
  | { readonly type: 'unsure' };
