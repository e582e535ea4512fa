// Why a route takes nobody's mail now: no host can be reached, or the one that is refuses our login. Mail for it waits meanwhile, one job
// at a time probes whether the outage is over, and the operator is told.

import type { Clock } from '../platform/platform.ts';
import { afterFailure, freshPace } from '../policy/pace.ts';
import type { JobResult } from './delivery-job.ts';
import { HopDown } from './hop-down.ts';
import type { Hosts } from './hosts.ts';

/** The shortest wait of mail that finds its route down. */
const AGAIN_MS = 1_000;
/** How fast waiting mail comes back: a million messages that return at once would leave no room for new mail. */
const RETURNS_PER_SECOND = 500;

/** `probe`: this job tries whether the outage is over; `shut`: it has to wait. */
export type Pass = 'open' | 'probe' | 'shut';

export interface Outage {
  readonly lasts: boolean;
  /** For one job, which hands its pass back to `leave`. */
  enter(): Pass;
  leave(pass: Pass): void;
  /** The result of a job that has to wait for the end. */
  waits(probed: boolean): Extract<JobResult, { type: 'hostDown' }>;
  /** No connection could be made. */
  unreachable(error: unknown): void;
  reached(): void;
  /** The host refuses everybody's mail; `words` is its reply. `login`: no message gets through until the login is mended. */
  refuses(words: string, login?: { readonly pass: Pass; readonly status: string }): void;
  takesMail(): void;
}

export function createOutage(o: {
  readonly clock: Clock;
  readonly hosts: Pick<Hosts, 'down' | 'downUntil'>;
  readonly longestPauseMs: number;
  /** The route went down or came back. */
  changed(down: boolean, diagnostic: string): void;
}): Outage {
  const { clock, hosts } = o;
  /** The first error, while no host can be reached. */
  let nobodyThere: string | undefined;
  let refused: string | undefined;
  let told: string | undefined;
  /** Pace of the login: its refusals in a row. */
  let login = freshPace;
  let last = { diagnostic: '', status: '4.4.1' };
  let probing = false;
  /** When the last waiting message comes back; monotonic, ms. */
  let lastReturn = 0;

  const lasts = (): boolean => hosts.down || login.failures > 0;
  const until = (): number => Math.max(hosts.downUntil, login.downUntil);

  function tell(): void {
    const now = nobodyThere ?? refused;
    if (now === told) return;
    told = now;
    o.changed(now !== undefined, now ?? '');
  }

  return {
    get lasts() {
      return lasts();
    },
    enter() {
      if (!lasts()) return 'open';
      if (probing || clock.monotonic() < until()) return 'shut';
      probing = true;
      return 'probe';
    },
    leave(pass) {
      if (pass === 'probe') probing = false;
    },
    waits(probed) {
      const now = clock.monotonic();
      const at = Math.max(now + AGAIN_MS, until(), probed ? 0 : lastReturn + 1000 / RETURNS_PER_SECOND);
      if (!probed) lastReturn = at;
      // The store keeps whole milliseconds.
      return { type: 'hostDown', ...last, until: Math.ceil(clock.now() + at - now), probed };
    },
    unreachable(error) {
      const diagnostic = error instanceof Error ? error.message : String(error);
      last = { diagnostic, status: error instanceof HopDown ? error.status : '4.4.1' };
      nobodyThere ??= diagnostic;
      tell();
    },
    reached() {
      nobodyThere = undefined;
      tell();
    },
    refuses(words, ofLogin) {
      refused ??= words;
      tell();
      if (ofLogin === undefined) return;
      last = { diagnostic: words, status: ofLogin.status };
      // Jobs under way when the first one was refused belong to the same outage.
      if (login.failures > 0 && ofLogin.pass !== 'probe') return;
      const now = clock.monotonic();
      login = afterFailure(login, { now, begunAt: now, longestMs: o.longestPauseMs });
    },
    takesMail() {
      refused = undefined;
      login = freshPace;
      tell();
    },
  };
}
