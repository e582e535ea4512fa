// Why a use case was not carried out, in words for people, with the way out.

/** `negative`: it is not so, or may not be. `usage`: it was asked in a wrong way. `trouble`: it could not be told or done. */
export type FailureKind = 'negative' | 'usage' | 'trouble';

export class UseCaseFailure extends Error {
  override readonly name = 'UseCaseFailure';
  readonly kind: FailureKind;

  constructor(message: string, kind: FailureKind = 'negative') {
    super(message);
    this.kind = kind;
  }
}
