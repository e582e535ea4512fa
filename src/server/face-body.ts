// The thread of the console: pages and sessions. It asks the store, the look-ups and main over lines, as the fronts do, so that no page slows or ends what others do. Of the
// secrets of the configuration none comes here but the keys of its own TLS.

import { resolve } from 'node:path';
import { type DomainStates, watchDomains } from '../administration/domain-watch.ts';
import type { AdministrationPorts } from '../administration/ports.ts';
import type { LastVerified } from '../audit/verifier.ts';
import { type Console, createConsole } from '../console/app.ts';
import { startListener } from '../console/listener.ts';
import { createSessions } from '../console/sessions.ts';
import { failureInWords } from '../base/failure-words.ts';
import type { RefusedToken } from '../http/api/tokens.ts';
import type { LoadedConfig } from '../config/load.ts';
import { withoutSecrets } from '../config/without-secrets.ts';
import { whereOf } from '../platform/listen.ts';
import type { Line } from '../platform/line.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import { createRemoteLookups } from '../store/remote-lookups.ts';
import { createRemoteStore } from '../store/remote.ts';
import { StoreUnavailable } from '../store/port.ts';
import { administrationPorts } from './administration.ts';
import { asksOf } from './face-asks.ts';
import { factorGuards } from './factor-guard.ts';
import { noteFailedSignIns } from './failed-sign-ins.ts';
import { createPersonCheck } from './person-check.ts';
import type { CertificatePair } from './tls-contexts.ts';
import type { ThreadBody } from './thread-body.ts';

type ConsoleConfig = Exclude<LoadedConfig['config']['console'], 'off'>;

/** A configuration as it crosses into the thread. */
export type FaceConfig = Omit<LoadedConfig, 'path'> & {
  /** Of a console that does TLS; with their keys, the only secrets that come here. */
  readonly certificates?: readonly CertificatePair[];
};

export interface FaceBirth {
  readonly listen: ConsoleConfig;
  readonly loaded: FaceConfig;
}

/** What main asks it. */
export type FaceQuestion =
  | { readonly link: string; readonly login?: string }
  | { readonly loaded: FaceConfig }
  | { readonly alive: true };

/** What it tells main, for the log and the metrics. */
export type FaceNotice =
  | { readonly fault: string }
  | { readonly refusedToken: RefusedToken }
  | { readonly domains: DomainStates }
  | { readonly verified: LastVerified };

export function faceConfigOf({ path: _path, config, ...others }: LoadedConfig): FaceConfig {
  return { ...others, config: withoutSecrets(config) };
}

export function originOf({ origin, tls, ...at }: ConsoleConfig, hostname: string): string {
  if (origin !== undefined) return origin;
  return tls ? new URL(`https://${hostname}:${at.port}`).origin : `http://${whereOf(at)}`;
}

/** It listens already when it is ready: until the lines come, pages say that the store does not answer. */
export async function createFaceBody(
  birth: FaceBirth,
  { clock, entropy }: { readonly clock: Clock; readonly entropy: Entropy },
): Promise<ThreadBody> {
  let loaded = birth.loaded;
  let main: Line | undefined;
  const lookups = createRemoteLookups();
  const store = createRemoteStore({
    clock,
    stage: () => Promise.reject(new Error('the console stages nothing')),
  });
  const report = (error: unknown): void => {
    const fault = error instanceof Error ? (error.stack ?? error.message) : failureInWords(error);
    main?.tell({ fault } satisfies FaceNotice);
  };
  const asks = asksOf(
    async (wish) => {
      if (main === undefined) throw new StoreUnavailable('the console has just been started: try again');
      return main.ask(wish);
    },
    () => loaded.config.relay.expire,
  );
  let lookupThread: Line | undefined;
  const note = noteFailedSignIns({ store, clock, server: birth.listen });
  const judging = { clock, note, report, lookupThread: () => lookupThread };
  const administration: AdministrationPorts = {
    ...administrationPorts({
      ...{ store, lookups },
      loaded: () => ({ ...loaded, path: (relative) => resolve(loaded.directory, relative) }),
      copy: asks.copy,
      verified: (verified) => main?.tell({ verified } satisfies FaceNotice),
    }),
    entropy,
    reports: asks.reports,
    dkimKeys: asks.dkimKeys,
    nearLimits: asks.nearLimits,
  };
  const face = createConsole({
    ...{ origin: originOf(birth.listen, birth.loaded.config.hostname), clock, report },
    ...{ check: createPersonCheck(judging), factorGuard: factorGuards(judging) },
    refusedToken: (refusedToken) => main?.tell({ refusedToken } satisfies FaceNotice),
    sessions: createSessions({ entropy, ports: { store, lookups, clock } }),
    ...{ administration, condition: asks.condition },
  });
  const listener = await startListener(birth.listen, face.app, report, loaded.certificates);
  const take = (next: FaceConfig): void => {
    loaded = next;
    if (next.certificates !== undefined) listener.reload(next.certificates);
  };

  return {
    greet(peer, open) {
      if (peer === 'store') store.connect(open({}));
      else if (peer === 'lookup') lookups.connect((lookupThread = open({})));
      else {
        const line = open({ answer: (question) => answer(face, question as FaceQuestion, take) });
        main = line;
        const told = (domains: DomainStates): void => line.tell({ domains } satisfies FaceNotice);
        watchDomains(administration, { clock, told, failed: report });
      }
    },
  };
}

async function answer(
  face: Console,
  question: FaceQuestion,
  take: (loaded: FaceConfig) => void,
): Promise<unknown> {
  if ('link' in question) return face.link(question.link, question.login);
  if ('loaded' in question) take(question.loaded);
  return true;
}
