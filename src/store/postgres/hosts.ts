// Which of several hosts is used: the one that served last, then the others in their order, each when the one before has failed or is silent. Not all at once: where two
// take writes, by mistake, all connections of a process should go to one.

import type { Clock } from '../../platform/platform.ts';
import type { Address } from './connection.ts';

export interface Attempt<T> {
  readonly done: Promise<T>;
  /** Another has served. Also after `done`. */
  abandon(): void;
}

/** Of each host that was tried, in the order of the trying. */
export class NoneServes extends Error {
  override readonly name = 'NoneServes';
  readonly failures: readonly { readonly address: Address; readonly error: unknown }[];

  constructor(failures: NoneServes['failures']) {
    super('no host serves');
    this.failures = failures;
  }
}

/** A host that has not served within so many ms is not waited for alone: it may be without power. */
export const SILENT_MS = 500;

/** By the list that it is in. */
const servedLast = new WeakMap<readonly Address[], Address>();

/** Resolves to the first that serves. Rejects with `NoneServes`. */
export function firstToServe<T>(
  hosts: readonly Address[],
  clock: Pick<Clock, 'after'>,
  attemptAt: (address: Address) => Attempt<T>,
): Promise<T> {
  const last = servedLast.get(hosts);
  const order = last === undefined ? hosts : [last, ...hosts.filter((address) => address !== last)];
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const failures: { readonly address: Address; readonly error: unknown }[] = [];
  const attempts = new Set<Attempt<T>>();
  let tried = 0;
  let cancel = (): void => undefined;

  function served(attempt: Attempt<T>, address: Address, by: T): void {
    tried = order.length;
    cancel();
    servedLast.set(hosts, address);
    attempts.delete(attempt);
    for (const other of attempts) other.abandon();
    resolve(by);
  }

  function failed(address: Address, error: unknown): void {
    failures.push({ address, error });
    if (failures.length === order.length) reject(new NoneServes(failures));
    else tryNext();
  }

  function tryNext(): void {
    cancel();
    const address = order[tried];
    if (address === undefined) return;
    tried += 1;
    const attempt = attemptAt(address);
    attempts.add(attempt);
    if (tried < order.length) cancel = clock.after(SILENT_MS, tryNext);
    attempt.done.then(
      (by) => {
        if (attempts.has(attempt)) served(attempt, address, by);
      },
      (error: unknown) => failed(address, error),
    );
  }

  tryNext();
  return promise;
}
