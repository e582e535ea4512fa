// What the submission socket answers; whom it refuses is told, but not more often than the log can bear.

import type { Clock } from '../platform/platform.ts';

const REFUSALS_PER_MINUTE = 20;
const MINUTE_MS = 60_000;

export interface SubmitAnswer {
  readonly status: number;
  readonly body: object;
  /** The connection is closed after this reply. */
  readonly last?: true;
}

export function busy(error: string): SubmitAnswer {
  return { status: 503, body: { error } };
}

/** `uid` is undefined if it is not known. */
export type Refuse = (uid: number | undefined, cause: string) => SubmitAnswer;

export function refuserOf(clock: Clock, tell: (uid: number | undefined, cause: string) => void): Refuse {
  const mayTell = refusalGate(clock);
  return (uid, cause) => {
    if (mayTell()) tell(uid, cause);
    return { status: 403, body: { error: cause } };
  };
}

/** Anybody may try, so that the log is not for them to fill. */
function refusalGate(clock: Clock): () => boolean {
  let since = clock.monotonic();
  let told = 0;
  return () => {
    if (clock.monotonic() - since >= MINUTE_MS) {
      since = clock.monotonic();
      told = 0;
    }
    told += 1;
    return told <= REFUSALS_PER_MINUTE;
  };
}
