// What processes that share a store tell each other of wrong secrets. Each counts for itself (`src/identity/guess-counts.ts`); here stands what each has counted, in a row of its own for
// each count, so that none waits for another. All counts decay alike: whoever reads adds up what is left. None of it has to last, and a store of one process keeps nothing.

/** Tells own counts, and asks for those of the others. */
export interface GuessesChange {
  readonly type: 'guesses';
  /** Of this process: no other ever has the same. */
  readonly writer: string;
  /** At most `GUESSES_MAX`, each named once. */
  readonly counts: readonly OwnGuessCount[];
}

export interface OwnGuessCount {
  readonly name: string;
  /** What it is now; 0: nothing is left. Absent: it is as it was told, and has only decayed. */
  readonly count?: number;
}

/** Of one other process, as it was so long ago. */
export interface OtherGuessCount {
  readonly name: string;
  readonly count: number;
  /** By the store's clock, ms. */
  readonly ageMs: number;
}

export interface GuessesOutcomes {
  guesses: { readonly type: 'guesses'; readonly others: readonly OtherGuessCount[] };
}

/** Names in one change. */
export const GUESSES_MAX = 1_000;
/** What was told so long ago is forgotten, ms: sixteen half-lives. */
export const GUESSES_KEPT_MS = 14_400_000;
