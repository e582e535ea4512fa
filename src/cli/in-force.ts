// The configuration that a running server goes by, and how another one takes its place: by a reload, or with new TLS ticket keys. What can't be
// served changes nothing, and shows in the health (DESIGN 3.13).

import { randomBytes } from 'node:crypto';
import { ConfigError } from '../config/find.ts';
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { ReloadResult } from '../http/control-protocol.ts';
import type { Log } from '../observe/log.ts';
import type { FrontPlan } from '../server/plan.ts';
import { planOf, storeLimitsOf } from '../server/plan-of-config.ts';
import { checkPolicy } from '../server/start-checks.ts';
import type { StoreLimits } from '../server/store-thread.ts';
import { tlsContexts } from '../server/tls-contexts.ts';

const TICKET_KEY_OCTETS = 48;
/** Keys that are read once. */
const fixedKeys = ['data', 'listeners', 'threads', 'http', 'web'] as const;

export class InForce {
  /** To the threads; before they run nobody is told. */
  tells: (plan: FrontPlan, storeLimits: StoreLimits) => Promise<void> = () => Promise.resolve();
  /** What else goes by it, when another one is in force. */
  taken: (loaded: LoadedConfig) => void = () => undefined;
  readonly #fronts: number;
  readonly #log: Log;
  #loaded: LoadedConfig;
  #ticketKeys: Uint8Array = randomBytes(TICKET_KEY_OCTETS);
  #problems: readonly string[] = [];
  readonly plan: FrontPlan;

  /** Throws `ConfigError` if it must not be served, or if a file that it names can't be used. */
  constructor(first: LoadedConfig, fronts: number, log: Log) {
    this.#fronts = fronts;
    this.#log = log;
    this.#loaded = first;
    this.plan = this.#provenPlan(first);
  }

  get loaded(): LoadedConfig {
    return this.#loaded;
  }

  /** Why the last reload was refused. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Never rejects: what is wrong is in the answer. */
  async reload(): Promise<ReloadResult> {
    let result: ReloadResult;
    try {
      result = await this.#take();
    } catch (error) {
      const found = error instanceof ConfigError ? error.problems : [String(error)];
      result = { problems: found, needsRestart: [] };
    }
    const { problems, needsRestart } = result;
    this.#problems = problems;
    if (problems.length > 0) this.#log.error({ problems }, 'reload refused, the old configuration stays');
    else this.#log.info({ needsRestart }, 'reloaded');
    return result;
  }

  /** The plan is made anew for it, from files that may be unreadable now: then the old keys stay. */
  async renewTicketKeys(): Promise<void> {
    const before = this.#ticketKeys;
    this.#ticketKeys = randomBytes(TICKET_KEY_OCTETS);
    try {
      await this.tells(this.#provenPlan(this.#loaded), storeLimitsOf(this.#loaded));
    } catch (error) {
      this.#ticketKeys = before;
      this.#log.error({ error: String(error) }, 'TLS ticket keys could not be renewed');
    }
  }

  async #take(): Promise<ReloadResult> {
    const now = this.#loaded;
    const next = loadConfig(now.file);
    const needsRestart = fixedIn(next.config, now.config);
    const kept = Object.fromEntries(fixedKeys.map((key) => [key, now.config[key]]));
    const merged: LoadedConfig = { ...next, config: { ...next.config, ...kept } };
    await this.tells(this.#provenPlan(merged), storeLimitsOf(merged));
    this.#loaded = merged;
    this.taken(merged);
    return { problems: [], needsRestart };
  }

  /** A bad pair keeps the old one: it must not get as far as the fronts. */
  #provenPlan(from: LoadedConfig): FrontPlan {
    const unsafe = checkPolicy(from);
    if (unsafe.length > 0) throw new ConfigError(unsafe);
    const plan = planOf(from, {
      environment: process.env,
      fronts: this.#fronts,
      ticketKeys: this.#ticketKeys,
    });
    if (plan.certificates.length > 0) tlsContexts(plan.certificates, this.#ticketKeys);
    return plan;
  }
}

/** What differs and counts after a restart only. */
function fixedIn(next: Config, now: Config): readonly string[] {
  const different = fixedKeys.filter((key) => JSON.stringify(next[key]) !== JSON.stringify(now[key]));
  return next.local?.socket === now.local?.socket ? different : [...different, 'local.socket'];
}
