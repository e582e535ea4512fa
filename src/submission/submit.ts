// Submission: the one way in. Every message, from whatever listener or socket, goes through these steps in this order:
//   at the blank line   rights of the header senders → fix-ups → Received          (prepare.ts)
//   while it streams    body hash, memory or stage; nothing is changed             (body.ts)
//   at the end          state and rights of the principal → body durable → signed (sign.ts) → accept          (here)
// Accept is one commit of message, recipients, counters and the `accepted` event; the 250 follows its outcome.

import { err, ok, type Result } from '../base/result.ts';
import { HeaderCollector } from '../message/header-collector.ts';
import { decideHeader, decideMail, replyOfIdentityStatus } from '../policy/submission-policy.ts';
import type { Envelope } from '../protocol/envelope.ts';
import { refusal, type Refusal } from '../protocol/refusal.ts';
import { identityStatusText } from '../record/identity.ts';
import { type AcceptChange, type OutcomeOf, StoreUnavailable } from '../store/port.ts';
import { acceptChange, contentOf, piecesInMemory, releaseLease, withdraw } from './accept.ts';
import { type Body, openBody } from './body.ts';
import type { Door, SubmissionContext } from './context.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { policyFacts, prepareHeader, type PrepareInput, type Preparation, type Prepared } from './prepare.ts';
import { openSigning, signPrepared } from './sign.ts';
import type { Signing } from './signer.ts';

export type Acceptance =
  /** `octets`: header and body as they are sent on. */
  | { readonly type: 'accepted'; readonly id: string; readonly octets: number }
  | { readonly type: 'refused'; readonly refusal: Refusal };

export interface Submission {
  readonly id: string;
  /** Message octets as they come. Undefined: go on; a promise: pause reading until it settles. */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** The message is whole: accept it durably or say why not. `hasDotLines`: whether some line begins with a dot, if known. Never throws. */
  finish(hasDotLines?: boolean): Promise<Acceptance>;
  /** While `finish` is under way the client was told 4yz: the message is not accepted, or taken back. */
  giveUp(): void;
  /** The transaction is void. Once `finish` was called it is not: the message may be in the queue already. */
  abort(): Promise<void>;
}

export function openSubmission(context: SubmissionContext, door: Door, envelope: Envelope): Submission {
  return new OpenSubmission(context, door, envelope);
}

class OpenSubmission implements Submission {
  readonly #input: PrepareInput;
  readonly #collector: HeaderCollector;
  readonly #memory: MemoryBudget;
  readonly #body: Body;
  #preparation: Preparation | undefined;
  #signing: Signing | undefined;
  #headerReserved = 0;
  /** The outcome of the accept is not known: the message may be in the queue, so its stage stays. */
  #unknown = false;
  #finishing = false;
  #givenUp = false;

  constructor(context: SubmissionContext, door: Door, envelope: Envelope) {
    const settings = context.settings();
    const now = context.clock.now();
    const messageId = context.ids.next(now);
    this.#input = { context, settings, door, envelope, messageId, now };
    this.#collector = new HeaderCollector(settings.headerOctetsMax);
    this.#memory = door.session.role === 'mx' ? context.strangersMemory : context.memory;
    this.#body = openBody(context.store, messageId, this.#memory);
  }

  get id(): string {
    return this.#input.messageId;
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#preparation === undefined) return this.#collectHeader(bytes);
    return this.#preparation.ok ? this.#writeBody(bytes) : undefined;
  }

  async finish(hasDotLines = true): Promise<Acceptance> {
    this.#finishing = true;
    let acceptance: Acceptance;
    try {
      acceptance = await this.#accept(hasDotLines);
    } catch (error) {
      acceptance = refused(infrastructureRefusal(error));
    }
    this.#releaseHeader();
    if (acceptance.type === 'accepted' || this.#unknown) this.#body.release();
    else await this.#body.discard();
    return acceptance;
  }

  giveUp(): void {
    this.#givenUp = true;
  }

  async abort(): Promise<void> {
    if (this.#finishing) return;
    this.#releaseHeader();
    await this.#body.discard();
  }

  #collectHeader(bytes: Uint8Array): Promise<void> | undefined {
    if (!this.#memory.reserve(bytes.length)) {
      this.#preparation = { ok: false, error: refusal('tooBusy', 'no memory for headers left') };
      return undefined;
    }
    this.#headerReserved += bytes.length;
    const collected = this.#collector.push(bytes);
    if (collected.type === 'more') return undefined;
    if (collected.type === 'tooLarge') {
      const limit = this.#input.settings.headerOctetsMax;
      const error = refusal('headerTooLarge', `header over ${limit} octets`, { limit });
      this.#preparation = { ok: false, error };
      return undefined;
    }
    this.#preparation = this.#prepare(collected.header);
    return this.#preparation.ok && collected.rest.length > 0 ? this.#writeBody(collected.rest) : undefined;
  }

  /** An error here is told after the final dot, like any refusal. */
  #prepare(header: Uint8Array): Preparation {
    try {
      const prepared = prepareHeader(this.#input, header);
      if (prepared.ok) this.#signing = openSigning(this.#input.settings, prepared.value);
      return prepared;
    } catch (error) {
      return { ok: false, error: infrastructureRefusal(error) };
    }
  }

  #writeBody(bytes: Uint8Array): Promise<void> | undefined {
    this.#signing?.body(bytes);
    return this.#body.write(bytes);
  }

