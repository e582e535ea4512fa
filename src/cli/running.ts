// A running server, put together: threads, control socket, private HTTP, retention, certificate watch. What `serve` and the first try share.

import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../config/find.ts';
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { startControl } from '../http/control.ts';
import type { ReloadResult } from '../http/control-protocol.ts';
import { createMetricsPage, maxOf } from '../http/metrics.ts';
import { type Health, type PrivateOptions, startPrivateHttp } from '../http/private.ts';
import { startWeb, type Web } from '../http/web.ts';
import { createLog, type Log, standardOutput } from '../observe/log.ts';
import { systemClock as clock } from '../platform/clock.ts';
import type { FrontPlan } from '../server/plan.ts';
import { planOf, readCertificates, storeLimitsOf } from '../server/plan-of-config.ts';
import { beginDuties } from './duties.ts';
import { startLocal } from './local.ts';
import { onboardingOf } from './onboarding.ts';
import { createSelfTest } from '../server/self-test.ts';
import { certificateDays, checkCertificates, checkPolicy } from '../server/start-checks.ts';
import { startSupervisor } from '../server/supervisor.ts';
import { tlsContexts } from '../server/tls-contexts.ts';
import { CommandFailure } from './failure.ts';

const TICKET_KEY_OCTETS = 48;
/** Keys that are read once. */
const fixedKeys = ['data', 'listeners', 'threads', 'http', 'web'] as const;

export interface RunningServer {
  readonly log: Log;
  /** Writes out what the log still holds. */
  flushLog(): void;
  reload(): Promise<ReloadResult>;
  /** In the background; to be called when it is ready. */
  beginSelfTest(): void;
  /** Why the server must end: its self-test found that strangers get in. */
  readonly open: Promise<string>;
  /** Drains, by default as long as a reply may take, and stops; resolves when everything is closed. */
  stop(graceMs?: number): Promise<void>;
}

