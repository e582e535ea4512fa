// The configuration that a running server uses, and how another one takes its place: by a reload, or with new TLS ticket keys. What can't be
// served changes nothing, and shows in the health.

import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { failureInWords } from '../base/failure-words.ts';
import { ConfigError } from '../config/find.ts';
import { fixedKeys } from '../config/fixed-keys.ts';
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { onlyRoles, serves } from '../config/roles.ts';
import type { Config } from '../config/schema.ts';
import { postgresPlace } from '../config/store.ts';
import type { ReloadResult } from '../http/control-protocol.ts';
import type { Log } from '../observe/log.ts';
import type { FrontPlan } from './plan.ts';
import { engineOf } from '../store/engine-choice.ts';
import { descriptorLimit } from '../platform/descriptors.ts';
import { planDescriptors } from './descriptors.ts';
import { planOf, storeLimitsOf } from './plan-of-config.ts';
import { checkPolicy } from './start-checks.ts';
import type { StoreLimits } from './store-body.ts';
import { TICKET_KEY_OCTETS } from './ticket-keys.ts';
import { tlsContexts } from './tls-contexts.ts';

export class InForce {
  /** Sends it to the threads; before they run nothing is sent. */
  tells: (plan: FrontPlan, storeLimits: StoreLimits) => Promise<void> = () => Promise.resolve();
  /** What else depends on it, called when another one is in force. */
  taken: (loaded: LoadedConfig) => Promise<void> | void = () => undefined;
  readonly #fronts: number;
  readonly #log: Log;
  #loaded: LoadedConfig;
  #plan: FrontPlan;
  /** The configuration is right, but a file that it names can't be used yet. */
  #wanted: LoadedConfig | undefined;
  /** The files as they were when they were last tried. */
  #tried: string;
  #needsRestart: readonly string[] = [];
  /** Where the store is, with the secrets that it was reached with: they are read once. */
  readonly #store: string;
  #storeDiffers = false;
  #problems: Problems = { configuration: [], files: [] };
  /** One change at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  /** Throws `ConfigError` if it must not be served, or if a file that it names can't be used. */
  constructor(first: LoadedConfig, fronts: number, log: Log) {
    this.#fronts = fronts;
    this.#log = log;
    this.#loaded = first;
    assertSafe(first);
    this.#store = JSON.stringify(engineOf(first));
    this.#tried = stampOf(filesNamedIn(first));
    this.#plan = this.#provenPlan(first, randomBytes(TICKET_KEY_OCTETS));
  }

  get loaded(): LoadedConfig {
    return this.#loaded;
  }

  get plan(): FrontPlan {
    return this.#plan;
  }

