// Keys that all who write to a store share: whoever needs one first proposes it, and all get that one.

export interface SharedKeyName {
  /** What it is for, such as `label`: keys of one purpose say nothing of those of another. */
  readonly purpose: string;
  /** Begins with its day, UTC, such as `2026-11-23`: retention forgets by it. */
  readonly period: string;
}

/** The first one proposed stays. */
export interface SharedKeyChange extends SharedKeyName {
  readonly type: 'sharedKey';
  readonly proposedKey: Uint8Array;
}

export interface SharedKeyOutcomes {
  sharedKey: { readonly type: 'key'; readonly key: Uint8Array };
}
