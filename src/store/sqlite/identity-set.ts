// A set of identities in the memory of the writer, as the transaction under way leaves it: undone step by step if it is rolled back. There may be a
// hundred thousand tombstones among those who may not send, so that nothing is copied for a commit.

export interface IdentitySet extends Iterable<string> {
  has(identityId: string): boolean;
  set(identityId: string, isIn: boolean): void;
  /** After COMMIT. */
  committed(): void;
  /** After a rollback: all is as it was before the transaction. */
  rolledBack(): void;
}

export function createIdentitySet(first: Iterable<string>): IdentitySet {
  const known = new Set(first);
  const steps: (readonly [identityId: string, before: boolean])[] = [];

  function put(identityId: string, isIn: boolean): void {
    if (isIn) known.add(identityId);
    else known.delete(identityId);
  }

  return {
    has: (identityId) => known.has(identityId),
    set(identityId, isIn) {
      steps.push([identityId, known.has(identityId)]);
      put(identityId, isIn);
    },
    committed() {
      steps.length = 0;
    },
    rolledBack() {
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) put(...step);
    },
    [Symbol.iterator]: () => known.values(),
  };
}
