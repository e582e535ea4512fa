// What can't be otherwise. A closed switch is proven by the compiler. Invariants are looked at wherever tests run: in their processes, in what those start,
// and in the simulation; there a wrong one fails the test. A server in use doesn't look: a count that is off by one is no reason to end it.

class AssertionFailed extends Error {
  override readonly name = 'AssertionFailed';
}

/** Closes a switch over a union: the compiler proves that this is never reached. */
export function unreachable(value: never): never {
  throw new AssertionFailed(`unexpected value: ${JSON.stringify(value)}`);
}

/** Node's test runner sets the first one for its processes, which hand it on; tools/watched.ts the other. */
const isWatched =
  process.env['NODE_TEST_CONTEXT'] !== undefined || process.env['POSTERN_INVARIANTS'] !== undefined;

/** `what` has to hold: a budget is never negative, a place is left once, a lease has one owner. Cheap, because it is worked out in use too. */
export function invariant(holds: boolean, what: string): void {
  if (isWatched && !holds) throw new AssertionFailed(what);
}
