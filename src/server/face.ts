// Main's part of the console: starts its thread, gives it lines, replaces it when it dies, and tells it how the server is. What becomes of it is nothing to mail: its deaths
// count by themselves, and a console that can't be started again is a warning.

import type { DomainStates } from '../administration/domain-watch.ts';
import type { AdministrationPorts } from '../administration/ports.ts';
import type { LastVerified } from '../audit/verifier.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { ConsoleCondition } from '../console/condition.ts';
import type { Log } from '../observe/log.ts';
import type { IdentityId } from '../record/identity.ts';
import { ownVersion } from '../platform/own-version.ts';
import type { Clock } from '../platform/platform.ts';
import { withDeadline } from '../platform/with-deadline.ts';
import { rolesOf } from '../config/roles.ts';
import { UseCaseFailure } from '../administration/failure.ts';
import { eachOnce } from '../relay/down-routes.ts';
import type { Condition } from './condition.ts';
import { createWishes, type FaceWish } from './face-wishes.ts';
import {
  type FaceBirth,
  type FaceConfig,
  faceConfigOf,
  type FaceNotice,
  type FaceQuestion,
} from './face-body.ts';
import { certificateStates } from './start-checks.ts';
import { Flow } from './flow.ts';
import type { InForce } from './in-force.ts';
import type { Readiness } from './readiness.ts';
import { RefusedTokens } from './refused-tokens.ts';
import { Restarts } from './restarts.ts';
import { LOOK_MS } from './store-looks.ts';
import type { SelfTest } from './self-test.ts';
import type { Supervisor } from './supervisor.ts';
import type { Crew, Thread } from './thread.ts';

export const HEAP_MIB = 256;
const SAMPLE_MS = 10_000;
const RELOAD_MS = 2_000;
const LINK_MS = 10_000;
/** A thread that says nothing for so long is ended, and replaced. */
const SILENT_MS = 30_000;

export interface FaceOptions {
  readonly crew: Crew;
  readonly administration: Pick<AdministrationPorts, 'reports' | 'lookups' | 'copy' | 'dkimKeys'>;
  readonly supervisor: Pick<Supervisor, 'adopt' | 'frontFigures' | 'storeFigures'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly inForce: Pick<InForce, 'loaded' | 'plan'>;
  readonly condition: Pick<Condition, 'health' | 'startedAt'>;
  readonly readiness: Pick<Readiness, 'look'>;
  readonly selfTest: Pick<SelfTest, 'status'>;
}

export interface FaceFigures {
  /** Requests to the API whose token was refused. */
  readonly refusedTokens: number;
  /** Absent: nothing was told of them yet. */
  readonly domains?: DomainStates;
  /** Of those that were begun at the console or the API. Absent: none has come to its end since the start. */
  readonly verified?: LastVerified;
}

type ConsoleConfig = FaceBirth['listen'];

/** Resolves when it listens. */
export async function startFace(listen: ConsoleConfig, options: FaceOptions): Promise<Face> {
  const face = new Face(listen, options);
  await face.start();
  return face;
}

export class Face {
  readonly #listen: ConsoleConfig;
  readonly #options: FaceOptions;
  readonly #flow: Flow;
  /** Why the console does not run, and how often it died. */
  readonly restarts: Restarts;
  readonly refusedTokens: RefusedTokens;
  readonly #figures: { domains?: DomainStates; verified?: LastVerified } = {};
  #thread: Thread | undefined;
  #isStopped = false;
  #cancelSample: () => void = () => undefined;

  constructor(listen: ConsoleConfig, options: FaceOptions) {
    const { clock, log } = options;
    this.#listen = listen;
    this.#options = options;
    this.#flow = new Flow(clock.now());
    this.refusedTokens = new RefusedTokens(clock, log);
    this.restarts = new Restarts(clock, log, () => !this.#isStopped);
  }

  async start(): Promise<void> {
    await this.#startThread();
    this.#sampleLater();
  }

  /** What the thread has told last, this one or one before it. */
  get figures(): FaceFigures {
    return { ...this.#figures, refusedTokens: this.refusedTokens.count };
  }

  /** A link that lets somebody in, once. Rejects with what to do instead. */
  async link(who: string, login?: string): Promise<string> {
    if (this.#thread === undefined)
      throw new UseCaseFailure('the console is being started again: try again in a moment', 'trouble');
    const asked = this.#thread.line.ask({
      link: who,
      ...(login === undefined ? {} : { login }),
    } satisfies FaceQuestion);
    return (await withDeadline(this.#options.clock, LINK_MS, asked).catch((error: unknown) => {
      // What it refuses itself has lost its class on the way.
      const because = error instanceof Error ? error.message : String(error);
      throw new UseCaseFailure(`the console made no link: ${because}; try again in a moment`, 'trouble');
    })) as string;
  }

