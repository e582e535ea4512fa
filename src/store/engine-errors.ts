// Why a store can't be opened, whatever its engine.

/** Another process works on it. */
export class StoreLocked extends Error {
  override readonly name = 'StoreLocked';
}

/** Who keeps it can't be reached, or takes nothing now: that may pass. */
export class StoreAway extends Error {
  override readonly name = 'StoreAway';
}

/** What should keep it can't keep what it is told, or does not let us in; says what to change. */
export class ServerUnfit extends Error {
  override readonly name = 'ServerUnfit';
}

/** Another node lives that has the same name. */
export class NodeNameTaken extends Error {
  override readonly name = 'NodeNameTaken';
}

/** A newer Postern has written it. */
export class StoreTooNew extends Error {
  override readonly name = 'StoreTooNew';
}

/** The copy of another store that is not done. */
export class StoreUnfinished extends Error {
  override readonly name = 'StoreUnfinished';
}

/** Follows its place. */
export const UNFINISHED =
  'holds a copy of another store that is not done: run `postern store copy` again until it is, or empty it';
