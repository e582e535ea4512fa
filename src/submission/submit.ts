// Submission: the one way in. Every message, from whatever listener or socket, goes through these steps in this order:
//   at the blank line   rights of the header senders → fix-ups → Received          (prepare.ts)
//   while it streams    body hash, memory or stage; nothing is changed             (body.ts)
//   at the end          standing and rights of the principal → body durable → signed (sign.ts) → accept          (here)
// Accept is one commit of message, recipients, counters and the `accepted` event; the 250 follows its outcome.

import { HeaderCollector } from '../message/header-collector.ts';
import { decideHeader, decideMail, replyOfStanding } from '../policy/submission-policy.ts';
import type { Envelope } from '../protocol/envelope.ts';
import { refusal, type Refusal, type Verdict } from '../protocol/refusal.ts';
import { standingText } from '../record/identity.ts';
import { StoreUnavailable } from '../store/port.ts';
import { acceptChange, contentOf, letGo, piecesInMemory, withdraw } from './accept.ts';
import { openBody } from './body.ts';
import type { Door, SubmissionContext } from './context.ts';
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
  const settings = context.settings();
  const now = context.clock.now();
  const id = context.ids.next(now);
  const collector = new HeaderCollector(settings.headerOctetsMax);
  const memory = door.session.role === 'mx' ? context.strangersMemory : context.memory;
  const body = openBody(context.store, id, memory);
  const input = { context, settings, door, envelope, messageId: id, now };
  let preparation: Preparation | undefined;
  let signing: Signing | undefined;
  let headerReserved = 0;
  /** The outcome of the accept is not known: the message may be in the queue, so its stage stays. */
  let unknown = false;
  let finishing = false;
  let givenUp = false;

  function collectHeader(bytes: Uint8Array): Promise<void> | undefined {
    if (!memory.reserve(bytes.length)) {
      preparation = { ok: false, error: refusal('tooBusy', 'no memory for headers left') };
      return undefined;
    }
    headerReserved += bytes.length;
    const collected = collector.push(bytes);
    if (collected.type === 'more') return undefined;
    if (collected.type === 'tooLarge') {
      const limit = settings.headerOctetsMax;
      preparation = { ok: false, error: refusal('headerTooLarge', `header over ${limit} octets`, { limit }) };
      return undefined;
    }
    preparation = prepare(collected.header);
    return preparation.ok && collected.rest.length > 0 ? writeBody(collected.rest) : undefined;
  }

  /** An error here is told after the final dot, like any refusal. */
  function prepare(header: Uint8Array): Preparation {
    try {
      const prepared = prepareHeader(input, header);
      if (prepared.ok) signing = openSigning(settings, prepared.value);
      return prepared;
    } catch (error) {
      return { ok: false, error: infrastructureRefusal(error) };
    }
  }

  function writeBody(bytes: Uint8Array): Promise<void> | undefined {
    signing?.body(bytes);
    return body.write(bytes);
  }

  function releaseHeader(): void {
    memory.release(headerReserved);
    headerReserved = 0;
  }

  async function accept(hasDotLines: boolean): Promise<Acceptance> {
    preparation ??= prepare(collector.end());
    if (!preparation.ok) return { type: 'refused', refusal: preparation.error };
    const standing = await standingRefusal(input, preparation.value);
    if (standing !== undefined) return { type: 'refused', refusal: standing };

    const signed = signing === undefined ? preparation : signPrepared(signing, preparation.value, now);
    const finished = await body.finish();
    const prepared = await signed;
    if (!prepared.ok) return { type: 'refused', refusal: prepared.error };
    if (givenUp) return { type: 'refused', refusal: tooLate() };
    const content = contentOf(prepared.value, finished);
    const pieces = piecesInMemory(context, content, finished);
    const change = acceptChange({
      ...input,
      prepared: prepared.value,
      body: finished,
      content,
      fromMemory: pieces !== undefined,
    });
    const { message, recipients } = change;
    const [outcome] = await context.store.commit([change]).catch((error: unknown) => {
      unknown = true;
      withdraw(context, change);
      throw error;
    });
    switch (outcome.type) {
      case 'accepted':
        if (givenUp) {
          unknown = true;
          withdraw(context, change);
          return { type: 'refused', refusal: tooLate() };
        }
        if (pieces === undefined || outcome.held === true) letGo(context, change);
        else context.handOver({ message, recipients, content: pieces, hasDotLines });
        return { type: 'accepted', id, octets: message.octets };
      case 'limited':
        return {
          type: 'refused',
          refusal: refusal(outcome.hard ? 'rateHard' : 'rateSoft', `limit ${outcome.limit}`, {
            limit: outcome.limit,
          }),
        };
      case 'full':
        return { type: 'refused', refusal: refusal('noSpace', outcome.cause) };
      case 'queueFull':
        return { type: 'refused', refusal: refusal('queueFull', outcome.cause) };
      case 'failed':
        return { type: 'refused', refusal: refusal('cannotAcceptNow', outcome.cause) };
    }
  }

  return {
    id,
    write(bytes) {
      if (preparation === undefined) return collectHeader(bytes);
      return preparation.ok ? writeBody(bytes) : undefined;
    },
    async finish(hasDotLines = true) {
      finishing = true;
      let acceptance: Acceptance;
      try {
        acceptance = await accept(hasDotLines);
      } catch (error) {
        acceptance = { type: 'refused', refusal: infrastructureRefusal(error) };
      }
      releaseHeader();
      if (acceptance.type === 'accepted' || unknown) body.release();
      else await body.discard();
      return acceptance;
    },
    giveUp() {
      givenUp = true;
    },
    async abort() {
      if (finishing) return;
      releaseHeader();
      await body.discard();
    },
  };
}

/** F-TX-2: suspended, removed or expired between MAIL and the final dot, or without the rights that were used. */
async function standingRefusal(input: PrepareInput, prepared: Prepared): Promise<Refusal | undefined> {
  const { context, settings, door, envelope } = input;
  const now = context.clock.now();
  if (door.principal === undefined || context.standings.unchanged(door.principal, now)) return undefined;
  const standing = await context.standings.refresh(door.principal, now);
  if (standing.state !== 'active') {
    return refusal(replyOfStanding(standing.state), `${standingText(standing.state)}, at end of data`);
  }
  const facts = policyFacts({ settings, door: { ...door, principal: standing.principal } });
  const { verdict } = decideMail(facts, envelope);
  if (verdict.type === 'refused' || prepared.senders === undefined) return refusalIn(verdict);
  return refusalIn(decideHeader(facts, prepared.senders).verdict);
}

function tooLate(): Refusal {
  return refusal('cannotAcceptNow', 'the client was told to try again meanwhile');
}

function refusalIn(verdict: Verdict): Refusal | undefined {
  return verdict.type === 'refused' ? verdict.refusal : undefined;
}

/** Broken infrastructure: the client keeps the message and tries again. */
function infrastructureRefusal(error: unknown): Refusal {
  const cause = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const full =
    error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
  if (full) return refusal('noSpace', cause);
  return refusal(error instanceof StoreUnavailable ? 'cannotAcceptNow' : 'localError', cause);
}