  /** What is read once stays as it is: where it listens. Resolves when the console has it, or soon if it does not answer: nobody else waits for it. */
  async reload(loaded: LoadedConfig): Promise<void> {
    const { clock, log } = this.#options;
    try {
      const told = this.#thread?.line.ask({ loaded: this.#configOf(loaded) } satisfies FaceQuestion);
      await withDeadline(clock, RELOAD_MS, told ?? Promise.resolve());
    } catch (error) {
      // What replaces one that has died starts with the present configuration.
      log.warn({ because: String(error) }, 'the console did not take the changed configuration');
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelSample();
    await this.#thread?.terminate();
  }

  async #startThread(): Promise<void> {
    const { crew, supervisor, clock, inForce, log } = this.#options;
    const { loaded } = inForce;
    const { administration } = this.#options;
    const wishes = createWishes({
      ...{ administration, clock, inForce },
      condition: () => this.#condition(),
      nearLimits: () => this.#nearLimits(),
    });
    const birth: FaceBirth = { listen: this.#listen, loaded: this.#configOf(loaded) };
    const thread = await crew.start({
      ...{ kind: 'face', name: 'face', birth, heapMiB: HEAP_MIB },
      handlers: {
        answer: (wish) => wishes.answer(wish as FaceWish),
        notice: (notice) => this.#told(notice as FaceNotice),
      },
    });
    // It would listen on, and nobody would end it.
    if (this.#isStopped) return thread.terminate();
    this.#thread = thread;
    if (loaded !== inForce.loaded) await this.reload(inForce.loaded);
    const leave = supervisor.adopt(thread);
    void thread.ended.then(() => {
      leave();
      wishes.end().catch((error: unknown) => log.warn({ because: String(error) }, 'a copy was not let go'));
      if (this.#thread === thread) this.#thread = undefined;
    });
    this.restarts.watch(thread, () => this.#startThread());
  }

  #told(notice: FaceNotice): void {
    if ('domains' in notice) this.#figures.domains = notice.domains;
    else if ('verified' in notice) this.#figures.verified = notice.verified;
    else if ('refusedToken' in notice) this.refusedTokens.add(notice.refusedToken);
    else this.#options.log.error({ error: notice.fault }, 'the console met a fault of its own');
  }

  #configOf(loaded: LoadedConfig): FaceConfig {
    const { certificates } = this.#options.inForce.plan;
    return { ...faceConfigOf(loaded), ...(this.#listen.tls ? { certificates } : {}) };
  }

  async #condition(): Promise<ConsoleCondition> {
    const { supervisor, clock, condition, readiness, selfTest, inForce } = this.#options;
    const [health, ready, fronts] = await Promise.all([
      condition.health(),
      readiness.look(),
      supervisor.frontFigures(),
    ]);
    this.#flow.sample(fronts, clock.now());
    return {
      ...{ version: ownVersion(), startedAt: condition.startedAt, roles: rolesOf(inForce.loaded) },
      ...{ selfTest: selfTest.status.verdict, selfTestFindings: selfTest.status.findings },
      ...{ ready, health, flow: this.#flow.view(clock.now()) },
      certificates: certificateStates(inForce.plan.certificates, clock.now()),
      downHops: eachOnce(fronts.flatMap(({ relay }) => relay.downRoutes)),
    };
  }

  async #nearLimits(): Promise<readonly IdentityId[]> {
    const { supervisor, clock } = this.#options;
    return (await withDeadline(clock, LOOK_MS, supervisor.storeFigures())).nearLimits;
  }

  #sampleLater(): void {
    this.#cancelSample = this.#options.clock.after(SAMPLE_MS, () => void this.#sample());
  }

  /** Whatever keeps it busy: nobody gets a page meanwhile. */
  async #endIfSilent(): Promise<void> {
    const { clock, log } = this.#options;
    const thread = this.#thread;
    if (thread === undefined) return;
    try {
      await withDeadline(clock, SILENT_MS, thread.line.ask({ alive: true } satisfies FaceQuestion));
    } catch {
      if (this.#thread !== thread || this.#isStopped) return;
      log.error({ seconds: SILENT_MS / 1000 }, 'the console does not answer: it is ended, and started again');
      await thread.terminate();
    }
  }

  async #sample(): Promise<void> {
    const { supervisor, clock, log } = this.#options;
    try {
      this.#flow.sample(await supervisor.frontFigures(), clock.now());
    } catch (error) {
      log.warn({ because: String(error) }, 'the console could not count the mail of the last seconds');
    }
    await this.#endIfSilent();
    if (!this.#isStopped) this.#sampleLater();
  }
}