  #releaseHeader(): void {
    this.#memory.release(this.#headerReserved);
    this.#headerReserved = 0;
  }

  async #accept(hasDotLines: boolean): Promise<Acceptance> {
    const { context, now } = this.#input;
    const preparation = (this.#preparation ??= this.#prepare(this.#collector.end()));
    if (!preparation.ok) return refused(preparation.error);
    const asOfNow = await doorAsOfNow(this.#input, preparation.value);
    if (!asOfNow.ok) return refused(asOfNow.error);

    const signing = this.#signing;
    const signed = signing === undefined ? preparation : signPrepared(signing, preparation.value, now);
    const body = await this.#body.finish();
    const prepared = await signed;
    if (!prepared.ok) return refused(prepared.error);
    if (this.#givenUp) return refused(tooLate());
    const content = contentOf(prepared.value, body);
    const pieces = piecesInMemory(context, content, body);
    const fromMemory = pieces !== undefined;
    const parts = { prepared: prepared.value, body, content, fromMemory };
    const change = acceptChange({ ...this.#input, door: asOfNow.value, ...parts });
    const [outcome] = await context.store.commit([change]).catch((error: unknown) => {
      this.#takeBack(change);
      throw error;
    });
    if (outcome.type !== 'accepted') return refused(refusalOf(outcome));
    if (this.#givenUp) {
      this.#takeBack(change);
      return refused(tooLate());
    }
    const { message, recipients, owner } = change;
    if (pieces === undefined || owner === undefined || outcome.held === true) releaseLease(context, change);
    else context.handOver({ message, recipients, content: { pieces, hasDotLines }, owner });
    return { type: 'accepted', id: message.id, octets: message.octets };
  }

  #takeBack(change: AcceptChange): void {
    this.#unknown = true;
    withdraw(this.#input.context, change);
  }
}

function refused(because: Refusal): Acceptance {
  return { type: 'refused', refusal: because };
}

function refusalOf(outcome: Exclude<OutcomeOf<AcceptChange>, { type: 'accepted' }>): Refusal {
  switch (outcome.type) {
    case 'limited': {
      const { limit, hard } = outcome;
      return refusal(hard ? 'rateHard' : 'rateSoft', `limit ${limit}`, { limit });
    }
    case 'full':
      return refusal('noSpace', outcome.cause);
    case 'queueFull':
      return refusal('queueFull', outcome.cause);
    case 'unfit':
      return refusal('notAccepting', outcome.cause);
    case 'failed':
      return refusal('cannotAcceptNow', outcome.cause);
  }
}

/** F-TX-2: suspended, removed or expired between MAIL and the final dot, or without the rights that were used. Else with the limits and the undo window of now. */
async function doorAsOfNow(input: PrepareInput, prepared: Prepared): Promise<Result<Door, Refusal>> {
  const { context, settings, envelope } = input;
  const now = context.clock.now();
  if (input.door.principal === undefined || context.identityStatuses.unchanged(input.door.principal, now))
    return ok(input.door);
  const identityStatus = await context.identityStatuses.refresh(input.door.principal, now);
  if (identityStatus.state !== 'active') {
    const cause = `${identityStatusText(identityStatus.state)}, at end of data`;
    return err(refusal(replyOfIdentityStatus(identityStatus.state), cause));
  }
  const door = { ...input.door, principal: identityStatus.principal };
  const facts = policyFacts({ settings, door });
  const verdicts = [
    decideMail(facts, envelope),
    ...(prepared.senders === undefined ? [] : [decideHeader(facts, prepared.senders)]),
  ];
  const refusedNow = verdicts.map(({ verdict }) => verdict).find((one) => one.type === 'refused');
  return refusedNow === undefined ? ok(door) : err(refusedNow.refusal);
}

function tooLate(): Refusal {
  return refusal('cannotAcceptNow', 'the client was told to try again meanwhile');
}

/** Broken infrastructure: the client keeps the message and tries again. */
function infrastructureRefusal(error: unknown): Refusal {
  const cause = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const full =
    error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
  if (full) return refusal('noSpace', cause);
  return refusal(error instanceof StoreUnavailable ? 'cannotAcceptNow' : 'localError', cause);
}
