// A port as the checks use it: opens conversations in the state they need, and keeps what several of them ask for.

import type { HostAddress } from '../platform/probe-names.ts';
import type { Handshake, ProbeTls } from '../platform/probe-wire.ts';
import { ok, type Result } from '../base/result.ts';
import type { Dialler } from './dialler.ts';
import { Opening, type Phase, type Session } from './opening.ts';
import { type Survey, tlsOf } from './survey.ts';
import type { ProbePort, Target } from './target.ts';

export interface Visit {
  readonly target: Target;
  readonly port: ProbePort;
  readonly found: Survey;
  /** The error is a sentence. */
  open(phase: Phase, purpose: string): Promise<Result<Session>>;
  /** TLS with settings of one's own; the connection is dropped afterwards. */
  shakeHands(settings: Partial<ProbeTls>, purpose: string): Promise<Result<Handshake>>;
  /** Computed at the first call, then remembered for the run. */
  once<T>(key: string, make: () => Promise<T>): Promise<T>;
}

export function createVisit(dialler: Dialler, target: Target, found: Survey, at: HostAddress): Visit {
  const kept = new Map<string, Promise<unknown>>();
  const opening = new Opening(dialler, target, found, at);

  return {
    ...{ target, port: found.port, found },
    open: (phase, purpose) => opening.open(phase, purpose),
    async shakeHands(settings, purpose) {
      const begun = await opening.beforeTls(purpose);
      if (!begun.ok) return begun;
      const shaken = await begun.value.secure({ ...tlsOf(target), ...settings });
      begun.value.drop();
      return ok(shaken);
    },
    once<T>(key: string, make: () => Promise<T>): Promise<T> {
      const known = kept.get(key) as Promise<T> | undefined;
      const made = known ?? make();
      kept.set(key, made);
      return made;
    },
  };
}
