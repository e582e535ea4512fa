// What it means that a message went over a connection: for the message itself (its attempts, who of it goes again and how), for what is known of the
// host, and for the route as a whole.

import { isFarewell, isOfConnection } from '../policy/pace.ts';
import type { RecipientResult } from '../protocol/delivery/ports.ts';
import { isForNextTransaction, whoGoesAgain, withVerdict } from '../protocol/delivery/portion.ts';
import { attemptOf } from './attempts.ts';
import type { Blame, Culprit } from './blame.ts';
import type { Attempt, DeliveryJob } from './delivery-job.ts';
import type { HopConnection, HopResult } from './hop-connection.ts';
import type { Hosts } from './hosts.ts';
import type { Outage, Pass } from './outage.ts';
import type { PortionResult, Way } from './portions.ts';
import type { Resting } from './resting.ts';

/** How a job came to its connection. */
export interface Passage {
  readonly way: Way;
  readonly pass: Pass;
}

export interface Grounds {
  readonly hosts: Hosts;
  readonly outage: Outage;
  readonly blame: Blame;
  readonly resting: Resting;
  replyLost(): void;
}

export class Conclusions {
  readonly #grounds: Grounds;

  constructor(grounds: Grounds) {
    this.#grounds = grounds;
  }

  /** `shared`: others used the connection before. Deliveries it turned away have certainly not gone, and go over a fresh connection at once. */
  of(
    job: DeliveryJob,
    connection: HopConnection,
    { results: said, replyLost, messagesBefore, withheld }: HopResult,
    o: Passage & { readonly shared: boolean; readonly followed: boolean },
  ): PortionResult {
    if (withheld === true) return { type: 'withheld' };
    if (replyLost) this.#grounds.replyLost();
    const verdict = this.#judged(job, connection.remote, said, o.pass);
    const results = verdict === 'message' ? said : said.map(putOff);
    const turnedAway = replyLost ? undefined : said.find(isOfConnection);
    const { suspect } = o.way;
    const isBetter = turnedAway === undefined && !o.shared && suspect?.hop === connection.hop;
    if (suspect !== undefined && isBetter) this.#grounds.hosts.usedUp(suspect.hop, suspect.messages);
    const found = withVerdict(results).map((one) => attemptOf(one, connection));
    const attempts = verdict === 'login' ? this.#untilOver(found) : found;
    if (!o.shared || o.way.fresh || turnedAway === undefined)
      return { type: 'attempted', attempts, again: whoGoesAgain(results) };
    // A farewell after a pause is due to the pause, and a break tells no limit either: neither counts as the number of messages.
    const isNumber = turnedAway.type === 'refused' && (o.followed || !isFarewell(turnedAway));
    const suspected = isNumber ? { suspect: { hop: connection.hop, messages: messagesBefore } } : {};
    const again = [...said.keys()].filter((at) => goesOverAnother(said[at]));
    return { type: 'attempted', attempts, again, way: { fresh: true, ...suspected } };
  }

  /** A refusal of this host is not the message's fault: the message waits, and the operator is told as long as that lasts. */
  #judged(job: DeliveryJob, remote: string, said: HopResult['results'], pass: Pass): Culprit {
    const { blame, outage, resting } = this.#grounds;
    const verdict = blame.judge(said, job);
    if (verdict === 'host' || verdict === 'login') {
      const reply = said.find((result) => result.type === 'refused')?.reply;
      const login = { pass, status: `4${reply?.status.slice(1) ?? '.7.0'}` };
      outage.refuses(
        `${remote} refuses our mail: ${reply?.text ?? ''}`,
        verdict === 'login' ? login : undefined,
      );
      // Connections at rest were opened with the login that it now refuses.
      if (verdict === 'login') resting.quitAll();
    } else if (!blame.isOurs) outage.takesMail();
    return verdict;
  }

  #untilOver(attempts: readonly Attempt[]): readonly Attempt[] {
    const { until: againAt } = this.#grounds.outage.waits(true);
    return attempts.map((one) => (one.type === 'deferred' ? { ...one, againAt } : one));
  }
}

function putOff(result: RecipientResult): RecipientResult {
  return result.type === 'refused' ? { ...result, permanent: false } : result;
}

/** The connection was of no use for this recipient, or the transaction had no room for it. */
function goesOverAnother(result: RecipientResult | undefined): boolean {
  return result !== undefined && (isOfConnection(result) || isForNextTransaction(result));
}
