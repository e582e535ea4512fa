// Keys that all who write to a store share: whoever needs one first proposes it, and all get that one.

export interface SharedKeyName {
  /** What it is for, such as `label`: keys of one purpose say nothing of those of another. */
  readonly purpose: string;
  /** Begins with its day, UTC, such as `2026-11-23`: retention forgets by it. */
  readonly period: string;
}

/** Purpose of the keys of TLS session tickets. */
export const TICKET = 'ticket';
/** A key of TLS session tickets counts for so long, ms. */
export const TICKET_PERIOD_MS = 43_200_000;

/** The key of TLS session tickets at that time, ms since the epoch. */
export function ticketKeyOf(nowMs: number): SharedKeyName {
  const begun = new Date(nowMs - (nowMs % TICKET_PERIOD_MS)).toISOString();
  return { purpose: TICKET, period: begun.slice(0, 'YYYY-MM-DDTHH'.length) };
}

/** The first one proposed stays. */
export interface SharedKeyChange extends SharedKeyName {
  readonly type: 'sharedKey';
  readonly proposedKey: Uint8Array;
}

export interface SharedKeyOutcomes {
  sharedKey: { readonly type: 'key'; readonly key: Uint8Array };
}