  /** Why the last reload was refused, and which files wait to be taken. */
  get problems(): readonly string[] {
    return [...this.#problems.configuration, ...this.#problems.files];
  }

  /** Keys that were found changed, they or the files that they name, and that count after a restart only. */
  get needsRestart(): readonly string[] {
    const isNamed = this.#needsRestart.includes('store');
    return this.#storeDiffers && !isNamed ? [...this.#needsRestart, 'store'] : this.#needsRestart;
  }

  /** Never rejects: what is wrong is in the answer. */
  reload(): Promise<ReloadResult> {
    return this.#inTurn(async () => {
      const now = this.#loaded;
      try {
        const next = loadConfig(now.file);
        const kept = Object.fromEntries(fixedKeys.map((key) => [key, now.config[key]]));
        const waiting = fixedIn(onlyRoles(next, now.roles).config, now.config);
        const merged = onlyRoles({ ...next, waiting, config: { ...next.config, ...kept } }, now.roles);
        assertSafe(merged);
        this.#say({ configuration: [], files: this.#problems.files });
        this.#needsRestart = waiting;
        await this.#take(merged);
        return { problems: this.problems, needsRestart: this.needsRestart };
      } catch (error) {
        this.#say({ configuration: problemsOf(error), files: this.#problems.files });
        return { problems: this.problems, needsRestart: [] };
      }
    });
  }

  /**
   * Certificates, keys and passwords are renewed while we run: read when the files look different, and tried again as long as they can't be used: the
   * permission that was missing may come without another change of content.
   */
  lookAtFiles(): Promise<void> {
    return this.#inTurn(async () => {
      const from = this.#wanted ?? this.#loaded;
      if (this.#wanted === undefined && stampOf(filesNamedIn(from)) === this.#tried) return;
      await this.#take(from);
    });
  }

  /** What is served stays as it is: no file is read again for it. */
  renewTicketKeys(ticketKeys: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      const plan = { ...this.#plan, ticketKeys };
      try {
        await this.tells(plan, storeLimitsOf(this.#loaded));
        this.#plan = plan;
      } catch (error) {
        this.#log.error({ error: String(error) }, 'TLS ticket keys could not be renewed');
      }
    });
  }

  async #take(next: LoadedConfig): Promise<void> {
    // Before they are read: what changes meanwhile is looked at again.
    this.#tried = stampOf(filesNamedIn(next));
    try {
      const plan = this.#provenPlan(next, this.#plan.ticketKeys);
      this.#storeDiffers = JSON.stringify(engineOf(next)) !== this.#store;
      await this.tells(plan, storeLimitsOf(next));
      this.#plan = plan;
      this.#loaded = next;
      this.#wanted = undefined;
      this.#say({ ...this.#problems, files: [] });
      await this.taken(next);
      this.#log.info({ needsRestart: this.needsRestart }, 'reloaded');
    } catch (error) {
      this.#wanted = next;
      this.#say({ ...this.#problems, files: problemsOf(error) });
    }
  }

  /** A bad pair keeps the old one: it must not get as far as the fronts. */
  #provenPlan(from: LoadedConfig, ticketKeys: Uint8Array): FrontPlan {
    const plan = planOf(from, {
      environment: process.env,
      fronts: this.#fronts,
      connections: planDescriptors(from.config, descriptorLimit()).connections,
      ticketKeys,
    });
    if (plan.certificates.length > 0) tlsContexts(plan.certificates, ticketKeys);
    return plan;
  }

  /** A problem is logged once. */
  #say(problems: Problems): void {
    const before = this.problems.join('\n');
    this.#problems = problems;
    if (this.problems.length > 0 && this.problems.join('\n') !== before)
      this.#log.error({ problems: this.problems }, 'reload refused, the old configuration stays');
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(change);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

interface Problems {
  readonly configuration: readonly string[];
  readonly files: readonly string[];
}

function assertSafe(loaded: LoadedConfig): void {
  const unsafe = checkPolicy(loaded);
  if (unsafe.length > 0) throw new ConfigError(unsafe);
}

const problemsOf = (error: unknown): readonly string[] =>
  error instanceof ConfigError ? error.problems : [failureInWords(error)];

/** What a plan is made of beside the configuration itself. */
function filesNamedIn(loaded: LoadedConfig): readonly string[] {
  const { config, path } = loaded;
  const certificates = [config.tls ?? []].flat().flatMap(({ cert, key }) => [cert, key]);
  return [
    ...certificates,
    ...config.dkim.map(({ key }) => key),
    ...filesOfStore(config),
    ...(serves(loaded, 'relay') ? filesOfRelay(config) : []),
  ].map(path);
}

/** Only to see that they changed. */
function filesOfStore({ store }: Config): readonly string[] {
  const place = store === 'embedded' ? undefined : postgresPlace(store.postgres);
  if (place?.ok !== true) return [];
  const { password, ca } = place.value;
  return [typeof password === 'object' && 'file' in password ? password.file : [], ca ?? []].flat();
}

function filesOfRelay({ relay }: Config): readonly string[] {
  const passwords = [relay, ...Object.values(relay.routes)].flatMap(({ password }) =>
    typeof password === 'object' && 'file' in password ? [password.file] : [],
  );
  return [...passwords, ...[relay.ca ?? []].flat()];
}

/** Another file, another content, other rights: a change of owner or mode moves the time of change alone. A link is followed. */
function stampOf(files: readonly string[]): string {
  return files
    .map((file) => {
      try {
        const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
        return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
      } catch (error) {
        return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      }
    })
    .join(' ');
}

/** What differs and counts after a restart only. */
function fixedIn(next: Config, now: Config): readonly string[] {
  const different = fixedKeys.filter((key) => JSON.stringify(next[key]) !== JSON.stringify(now[key]));
  return next.local?.socket === now.local?.socket ? different : [...different, 'local.socket'];
}
