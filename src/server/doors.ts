// Everything of a running server that is asked or called from outside, but for SMTP: control socket, submission socket, private HTTP, console, web. Each is a step of the start.

import type { LoadedConfig } from '../config/load.ts';
import { rolesOf } from '../config/roles.ts';
import { startControl } from '../http/control.ts';
import { startPrivateHttp } from '../http/private.ts';
import { startWeb, type Web } from '../http/web.ts';
import type { Log, LogSink } from '../observe/log.ts';
import { UseCaseFailure } from '../administration/failure.ts';
import { createNotTaken } from '../observe/not-taken.ts';
import { onboardingOf } from '../onboarding/of-config.ts';
import type { OnboardingSettings } from '../onboarding/settings.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { descriptors } from '../platform/descriptors.ts';
import { ownVersion } from '../platform/own-version.ts';
import type { Engine } from '../store/engine.ts';
import type { NodeFacts } from '../store/nodes.ts';
import { digestsOf } from './alike.ts';
import { administrationPorts } from './administration.ts';
import { type Cluster, joinCluster } from './cluster.ts';
import { createCondition } from './condition.ts';
import { descriptorTrouble } from './descriptors.ts';
import { type Face, startFace } from './face.ts';
import type { InForce } from './in-force.ts';
import { startLocal } from './local.ts';
import type { Readiness } from './readiness.ts';
import type { SelfTest } from './self-test.ts';
import type { Steps } from './steps.ts';
import type { Supervisor } from './supervisor.ts';
import type { Crew } from './thread.ts';

export interface DoorsOptions {
  /** Addresses, ports and the data directory are those of the start. */
  readonly first: LoadedConfig;
  readonly steps: Steps;
  readonly log: Log;
  readonly sink: LogSink;
  readonly engine: Pick<Engine, 'backups'>;
  /** Several nodes may write the store. */
  readonly isShared: boolean;
  readonly inForce: InForce;
  readonly supervisor: Supervisor;
  readonly crew: Crew;
  readonly selfTest: SelfTest;
  readonly readiness: Readiness;
}

/** Those that hear of a reload. Undefined: it is not configured. */
export interface Doors {
  readonly web: Web | undefined;
  readonly face: Face | undefined;
}

export async function openDoors(o: DoorsOptions): Promise<Doors> {
  const { first, steps, log, sink, engine, inForce, supervisor, selfTest, readiness } = o;
  const { config } = first;
  const { http } = config;
  const loaded = (): LoadedConfig => inForce.loaded;
  const hostname = (): string => loaded().config.hostname;
  const close = (door: (() => Promise<void>) | undefined): Promise<void> | undefined => door?.();
  const notTaken = createNotTaken(clock, log);
  const door = (name: string) => ({ notTaken: (error: Error) => notTaken(name, error) });
  const { store, lookups } = supervisor;
  let face: Face | undefined;
  const cluster = o.isShared ? await joinNodes(o) : undefined;
  const condition = createCondition({
    clock,
    ...{ supervisor, sink, inForce, readiness, cluster },
    descriptorTrouble: () => descriptorTrouble(descriptors.open(), descriptors.limit()),
    face: () => face,
  });
  const status = async (): Promise<object> => ({
    ...{
      version: ownVersion(),
      hostname: hostname(),
      pid: process.pid,
      roles: rolesOf(loaded()),
      startedAt: condition.startedAt,
      selfTest: selfTest.status,
      ready: await readiness.look(),
    },
    ...(await condition.health()),
  });
  const administration = administrationPorts({
    ...{ store, lookups, loaded },
    copy: async () => (await engine.backups()).stage((path) => supervisor.backup(path)),
  });
  await steps.take(
    'control socket',
    () =>
      startControl(first.path(config.data), {
        ...{ clock, status, ...door('control socket') },
        administration,
        reload: () => inForce.reload(),
        consoleLink: (who, login) => linkOf(face, first, who, login),
      }),
    close,
  );
  await steps.take(
    'local',
    () => startLocal({ first, loaded, log, clock, supervisor, ...door('local') }),
    close,
  );
  if (http !== 'off')
    await steps.take(
      'http',
      () =>
        startPrivateHttp({
          ...{ ...http, hostname, selfTest: () => selfTest.status.verdict, ready: () => readiness.look() },
          ...{ ...condition, administration },
          ...door('http'),
        }),
      close,
    );
  const { console: listen } = config;
  if (listen !== 'off')
    face = await steps.take(
      'console',
      () => startFace(listen, { ...o, clock, condition, administration }),
      (started) => started.stop(),
    );
  return { face, web: await openWeb(o, door('web')) };
}

function openWeb(
  { first, steps, inForce }: DoorsOptions,
  door: { notTaken(error: Error): void },
): Promise<Web | undefined> {
  const { web } = first.config;
  if (web === undefined) return Promise.resolve(undefined);
  const settings = (): OnboardingSettings => onboardingOf(inForce.loaded.config);
  return steps.take(
    'web',
    () => startWeb({ ...web, certificates: inForce.plan.certificates, settings, clock, ...door }),
    (started) => started.close(),
  );
}

/** Rejects with what to do instead. */
export async function linkOf(
  face: Face | undefined,
  { config }: Pick<LoadedConfig, 'config'>,
  who: string,
  login?: string,
): Promise<string> {
  if (face !== undefined) return face.link(who, login);
  // The control socket is opened before it.
  if (config.console !== 'off')
    throw new UseCaseFailure('the server is starting: try again in a moment', 'trouble');
  throw new UseCaseFailure(
    'this server has no console: add `console: {}` to its configuration, and start it again',
  );
}

function joinNodes({ steps, log, inForce, supervisor, readiness }: DoorsOptions): Promise<Cluster> {
  const { store, lookups } = supervisor;
  const startedAt = clock.now();
  const facts = (): NodeFacts => ({
    ...{ version: ownVersion(), roles: rolesOf(inForce.loaded) },
    digests: digestsOf(inForce.loaded, inForce.plan),
    startedAt,
    ...(readiness.isLeaving ? { isLeaving: true } : {}),
  });
  return steps.take(
    'cluster',
    () => joinCluster({ clock, log, store, lookups, facts, life: () => supervisor.life }),
    (joined) => joined.end(),
  );
}
