// Identities that are not active, as the transaction under way leaves them: undone step by step if it is rolled back. There may be a hundred thousand
// tombstones, so that nothing is copied for a commit.

export interface MayNotSend {
  has(identityId: string): boolean;
  set(identityId: string, mayNotSend: boolean): void;
  /** After COMMIT. */
  committed(): void;
  /** After a rollback: all is as it was before the transaction. */
  rolledBack(): void;
}

export function openMayNotSend(inactive: Iterable<string>): MayNotSend {
  const known = new Set(inactive);
  const steps: (readonly [identityId: string, before: boolean])[] = [];

  function put(identityId: string, mayNotSend: boolean): void {
    if (mayNotSend) known.add(identityId);
    else known.delete(identityId);
  }

  return {
    has: (identityId) => known.has(identityId),
    set(identityId, mayNotSend) {
      steps.push([identityId, known.has(identityId)]);
      put(identityId, mayNotSend);
    },
    committed() {
      steps.length = 0;
    },
    rolledBack() {
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) put(...step);
    },
  };
}
