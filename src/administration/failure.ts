// Why a use case was not carried out, in words for people, with the way out.

/** `negative`: it is not so, or may not be. `usage`: it was asked in a wrong way. `trouble`: it could not be told or done. `denied`: it is not for this role, or this token. */
export type FailureKind = 'negative' | 'usage' | 'trouble' | 'denied';

export class UseCaseFailure extends Error {
  override readonly name = 'UseCaseFailure';
  readonly kind: FailureKind;

  constructor(message: string, kind: FailureKind = 'negative') {
    super(message);
    this.kind = kind;
  }
}

/** What it is about is not there, or not for who asks. */
export class NotThere extends UseCaseFailure {}

/** Too much of who asks is under way: in a moment there is room again. */
export class ComeAgain extends UseCaseFailure {
  constructor(message: string) {
    super(message, 'trouble');
  }
}
