// What a store keeps as plain rows, whatever its engine: a copy reads them from one and writes them to another (`copy.ts`). Leases are none of it: mail that
// somebody has in hand waits in the queue of the copy. How far a copy has come stands in its target, written with the rows themselves, so that one that was killed
// goes on. Until it is done nobody else can open the target.

import type { Entropy } from '../platform/platform.ts';
import type { MessageId } from '../base/message-id.ts';
import type { Counter } from '../policy/limits.ts';
import type { EnvelopeRecipient } from '../protocol/envelope.ts';
import type { EventDraft } from '../record/events.ts';
import type { Identity } from '../record/identity.ts';
import type { Chain, ChainLink, CredentialUse, Lookups } from './lookups.ts';
import type { Notice } from './notices.ts';
import type { MessageContent, QueuedMessage, Stage } from './port.ts';
import type { SharedKeyName } from './shared-key.ts';

/** In the order in which they are copied. */
export const kinds = ['identity', 'sharedKey', 'chain', 'event', 'message'] as const;

export type Kind = (typeof kinds)[number];

export interface Rows {
  readonly identity: {
    readonly identity: Identity;
    /** In the order of address and credential. */
    readonly uses: readonly CredentialUse[];
    /** Of its sending limits. */
    readonly counter: Counter | undefined;
  };
  readonly sharedKey: SharedKeyName & { readonly key: Uint8Array };
  readonly chain: Chain;
  /** In the order of writing: so each chain is in the order of its numbers. */
  readonly event: Omit<ChainLink, 'cursor' | 'index'>;
  readonly message: KeptMessage;
}

export interface KeptMessage {
  readonly message: QueuedMessage;
  /** Staged: the body is asked for apart. */
  readonly content: MessageContent;
  /** Those that are left. */
  readonly recipients: readonly KeptRecipient[];
  readonly notices: readonly (Notice & { readonly dueAt: number })[];
}

export interface KeptRecipient {
  readonly recipientNumber: number;
  readonly recipient: EnvelopeRecipient;
  readonly dueAt: number;
  /** Bits, see `held.ts`. */
  readonly held: number;
  /** Number of the last attempt, or 0. */
  readonly attempt: number;
  readonly delayReported: boolean;
}

export interface Asked {
  /** `next` of the page before. */
  readonly after?: string;
  /** Rows. */
  readonly max: number;
}

export interface Page<K extends Kind> {
  readonly rows: readonly Rows[K][];
  /** Where the rows after these are read from; absent: there are none. */
  readonly next?: string;
}

export type Counts = Readonly<Record<Kind, number>>;

/** A store that nobody writes to. */
export interface KeptRows {
  readonly lookups: Lookups;
  counts(): Promise<Counts>;
  /** Of keys and chains there are few: they come as one page. */
  read<K extends Kind>(kind: K, asked: Asked): Promise<Page<K>>;
  close(): Promise<void>;
}

export interface Progress {
  /** `next` of the last page that was written; absent: none was, or it was the last of all. */
  readonly after?: string;
  /** Rows that were written. */
  readonly rows: number;
  readonly isDone: boolean;
}

/** The target of a copy. */
export interface Copied extends KeptRows {
  progress(kind: Kind): Promise<Progress>;
  /** A page and that it was written, durable together. `bodyOf`: of those messages whose content is staged. */
  write<K extends Kind>(kind: K, page: Page<K>, bodyOf: BodyOf): Promise<void>;
  /** Indexes some of the trail. Gives how many events; 0: there are no more. */
  index(): Promise<number>;
  /** It is a store from now on. Its own chain, which comes after those that were copied, begins with this event. */
  finish(event: EventDraft, entropy: Entropy): Promise<void>;
}

export type BodyOf = (message: KeptMessage) => AsyncIterable<Uint8Array>;

/** Before their messages. `stageOf`: of an id that none is left of, whatever a copy that was killed has left. */
export async function stageBodies(
  { rows }: Page<'message'>,
  bodyOf: BodyOf,
  stageOf: (id: MessageId) => Promise<Stage>,
): Promise<void> {
  for (const row of rows) {
    if (row.content.kind === 'inline') continue;
    const stage = await stageOf(row.message.id);
    try {
      for await (const piece of bodyOf(row)) await stage.append(piece);
      await stage.finish();
    } catch (error) {
      await stage.discard();
      throw error;
    }
  }
}

/** What one is known by when a copy goes on: everything that happens adds to its trail. */
export async function originOf({ lookups }: KeptRows): Promise<string> {
  const [newest] = await lookups.newestLinks(1);
  return newest === undefined ? 'no event' : Buffer.from(newest.link).toString('hex');
}

export interface Transfer {
  /** To be read. Rejects if somebody works on it: with `StoreLocked`. */
  source(): Promise<KeptRows>;
  /**
   * Begins a copy, in a place that holds no store yet, or goes on with one. `origin`: of the source (`originOf`). Rejects with `NotEmpty` if there is something else,
   * and with `StoreLocked`.
   */
  target(origin: string): Promise<Copied>;
  /** Rejects with what `target` would reject with, and writes nothing. */
  assertTarget(origin: string): Promise<void>;
}

/** The place of a copy holds a store already, or the copy of another one, or of this one as it was before. */
export class NotEmpty extends Error {
  override readonly name = 'NotEmpty';
}
