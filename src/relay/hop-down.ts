// A hop is of no use now, and nobody's message is to blame.

export class HopDown extends Error {
  override readonly name = 'HopDown';
  readonly status: string;

  constructor(diagnostic: string, status = '4.4.1') {
    super(diagnostic);
    this.status = status;
  }
}
