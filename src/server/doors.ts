// Everything of a running server that is asked or called from outside, but for SMTP: control socket, submission socket, private HTTP, web. Each is a step of the start.

import type { LoadedConfig } from '../config/load.ts';
import { rolesOf } from '../config/roles.ts';
import { startControl } from '../http/control.ts';
import { startPrivateHttp } from '../http/private.ts';
import { startWeb, type Web } from '../http/web.ts';
import type { Log, LogSink } from '../observe/log.ts';
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
import type { InForce } from './in-force.ts';
import { startLocal } from './local.ts';
import type { Readiness } from './readiness.ts';
import type { SelfTest } from './self-test.ts';
import type { Steps } from './steps.ts';
import type { Supervisor } from './supervisor.ts';

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
  readonly selfTest: SelfTest;
  readonly readiness: Readiness;
}

/** Gives the public web listener, if there is one. */
export async function openDoors(o: DoorsOptions): Promise<Web | undefined> {
  const { first, steps, log, sink, engine, inForce, supervisor, selfTest, readiness } = o;
  const { config } = first;
  const { http } = config;
  const loaded = (): LoadedConfig => inForce.loaded;
  const hostname = (): string => loaded().config.hostname;
  const close = (door: (() => Promise<void>) | undefined): Promise<void> | undefined => door?.();
  const notTaken = createNotTaken(clock, log);
  const door = (name: string) => ({ notTaken: (error: Error) => notTaken(name, error) });
  const { store, lookups } = supervisor;
  const cluster = o.isShared ? await joinNodes(o) : undefined;
  const condition = createCondition({
    ...{ supervisor, sink, inForce, readiness, cluster },
    descriptorTrouble: () => descriptorTrouble(descriptors.open(), descriptors.limit()),
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
  await steps.take(
    'control socket',
    () =>
      startControl(first.path(config.data), {
        ...{ clock, status, ...door('control socket') },
        administration: administrationPorts({
          ...{ store, lookups, loaded },
          copy: async () => (await engine.backups()).stage((path) => supervisor.backup(path)),
        }),
        reload: () => inForce.reload(),
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
          ...condition,
          ...door('http'),
        }),
      close,
    );
  const { web } = config;
  if (web === undefined) return undefined;
  const settings = (): OnboardingSettings => onboardingOf(loaded().config);
  return steps.take(
    'web',
    () => startWeb({ ...web, certificates: inForce.plan.certificates, settings, clock, ...door('web') }),
    (started) => started.close(),
  );
}

function joinNodes({ steps, log, inForce, supervisor }: DoorsOptions): Promise<Cluster> {
  const { store, lookups } = supervisor;
  const facts = (): NodeFacts => ({
    ...{ version: ownVersion(), roles: rolesOf(inForce.loaded) },
    digests: digestsOf(inForce.loaded, inForce.plan),
  });
  return steps.take(
    'cluster',
    () => joinCluster({ clock, log, store, lookups, facts, life: () => supervisor.life }),
    (joined) => joined.end(),
  );
}
