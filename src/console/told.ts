// Which failures say themselves what to do: they are shown as they are. All others are faults of ours.

import { UseCaseFailure } from '../administration/failure.ts';
import { StoreUnavailable } from '../store/port.ts';

/** Over a line between threads a bad place in a walk keeps its name alone. */
export function isTold(error: unknown): error is Error {
  return (
    error instanceof UseCaseFailure ||
    error instanceof StoreUnavailable ||
    (error instanceof Error && error.name === 'NotACursor')
  );
}
