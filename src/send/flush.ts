// `postern send --flush`: sends the queue over one connection. A message leaves the queue when the server has accepted it;
// killed in between, it is sent once more, with the same Message-ID: that is the known window (RFC 1047), and there is no other. Mail that waited too
// long is given up: it is put aside, never removed.

import { EX, type SysExit } from '../base/sysexits.ts';
import type { Carrier, Left, SendResult } from './outgoing.ts';
import type { Spool, Stored } from './spool.ts';

/** As many as a connection takes at once; each is in memory while it is on its way. */
const AT_ONCE = 16;
const PROBLEM_MAX = 300;

export interface FlushReport {
  readonly sent: number;
  readonly waiting: number;
  readonly failed: number;
  readonly damaged: number;
  /** Messages given up and put aside. */
  readonly givenUp: number;
  /** Why nothing more could be sent. */
  readonly stopped: SendResult | undefined;
}

export interface Expiry {
  /** Where mail that waited too long is put. */
  readonly aside: Spool;
  /** The time in words, for the reason. */
  readonly after: string;
  isOver(queuedAt: number): boolean;
}

/** `named`: these alone, each once, with their recipients that were refused before; else all that wait. The caller holds the lock of the queue. */
export async function flush(
  spool: Spool,
  carrier: Carrier,
  named: ReadonlySet<string> | undefined,
  expiry: Expiry,
): Promise<FlushReport> {
  await spool.sweep();
  const todo = [...(named ?? (await spool.ids()))].reverse();
  const counts = { sent: 0, waiting: 0, failed: 0, damaged: 0, givenUp: 0 };
  let stopped: SendResult | undefined;
  let reading: Promise<unknown> = Promise.resolve();

  /** One after the other, so that messages leave in the order in which they came. */
  function read(id: string): ReturnType<Spool['read']> {
    const next = reading.then(() => spool.read(id));
    reading = next.catch(() => undefined);
    return next;
  }

  async function work(): Promise<void> {
    while (stopped === undefined) {
      const id = todo.pop();
      if (id === undefined) return;
      const stored = await read(id);
      if (stored === 'gone') continue;
      if (stored === 'damaged') counts.damaged += 1;
      else {
        const { outcome, verdict } = await sendStored(spool, carrier, stored, named !== undefined);
        const isLeft = outcome !== 'sent' && (await giveUp(spool, id, expiry, verdict));
        counts[isLeft ? 'givenUp' : outcome] += 1;
        if (verdict?.isOfHost === true) stopped ??= verdict;
      }
    }
  }

  // Messages under way are settled, whatever became of the others.
  const ends = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
  // Messages that were not tried may have expired too.
  for (const id of todo) counts[(await giveUp(spool, id, expiry, stopped)) ? 'givenUp' : 'waiting'] += 1;
  await spool.sync();
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return { ...counts, stopped };
}

interface Sent {
  readonly outcome: 'sent' | 'waiting' | 'failed';
  readonly verdict?: SendResult;
}

async function sendStored(
  spool: Spool,
  carrier: Carrier,
  stored: Stored,
  retryFailed: boolean,
): Promise<Sent> {
  const { id, envelope, content } = stored;
  const again = retryFailed ? envelope.failed.map(({ forwardPath }) => forwardPath) : [];
  const recipients = [...envelope.recipients, ...again];
  if (recipients.length === 0) return { outcome: 'failed' };
  const verdict = await carrier.carry({ ...envelope, recipients, content });
  if (verdict.isOfHost) return { outcome: 'waiting', verdict };
  const { left } = verdict;
  const waiting = left.filter((one) => one.again !== 'no');
  const failed = [
    ...(retryFailed ? [] : envelope.failed),
    ...left.filter((one) => one.again === 'no').map(failure),
  ];
  if (waiting.length === 0 && failed.length === 0) {
    await spool.remove(id);
    return { outcome: 'sent', verdict };
  }
  const [first] = waiting;
  const { problem: _, ...before } = envelope;
  await spool.replace({
    ...{ id, content },
    envelope: {
      ...before,
      ...{ recipients: waiting.map(({ forwardPath }) => forwardPath), failed, tries: envelope.tries + 1 },
      ...(first === undefined ? {} : { problem: short(first.problem) }),
    },
  });
  return { outcome: waiting.length > 0 ? 'waiting' : 'failed', verdict };
}

/** True: its time was up, and it was put aside with the reason. */
async function giveUp(
  spool: Spool,
  id: string,
  { aside, after, isOver }: Expiry,
  verdict: SendResult | undefined,
): Promise<boolean> {
  const stored = await spool.read(id);
  if (stored === 'gone' || stored === 'damaged' || !isOver(stored.envelope.queuedAt)) return false;
  const { problem, ...envelope } = stored.envelope;
  const reason = `not sent within ${after}: ${verdict?.isOfHost === true ? verdict.message : (problem ?? 'never tried')}`;
  const given = envelope.recipients.map((forwardPath) => ({ forwardPath, problem: short(reason) }));
  if (given.length > 0)
    await spool.replace({
      ...stored,
      envelope: { ...envelope, recipients: [], failed: [...envelope.failed, ...given] },
    });
  return spool.move(id, aside);
}

const failure = ({ forwardPath, problem }: Left) => ({ forwardPath, problem: short(problem) });

/** One for each recipient is kept in the envelope, which has a limit. */
function short(problem: string): string {
  return problem.length > PROBLEM_MAX ? `${problem.slice(0, PROBLEM_MAX)}…` : problem;
}

export function exitOfFlush({ waiting, failed, damaged, givenUp, stopped }: FlushReport): SysExit {
  // The user has to know of recipients that won't be tried again, whatever became of the others.
  if (givenUp > 0) return EX.UNAVAILABLE;
  if (stopped !== undefined) return stopped.code;
  if (failed > 0 || damaged > 0) return EX.UNAVAILABLE;
  return waiting > 0 ? EX.TEMPFAIL : EX.OK;
}
