// The process of a server: what it stands on is the system's, and its configuration is a file that may be read again. One list of steps, each with what undoes
// it. Whatever fails, all that was started before is stopped in reverse order; the lock of the data directory comes first and so goes last, when no thread can
// write any more. What `serve` and the first try share.

import { availableParallelism } from 'node:os';
import { isatty } from 'node:tty';
import type { LoadedConfig } from '../config/load.ts';
import { portsOf } from '../config/ports.ts';
import { rolesOf } from '../config/roles.ts';
import type { Config } from '../config/schema.ts';
import type { ReloadResult } from '../http/control-protocol.ts';
import { createLog, type Log, type LogSink, standardOutput } from '../observe/log.ts';
import { createLogPrinter, type LogFormat, type LogPrinter } from '../observe/log-text.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { descriptors } from '../platform/descriptors.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { proveBindable } from '../platform/listen.ts';
import { type Engine, openEngine } from '../store/engine.ts';
import { engineOf, isShared } from '../store/engine-choice.ts';
import { type Doors, linkOf, openDoors } from './doors.ts';
import { InForce } from './in-force.ts';
import { storeLimitsOf } from './plan-of-config.ts';
import { conditionsOf, Readiness } from './readiness.ts';
import { createSelfTest, type SelfTest } from './self-test.ts';
import { createServer } from './server.ts';
import { createSteps, type Steps } from './steps.ts';
import { systemCrew } from './thread.ts';

export interface RunningServer {
  readonly log: Log;
  reload(): Promise<ReloadResult>;
  /** Lets somebody into the console, once. Rejects if there is none. */
  consoleLink(who: string): Promise<string>;
  /** Runs in the background; call it when the server is ready. */
  beginSelfTest(): void;
  /** Why the server must end: its self-test found that strangers get in. */
  readonly open: Promise<string>;
  /** `/readyz` says no from now on; resolves after `drain.announce`. Connections are still taken. */
  announceStop(): Promise<void>;
  /** Drains, by default as long as a reply may take, and stops; resolves when everything is closed and the lock is free. */
  stop(graceMs?: number): Promise<void>;
}

/** A start that fails may have deliveries under way, and somebody waits to hear why. */
const FAILED_START_GRACE_MS = 10_000;

/** Told before each step of the start; what it throws fails the step. */
export type Entering = (step: string) => void;

export interface StartOptions {
  readonly entering: Entering;
  /** PEM of an authority that the self-test trusts besides the system's. */
  readonly trusted?: string | undefined;
  /** Resolves with the reason when the server is not wanted any more, also while it starts. Absent: that is not heard. */
  readonly stopped?: Promise<string>;
}

/** The start was ended because nobody wants the server any more. */
export class StartGivenUp extends Error {
  override readonly name = 'StartGivenUp';
}

/** Rejects with what failed, when everything that was started has been stopped again. */
export async function runServer(
  first: LoadedConfig,
  { entering, trusted, stopped = new Promise(() => undefined) }: StartOptions,
): Promise<RunningServer> {
  const sink = standardOutput();
  const printer = createLogPrinter(sink, logFormatOf(first.config));
  const log = createLog(first.config.log.level, printer);
  let unwanted: StartGivenUp | undefined;
  const givenUp = stopped.then((because) => {
    throw (unwanted = new StartGivenUp(because));
  });
  // It may be later than the start.
  givenUp.catch(() => undefined);
  const steps = createSteps({
    entering(step) {
      if (unwanted !== undefined) throw unwanted;
      entering(step);
    },
    stuck: (step, error) => log.error({ step, error: String(error) }, 'could not be stopped'),
  });
  try {
    return await startAll({ first, steps, log, printer, sink, trusted, givenUp });
  } catch (error) {
    if (unwanted !== undefined) log.info({ because: unwanted.message }, 'stopping');
    await steps.undo();
    if (unwanted !== undefined) log.info({}, 'stopped');
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
  readonly givenUp: Promise<never>;
}

async function startAll(starting: Starting): Promise<RunningServer> {
  const { first, steps, log, printer, sink, trusted, givenUp } = starting;
  const fronts = first.config.threads.fronts ?? Math.max(1, availableParallelism() - 1);
  const { promise: open, resolve: isOpen } = Promise.withResolvers<string>();
  let graceMs: number | undefined = FAILED_START_GRACE_MS;
  let selfTest: SelfTest | undefined;
  let readiness: Readiness | undefined;
  let doors: Doors | undefined;
  const crew = systemCrew();
  const inForce = await steps.take('configuration', () => new InForce(first, fronts, log));
  const store = engineOf(first);
  const engine = await openEngine(store);
  await takePlaces(first, engine, steps);
  await createServer(
    {
      ...{ store, storeLimits: storeLimitsOf(first), fronts, inForce },
      graceMs: () => graceMs ?? inForce.loaded.config.timeouts.reply,
      started: () => startEvent(first),
    },
    {
      ...{ clock, entropy: systemEntropy(), crew, log, descriptors, givenUp },
      writeLog: (lines) => printer.write(lines),
      async openDoors(supervisor) {
        const test = createSelfTest({
          ...{ clock, log, isOpen, ca: trusted },
          facts: () => inForce.loaded.config,
          comesFrom: (address) => supervisor.selfTestFrom(address),
        });
        selfTest = test;
        readiness = new Readiness(clock, conditionsOf(supervisor));
        // Before somebody can ask for a reload.
        inForce.tells = async (plan, storeLimits) => {
          await supervisor.reload(plan, storeLimits);
          doors?.web?.reload(plan.certificates);
        };
        inForce.taken = async (loaded) => {
          const { config } = loaded;
          log.level = config.log.level;
          printer.format = logFormatOf(config);
          test.begin();
          await doors?.face?.reload(loaded);
        };
        const asked = { selfTest: test, readiness, isShared: isShared(store) };
        doors = await openDoors({ first, steps, log, sink, engine, inForce, supervisor, crew, ...asked });
      },
    },
    steps,
  );
  graceMs = undefined;
  return {
    ...{ log, open },
    reload: () => inForce.reload(),
    consoleLink: (who) => linkOf(doors?.face, first, who),
    beginSelfTest: () => selfTest?.begin(),
    announceStop: async () => readiness?.leave(inForce.loaded.config.drain.announce),
    async stop(grace) {
      graceMs = grace;
      selfTest?.stop();
      await steps.undo();
      log.info({}, 'stopped');
      await sink.flush();
    },
  };
}

/** Nobody else works on the data, and nobody else listens where this server will. */
async function takePlaces(first: LoadedConfig, engine: Engine, steps: Steps): Promise<void> {
  await steps.take(
    'data directory',
    () => engine.lock(),
    async (unlock) => {
      await engine.leaveToOwner();
      unlock();
    },
  );
  await steps.take('ports', () =>
    proveBindable(portsOf(first.config).map((use) => ({ ...use, what: use.path.join('.') }))),
  );
}

/** A terminal is read by a person; a pipe or the journal is read by programs. */
function logFormatOf({ log }: Config): LogFormat {
  return log.format ?? (isatty(process.stdout.fd) ? 'text' : 'json');
}

function startEvent(loaded: LoadedConfig) {
  const { config, file } = loaded;
  const detail = { file, hostname: config.hostname, domains: config.domains, roles: rolesOf(loaded) };
  return { type: 'started', time: clock.now(), payload: { by: 'server', action: 'start', detail } } as const;
}
