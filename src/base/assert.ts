// Assertions stay on in production: a failed one is a bug and ends the session or job it stands in, never an acknowledged mail.

class AssertionFailed extends Error {
  override readonly name = 'AssertionFailed';
}

/** Closes a switch over a union: the compiler proves that this is never reached. */
export function unreachable(value: never): never {
  throw new AssertionFailed(`unexpected value: ${JSON.stringify(value)}`);
}
