// What the memory store keeps, as Maps that can take back: what a change wrote is undone if the change can't be done. Values are
// replaced, never changed, and nothing relies on the order of a Map.

import type { MessageId } from '../../base/message-id.ts';
import type { Counter } from '../../policy/limits.ts';
import type { Identity, IdentityId } from '../../record/identity.ts';
import type { ContentPart } from '../../record/event-content.ts';
import type { EventType } from '../../record/events.ts';
import type { EnvelopeRecipient } from '../../protocol/envelope.ts';
import type { PurgeMarks } from '../forgetting.ts';
import type { CredentialUse } from '../lookups.ts';
import type { Notice } from '../notices.ts';
import type { MessageContent, QueuedMessage } from '../port.ts';
import type { SharedKeyName } from '../shared-key.ts';
import type { ConsoleSession } from '../console-sessions.ts';
import type { GuessRow } from './guesses.ts';
import type { Owner } from '../owner.ts';
import type { HoldReason } from '../queue-change.ts';

export interface Table<K, V> {
  readonly size: number;
  get(key: K): V | undefined;
  has(key: K): boolean;
  keys(): readonly K[];
  values(): readonly V[];
  set(key: K, value: V): void;
  delete(key: K): void;
}

export interface UndoLog {
  table<K, V>(): Table<K, V>;
  /** Runs one change; if it throws, everything it wrote is as it was before. */
  attempt<T>(change: () => T): T;
}

export function createJournal(): UndoLog {
  let undo: (() => void)[] = [];

  function table<K, V>(): Table<K, V> {
    const rows = new Map<K, V>();
    function keep(key: K): void {
      const before = rows.get(key);
      undo.push(() => void (before === undefined ? rows.delete(key) : rows.set(key, before)));
    }
    return {
      get size() {
        return rows.size;
      },
      get: (key) => rows.get(key),
      has: (key) => rows.has(key),
      keys: () => [...rows.keys()],
      values: () => [...rows.values()],
      set(key, value) {
        keep(key);
        rows.set(key, value);
      },
      delete(key) {
        keep(key);
        rows.delete(key);
      },
    };
  }

  return {
    table,
    attempt(change) {
      undo = [];
      try {
        return change();
      } catch (error) {
        for (const takeBack of undo.reverse()) takeBack();
        throw error;
      }
    },
  };
}

export interface RecipientRow {
  readonly number: number;
  readonly recipient: EnvelopeRecipient;
  readonly domain: string;
  readonly dueAt: number;
  /** What commands and attempts said; whether its identity may send stands with the identity. */
  readonly heldBy: ReadonlySet<HoldReason>;
  readonly owner: Owner | undefined;
  readonly attempt: number;
  readonly delayReported: boolean;
}

export interface MessageRow {
  /** Sequence of its acceptance: what is due at one time goes out in this order. */
  readonly n: number;
  readonly message: QueuedMessage;
  readonly content: MessageContent;
  readonly recipients: readonly RecipientRow[];
  readonly notices: readonly NoticeRow[];
}

export interface NoticeRow extends Notice {
  readonly dueAt: number;
}

export type DeliveryKey = readonly [id: MessageId, recipientNumber: number];
/** `n` tells acceptances of one id apart. */
export type ClaimedKey = readonly [id: MessageId, recipientNumber: number, n: number];

/** The last claim of an owner: asked again with the same token, it gets the same. */
export interface ClaimRow {
  readonly owner: Owner;
  readonly token: string;
  readonly keys: readonly ClaimedKey[];
}

export interface EventRow {
  readonly sequence: number;
  readonly time: number;
  readonly type: EventType;
  readonly messageId: string | undefined;
  readonly identityId: string | undefined;
  readonly payload: ContentPart | undefined;
  readonly place: ContentPart | undefined;
  readonly partHashes: Uint8Array;
  readonly link: Uint8Array;
}

export interface Tables {
  readonly messages: Table<MessageId, MessageRow>;
  readonly claims: Table<Owner, ClaimRow>;
  /** By sequence, without gaps. */
  readonly events: Table<number, EventRow>;
  readonly identities: Table<IdentityId, Identity>;
  /** Login and addresses, with all who have them, tombstones included. */
  readonly names: Table<string, readonly IdentityId[]>;
  readonly appPasswords: Table<string, IdentityId>;
  readonly uses: Table<IdentityId, readonly CredentialUse[]>;
  readonly counters: Table<IdentityId, Counter>;
  readonly sharedKeys: Table<string, SharedKeyName & { readonly key: Uint8Array }>;
  readonly guesses: Table<string, GuessRow>;
  readonly consoleSessions: Table<string, ConsoleSession>;
  /** Identities that are not active. */
  readonly mayNotSend: Table<IdentityId, true>;
  readonly marks: Table<'purge', PurgeMarks>;
}

export function createTables(journal: UndoLog): Tables {
  return {
    messages: journal.table(),
    claims: journal.table(),
    events: journal.table(),
    identities: journal.table(),
    names: journal.table(),
    appPasswords: journal.table(),
    uses: journal.table(),
    counters: journal.table(),
    sharedKeys: journal.table(),
    guesses: journal.table(),
    consoleSessions: journal.table(),
    mayNotSend: journal.table(),
    marks: journal.table(),
  };
}
