// A running server, put together: one list of steps, each with what undoes it. Whatever fails, all that was started before is stopped in reverse order; the
// lock of the data directory comes first and so goes last, when no thread can write any more. What `serve` and the first try share.

import { availableParallelism } from 'node:os';
import { isatty } from 'node:tty';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { portsOf } from '../config/ports.ts';
import { startControl } from '../http/control.ts';
import type { ReloadResult } from '../http/control-protocol.ts';
import { startPrivateHttp } from '../http/private.ts';
import { startWeb, type Web } from '../http/web.ts';
import type { OnboardingSettings } from '../onboarding/settings.ts';
import { createLog, type Log, type LogSink, standardOutput } from '../observe/log.ts';
import { createLogPrinter, type LogFormat, type LogPrinter } from '../observe/log-text.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { proveBindable } from '../platform/listen.ts';
import { storeLimitsOf } from './plan-of-config.ts';
import { createSelfTest, type SelfTest } from './self-test.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';
import { createCrew } from './thread.ts';
import { stageBackup } from '../store/sqlite/backup-stage.ts';
import { createNotTaken } from '../observe/not-taken.ts';
import { descriptorLimit, openDescriptors } from '../platform/descriptors.ts';
import { descriptorTrouble } from './descriptors.ts';
import { leaveToOwner, lockDataDirectory } from '../store/sqlite/data-directory.ts';
import { administrationPorts } from './administration.ts';
import { createCondition } from './condition.ts';
import { ownVersion } from '../platform/own-version.ts';
import { beginDuties } from './duties.ts';
import { InForce } from './in-force.ts';
import { startLocal } from './local.ts';
import { onboardingOf } from '../onboarding/of-config.ts';
import { createSteps, type Steps } from './steps.ts';

export interface RunningServer {
  readonly log: Log;
  reload(): Promise<ReloadResult>;
  /** Runs in the background; call it when the server is ready. */
  beginSelfTest(): void;
  /** Why the server must end: its self-test found that strangers get in. */
  readonly open: Promise<string>;
  /** Drains, by default as long as a reply may take, and stops; resolves when everything is closed and the lock is free. */
  stop(graceMs?: number): Promise<void>;
}

/** Told before each step of the start; what it throws fails the step. */
export type Entering = (step: string) => void;

/** `trusted`: PEM of an authority that the self-test trusts besides the system's. Rejects with what failed, when everything that was started has been stopped again. */
export async function runServer(
  first: LoadedConfig,
  entering: Entering,
  trusted?: string,
): Promise<RunningServer> {
  const sink = standardOutput();
  const printer = createLogPrinter(sink, logFormatOf(first.config));
  const log = createLog(first.config.log.level, printer);
  const steps = createSteps({
    entering,
    stuck: (step, error) => log.error({ step, error: String(error) }, 'could not be stopped'),
  });
  try {
    return await startAll({ first, steps, log, printer, sink, trusted });
  } catch (error) {
    await steps.undo();
    await sink.flush();
    throw error;
  }
}

interface Starting {
  readonly first: LoadedConfig;
  readonly steps: Steps;
  readonly log: Log;
  readonly printer: LogPrinter;
  readonly sink: LogSink;
  readonly trusted: string | undefined;
}