export async function runServer(first: LoadedConfig): Promise<RunningServer> {
  let loaded = first;
  let ticketKeys: Uint8Array = randomBytes(TICKET_KEY_OCTETS);
  let reloadProblems: readonly string[] = [];
  const startedAt = { wall: clock.now(), monotonic: clock.monotonic() };
  const fronts = loaded.config.threads.fronts ?? Math.max(1, availableParallelism() - 1);
  const sink = standardOutput();
  const log = createLog(loaded.config.log.level, sink);
  const planFrom = (from: LoadedConfig) => planOf(from, { environment: process.env, fronts, ticketKeys });

  const unsafe = checkPolicy(loaded);
  if (unsafe.length > 0) throw new CommandFailure(unsafe.join('\n'));
  const supervisor = await startSupervisor({
    ...{ loaded, plan: planFrom(loaded), storeLimits: storeLimitsOf(loaded), fronts, log },
    writeLog: (lines) => sink.write(lines),
  });
  const { store, lookups } = supervisor;
  await store.commit([{ type: 'record', events: [startEvent(loaded)] }]);

  let isOpen: (because: string) => void = () => undefined;
  const open = new Promise<string>((resolve) => {
    isOpen = resolve;
  });
  const selfTest = createSelfTest({
    ...{ clock, log, isOpen: (because) => isOpen(because) },
    facts: () => loaded.config,
    comesFrom: (address) => supervisor.selfTestFrom(address),
  });

  /** A bad pair keeps the old one: it must not get as far as the fronts. */
  function provenPlan(from: LoadedConfig): FrontPlan {
    const plan = planFrom(from);
    if (plan.certificates.length > 0) tlsContexts(plan.certificates, ticketKeys);
    return plan;
  }

  async function applyReload(): Promise<ReloadResult> {
    const next = loadConfig(loaded.file);
    const needsRestart = fixedIn(next.config, loaded.config);
    const kept = Object.fromEntries(fixedKeys.map((key) => [key, loaded.config[key]]));
    const merged: LoadedConfig = { ...next, config: { ...next.config, ...kept } };
    const problems = checkPolicy(merged);
    if (problems.length > 0) throw new ConfigError(problems);
    await supervisor.reload(provenPlan(merged), storeLimitsOf(merged));
    loaded = merged;
    web?.reload(readCertificates(merged));
    log.level = merged.config.log.level;
    selfTest.begin();
    return { problems: [], needsRestart };
  }

  /** An invalid file changes nothing, and shows in the health (DESIGN 3.13). */
  async function reload(): Promise<ReloadResult> {
    let result: ReloadResult;
    try {
      result = await applyReload();
    } catch (error) {
      result = {
        problems: error instanceof ConfigError ? error.problems : [String(error)],
        needsRestart: [],
      };
    }
    reloadProblems = result.problems;
    if (result.problems.length > 0)
      log.error({ problems: result.problems }, 'reload refused, the old configuration stays');
    else log.info({ needsRestart: result.needsRestart }, 'reloaded');
    return result;
  }

  /** The plan is made anew for it, from files that may be unreadable now: then the old keys stay. */
  async function renewTicketKeys(): Promise<void> {
    const before = ticketKeys;
    ticketKeys = randomBytes(TICKET_KEY_OCTETS);
    try {
      await supervisor.reload(provenPlan(loaded), storeLimitsOf(loaded));
    } catch (error) {
      ticketKeys = before;
      log.error({ error: String(error) }, 'TLS ticket keys could not be renewed');
    }
  }

  async function health(): Promise<Health> {
    // Without an answer the store thread is being started again, and is named as missing.
    const store = await supervisor.storeFigures().catch(() => undefined);
    const figures = await supervisor.frontFigures();
    const certificates = checkCertificates(loaded, clock.now());
    return {
      ...(store && { queue: { messages: store.queued, limit: store.queuedMessagesMax } }),
      problems: [
        ...reloadProblems.map((problem) => `configuration: ${problem}`),
        ...certificates.problems,
        ...certificates.warnings,
        ...(store?.full === true ? ['below the free-space floor: nothing is accepted'] : []),
        ...(store !== undefined && store.queued >= maxOf(store)
          ? [`${store.queued} messages in the queue, limits.queuedMessages is reached: new mail is put off`]
          : []),
        ...supervisor.missing().map((name) => `the ${name} thread died and does not run again yet`),
        ...(figures.some(({ relay }) => relay.routesDown > 0) ? ['a next hop is down: its mail waits'] : []),
      ],
    };
  }

  async function metrics(): Promise<string> {
    return page.render({
      fronts: await supervisor.frontFigures(),
      store: await supervisor.storeFigures(),
      queue: await lookups.queueTotals(),
      certificateDays: certificateDays(loaded, clock.now()),
      logDropped: sink.dropped,
      clockOffsetMs: clock.now() - startedAt.wall - (clock.monotonic() - startedAt.monotonic),
      now: clock.now(),
    });
  }

  const page = createMetricsPage();
  const { hostname, data } = loaded.config;
  const closeControl = await startControl(loaded.path(data), {
    ...{ store, lookups, reload },
    status: async () => ({
      hostname,
      pid: process.pid,
      startedAt: startedAt.wall,
      selfTest: selfTest.status,
      ...(await health()),
    }),
    backup: (file) => supervisor.backup(file),
  });
  const closeHttp = await openPrivate(loaded, {
    ...{ contentType: page.contentType, metrics, health },
    selfTest: () => selfTest.status.verdict,
  });
  const closeLocal = await startLocal({ first, loaded: () => loaded, log, clock, supervisor });
  const web = await openWeb(() => loaded);
  const endDuties = beginDuties({ store, log, loaded: () => loaded, reload, renewTicketKeys });

  return {
    log,
    flushLog: () => sink.flush(),
    reload,
    beginSelfTest: () => selfTest.begin(),
    open,
    async stop(graceMs = loaded.config.timeouts.reply) {
      selfTest.stop();
      endDuties();
      await supervisor.stop(graceMs);
      await closeLocal();
      await web?.close();
      await closeHttp();
      await closeControl();
    },
  };
}

/** Metrics and health; nothing to close if there is none. */
async function openPrivate(
  { config }: LoadedConfig,
  o: Omit<PrivateOptions, 'address' | 'port' | 'hostname'>,
): Promise<() => Promise<void>> {
  const { http, hostname } = config;
  return http === 'off' ? async () => undefined : startPrivateHttp({ ...http, hostname, ...o });
}

async function openWeb(loaded: () => LoadedConfig): Promise<Web | undefined> {
  const { web } = loaded().config;
  if (web === undefined) return undefined;
  return startWeb({
    ...web,
    certificates: readCertificates(loaded()),
    settings: () => onboardingOf(loaded().config),
    clock,
  });
}

/** What differs and counts after a restart only. */
function fixedIn(next: Config, now: Config): readonly string[] {
  const different = fixedKeys.filter((key) => JSON.stringify(next[key]) !== JSON.stringify(now[key]));
  return next.local?.socket === now.local?.socket ? different : [...different, 'local.socket'];
}

function startEvent({ config, file }: LoadedConfig) {
  const detail = { file, hostname: config.hostname, domains: config.domains };
  return { type: 'started', time: clock.now(), payload: { by: 'server', action: 'start', detail } } as const;
}
