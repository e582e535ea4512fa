// The end of a job in the store: one commit for what the attempt found (settlement.ts), or the lease goes back without an attempt.

import type { Log } from '../observe/log.ts';
import { createStopwatch, DELIVERY_SECONDS, type Times } from '../observe/tally.ts';
import type { Clock } from '../platform/platform.ts';
import { untilDone } from '../platform/until-done.ts';
import type { Lookups } from '../store/lookups.ts';
import type { Holder } from '../store/holder.ts';
import type { QueuedMessage, SettleChange, Store } from '../store/port.ts';
import type { Attempt, DeliveryJob } from './delivery-job.ts';
import { isOwnReport } from './notices.ts';
import type { Reporter } from './reporter.ts';
import type { RelaySettings } from './settings.ts';
import { settlementOf } from './settlement.ts';
import { isAboutOurs } from './whose-report.ts';

export type RelayLog = Pick<Log, 'info' | 'warn' | 'error'>;

export interface SettlingOptions {
  readonly store: Store;
  readonly lookups: Pick<Lookups, 'eventsOfMessage'>;
  readonly holder: Pick<Holder, 'owner'>;
  readonly clock: Clock;
  readonly log: RelayLog;
  settings(): RelaySettings;
}

export class Settling {
  readonly #options: SettlingOptions;
  readonly #reporter: Reporter;
  readonly #attempts: Record<string, number> = {};
  readonly #stopwatch = createStopwatch(DELIVERY_SECONDS);
  #leasesLost = 0;

  constructor(options: SettlingOptions, reporter: Reporter) {
    this.#options = options;
    this.#reporter = reporter;
  }

  get stats(): {
    readonly attempts: Readonly<Record<string, number>>;
    readonly leasesLost: number;
    readonly deliveryTimes: Times;
  } {
    const { times } = this.#stopwatch;
    return { attempts: this.#attempts, leasesLost: this.#leasesLost, deliveryTimes: times };
  }

  /** Resolves when it is settled, however often the store has to be asked; so does `release`. */
  async settle(job: DeliveryJob, attempts: readonly Attempt[]): Promise<void> {
    const { clock, holder, lookups, log } = this.#options;
    const { message } = job;
    const isRefused = attempts.some(({ type }) => type === 'failed') || this.#isExpired(message);
    const holdRefused = isRefused && isOwnReport(message) && (await isAboutOurs(lookups, message.id));
    const { owner } = holder;
    const context = { settings: this.#options.settings(), owner, now: clock.now(), holdRefused };
    const { change, told } = settlementOf(job, attempts, context);
    const tookMs = context.now - (job.answeredAt ?? message.acceptedAt);
    for (const final of told) {
      this.#attempts[final] = (this.#attempts[final] ?? 0) + 1;
      if (final === 'delivered' || final === 'relayed') this.#stopwatch.took(tookMs);
    }
    const [first] = attempts;
    log.info(
      {
        ...{ id: message.id, fates: told, remote: first?.remote, diagnostic: first?.diagnostic },
        ...(first?.inClearBecause === undefined ? {} : { inClearBecause: first.inClearBecause }),
      },
      'attempt',
    );
    const isLost = !holdRefused && told.some((final) => final === 'failed' || final === 'expired');
    if (isLost && isOwnReport(message))
      log.warn(
        { id: message.id, diagnostic: first?.diagnostic },
        'a report about mail from outside was refused for good, nobody hears of it',
      );
    await this.#commit(message, change);
  }

  /** Back into the store without an attempt. */
  async release({ message, deliveries }: DeliveryJob, dueAt: number): Promise<void> {
    const { clock, store, holder } = this.#options;
    const { owner } = holder;
    const only = deliveries.map(({ recipientNumber, attempt }) => {
      return { messageId: message.id, recipientNumber, attempt };
    });
    await untilDone(clock, async () => {
      const [outcome] = await store.commit([{ type: 'free', ownerPrefix: owner, only, dueAt }]);
      return outcome.type === 'freed';
    });
  }

  #commit(message: QueuedMessage, change: SettleChange): Promise<void> {
    const { clock, store, log } = this.#options;
    let told: string | undefined;
    return untilDone(clock, async (again) => {
      const [outcome] = await store.commit([again ? { ...change, again } : change]);
      if (outcome.type === 'stale' && outcome.again !== true) this.#fenced(message);
      if (outcome.type === 'settled' && change.tellBy !== undefined)
        this.#reporter.expect(outcome.noticesDue === true ? undefined : change.tellBy);
      if (outcome.type !== 'failed') return true;
      // It may be asked each second for as long as the store is away.
      if (outcome.cause !== told)
        log.error({ id: message.id, cause: outcome.cause }, 'attempt could not be settled, asking again');
      told = outcome.cause;
      return false;
    });
  }

  /** Another may have had it meanwhile. */
  #fenced({ id }: QueuedMessage): void {
    this.#leasesLost += 1;
    this.#options.log.warn(
      { id },
      'the lease of an attempt was gone when it ended: the message may have been sent twice',
    );
  }

  #isExpired({ acceptedAt }: QueuedMessage): boolean {
    return this.#options.clock.now() >= acceptedAt + this.#options.settings().expireMs;
  }
}