async function startAll(starting: Starting): Promise<RunningServer> {
  const { first, steps, log, printer, sink } = starting;
  const { data, threads } = first.config;
  const fronts = threads.fronts ?? Math.max(1, availableParallelism() - 1);
  let graceMs: number | undefined;
  const inForce = await steps.take('configuration', () => new InForce(first, fronts, log));
  await steps.take(
    'data directory',
    () => lockDataDirectory(first.path(data)),
    (unlock) => {
      leaveToOwner(first.path(data));
      unlock();
    },
  );
  await steps.take('ports', () =>
    proveBindable(portsOf(first.config).map((use) => ({ ...use, what: use.path.join('.') }))),
  );
  const supervisor = await steps.take(
    'threads',
    () =>
      createSupervisor({
        ...{ loaded: first, plan: inForce.plan, storeLimits: storeLimitsOf(first), fronts, log },
        ...{ clock, crew: createCrew() },
        writeLog: (lines) => printer.write(lines),
      }),
    (made) => made.stop(),
  );
  await steps.take('store thread', () => supervisor.startStore());
  await steps.take('desk thread', () => supervisor.startDesk());
  await steps.take('front threads', () => supervisor.startFronts());
  const { selfTest, open } = selfTestOf(supervisor, inForce, starting);
  let web: Web | undefined;
  // Before somebody can ask for a reload.
  inForce.tells = async (plan, storeLimits) => {
    await supervisor.reload(plan, storeLimits);
    web?.reload(plan.certificates);
  };
  inForce.taken = (loaded) => {
    log.level = loaded.config.log.level;
    printer.format = logFormatOf(loaded.config);
    selfTest.begin();
  };
  web = await openDoors(starting, { inForce, supervisor, selfTest });
  await steps.take('trail', () => supervisor.store.commit([{ type: 'record', events: [startEvent(first)] }]));
  await steps.take(
    'listeners',
    () => supervisor.listen(),
    () => supervisor.drain(graceMs ?? inForce.loaded.config.timeouts.reply),
  );
  await steps.take(
    'duties',
    () => beginDuties({ store: supervisor.store, log, inForce }),
    (end) => end(),
  );
  return {
    log,
    reload: () => inForce.reload(),
    beginSelfTest: () => selfTest.begin(),
    open,
    async stop(grace) {
      graceMs = grace;
      selfTest.stop();
      await steps.undo();
      log.info({}, 'stopped');
      await sink.flush();
    },
  };
}

interface Inside {
  readonly inForce: InForce;
  readonly supervisor: Supervisor;
  readonly selfTest: SelfTest;
}

/** All that is asked or called from outside, but for SMTP. */
async function openDoors(
  { first, steps, log, sink }: Starting,
  { inForce, supervisor, selfTest }: Inside,
): Promise<Web | undefined> {
  const { config } = first;
  const { http } = config;
  const loaded = (): LoadedConfig => inForce.loaded;
  const hostname = (): string => loaded().config.hostname;
  const close = (door: (() => Promise<void>) | undefined): Promise<void> | undefined => door?.();
  const notTaken = createNotTaken(clock, log);
  const door = (name: string) => ({ notTaken: (error: Error) => notTaken(name, error) });
  const condition = createCondition({
    ...{ supervisor, sink, inForce },
    descriptorTrouble: () => descriptorTrouble(openDescriptors(), descriptorLimit()),
  });
  const status = async (): Promise<object> => ({
    ...{
      version: ownVersion(),
      hostname: hostname(),
      pid: process.pid,
      startedAt: condition.startedAt,
      selfTest: selfTest.status,
    },
    ...(await condition.health()),
  });
  await steps.take(
    'control socket',
    () =>
      startControl(first.path(config.data), {
        ...{ clock, status, ...door('control socket') },
        administration: administrationPorts({
          ...{ store: supervisor.store, lookups: supervisor.lookups, loaded },
          copy: () => stageBackup(first.path(config.data), (path) => supervisor.backup(path)),
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
          ...{ ...http, hostname, selfTest: () => selfTest.status.verdict },
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

function selfTestOf(supervisor: Supervisor, inForce: InForce, { log, trusted }: Starting) {
  const { promise: open, resolve: isOpen } = Promise.withResolvers<string>();
  const selfTest = createSelfTest({
    ...{ clock, log, isOpen, ca: trusted },
    facts: () => inForce.loaded.config,
    comesFrom: (address) => supervisor.selfTestFrom(address),
  });
  return { selfTest, open };
}

/** A terminal is read by a person; a pipe or the journal is read by programs. */
function logFormatOf({ log }: Config): LogFormat {
  return log.format ?? (isatty(process.stdout.fd) ? 'text' : 'json');
}

function startEvent({ config, file }: LoadedConfig) {
  const detail = { file, hostname: config.hostname, domains: config.domains };
  return { type: 'started', time: clock.now(), payload: { by: 'server', action: 'start', detail } } as const;
}
