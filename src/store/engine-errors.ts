// Why a store can't be opened, whatever its engine.

/** Another process works on it. */
export class StoreLocked extends Error {
  override readonly name = 'StoreLocked';
}

/** A newer Postern has written it. */
export class StoreTooNew extends Error {
  override readonly name = 'StoreTooNew';
}
