// How a command ends: 0, 1 (a negative answer), 2 (usage), 3 (could not tell), with one clear line on standard error.

export type ExitCode = 1 | 2 | 3;

export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly code: ExitCode;

  constructor(message: string, code: ExitCode = 1) {
    super(message);
    this.code = code;
  }
}
