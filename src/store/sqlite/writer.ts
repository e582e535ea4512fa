// The one connection that writes. A group of changes is one transaction; if one of them fails, the group is rolled back and done
// again one by one, so that none can fail its neighbours. A disk error ends the writer: only a new one can read what is on the disk.

import { consoleSession } from './console-sessions.ts';
import type { MessageId } from '../../base/message-id.ts';
import { troubleOf } from '../../platform/sqlite-trouble.ts';
import type { ChainEnd } from '../../record/link.ts';
import type { Clock, Entropy } from '../../platform/platform.ts';
import { unreachable } from '../../base/assert.ts';
import type { SyncWitness } from '../../platform/disk.ts';
import type { QueueDepth, QueueLimits } from '../depth.ts';
import type { Change, Outcome, StoreNotice } from '../port.ts';
import { createWithdrawals, type Withdrawals } from '../withdrawals.ts';
import { accept } from './accept.ts';
import { AfterCommit } from './after-commit.ts';
import { sweepBodies } from './bodies.ts';
import { watchLog } from './checkpoint.ts';
import { type Counters, openCounters } from './counters.ts';
import { type Database, rollBack } from './database.ts';
import { text } from '../row.ts';
import type { RecentTerms } from '../recent-terms.ts';
import { bringChainForward, openTrail, type Trail } from './events.ts';
import { credentialUsed, writeIdentity } from './identities.ts';
import { createIdentitySet, type IdentitySet } from './identity-set.ts';
import { dueNotices, report } from './notices.ts';
import { claim, free, settle } from './queue.ts';
import { changeQueue } from './queue-commands.ts';
import { parkedIdentities } from './parked.ts';
import { openQueued, type QueuedMessages } from './queued.ts';
import { depthOf, queuePlaces } from './queue-place.ts';
import { openQueueTally, type QueueTally } from './queue-totals.ts';
import { erase, purge } from './retention.ts';
import { sharedKey } from './shared-keys.ts';
import { undo } from './undo.ts';
import { withdraw } from './withdraw.ts';
import { messageIdBytes } from '../../base/message-id.ts';

/** What the parts of the writer share. */
export interface Writer {
  readonly db: Database;
  readonly trail: Trail;
  readonly counters: Counters;
  readonly queueTally: QueueTally;
  readonly messages: QueuedMessages;
  readonly clock: Clock;
  readonly withdrawals: Withdrawals;
  /** Identities that are not active. */
  readonly mayNotSend: IdentitySet;
  /** Identities that may send again and whose mail is not all back (`parked.ts`). */
  readonly unparking: IdentitySet;
  /** Read from the tables at the opening, then kept by counting. */
  readonly queue: QueueDepth;
  readonly queueLimits: QueueLimits;
  /** Why nothing more can be accepted, or undefined. */
  fullBecause(): string | undefined;
  /** Sent after the commit. */
  notice(notice: StoreNotice): void;
  /** Its file is removed after the commit. */
  bodyDone(id: MessageId): void;
}

export interface WriterOptions extends QueueLimits {
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  fullBecause?(): string | undefined;
  /** False: others are still writing stages, so what no message names is not swept. Default: true. */
  readonly sweepStages?: boolean;
  onNotice(notice: StoreNotice): void;
  /** Asks another thread for a checkpoint, which then says `logWritten`. Absent: commits do it. */
  requestCheckpoint?(): void;
}

export interface SqliteWriter {
  apply(changes: readonly Change[]): readonly Outcome[];
  readonly recent: RecentTerms;
  /** Messages in the queue. */
  queued(): number;
  /** Where the chain that it writes stands. */
  trailEnd(): ChainEnd;
  logWritten(): void;
  /** While true, files of settled messages stay: a backup is copying them. */
  keepBodies(keep: boolean): void;
}

export function createWriter(db: Database, options: WriterOptions, witness: SyncWitness): SqliteWriter {
  const after = new AfterCommit(options);
  const writer = openParts(db, options, after);
  bringChainForward(db, writer.trail, options.clock.now());
  const log = watchLog(db, witness, options.requestCheckpoint);
  if (options.sweepStages !== false) sweepStages(db, options.dataDirectory);

  function transact(changes: readonly Change[]): readonly Outcome[] {
    const mark = writer.trail.mark();
    const queuedBefore = { ...writer.queue };
    const afterBefore = after.mark();
    db.exec('BEGIN IMMEDIATE');
    try {
      const outcomes = changes.map((change) => applyOne(writer, change));
      writer.counters.write();
      writer.queueTally.write();
      db.exec('COMMIT');
      writer.counters.committed();
      writer.messages.committed();
      writer.mayNotSend.committed();
      writer.unparking.committed();
      return outcomes;
    } catch (error) {
      rollBack(db);
      writer.counters.rolledBack();
      writer.messages.rolledBack();
      writer.trail.reset(mark);
      Object.assign(writer.queue, queuedBefore);
      writer.mayNotSend.rolledBack();
      writer.unparking.rolledBack();
      after.reset(afterBefore);
      throw error;
    } finally {
      writer.queueTally.forget();
    }
  }

  function alone(change: Change): Outcome {
    try {
      const [outcome] = transact([change]);
      return outcome ?? { type: 'failed', cause: 'no outcome' };
    } catch (error) {
      const trouble = troubleOf(error);
      const cause = error instanceof Error ? error.message : String(error);
      if (trouble === 'broken') throw error;
      return trouble === 'full' && change.type === 'accept'
        ? { type: 'full', cause }
        : { type: 'failed', cause };
    }
  }

  return {
    recent: writer.trail.recent,
    queued: () => writer.queue.messages,
    trailEnd: () => writer.trail.end(),
    apply(changes) {
      let outcomes: readonly Outcome[];
      try {
        outcomes = transact(changes);
      } catch (error) {
        if (troubleOf(error) === 'broken') throw error;
        outcomes = changes.map((change) => alone(change));
      }
      witness.confirm();
      after.committed();
      log.committed(changes.length, contentOctets(changes));
      return outcomes;
    },
    logWritten: () => log.written(),
    keepBodies: (keep) => after.keepBodies(keep),
  };
}

function openParts(db: Database, options: WriterOptions, after: AfterCommit): Writer {
  const { clock } = options;
  const inactive = db.all("SELECT id FROM identity WHERE state <> 'active'").map((row) => text(row, 'id'));
  const mayNotSend = createIdentitySet(inactive);
  const queueTally = openQueueTally(db);
  return {
    ...{ db, clock, mayNotSend, queueTally },
    trail: openTrail(db, options.entropy),
    counters: openCounters(db),
    withdrawals: createWithdrawals(clock),
    unparking: createIdentitySet([...parkedIdentities(db)].filter((id) => !mayNotSend.has(id))),
    messages: openQueued(db, queueTally),
    queue: depthOf(queuePlaces(db, options.dataDirectory)),
    queueLimits: options,
    fullBecause: () => options.fullBecause?.(),
    notice: (notice) => after.notice(notice),
    bodyDone: (id) => after.bodyDone(id),
  };
}

function applyOne(writer: Writer, change: Change): Outcome {
  switch (change.type) {
    case 'accept':
      return accept(writer, change);
    case 'withdraw':
      return withdraw(writer, change);
    case 'settle':
      return settle(writer, change);
    case 'claim':
      return claim(writer, change);
    case 'free':
      return free(writer, change);
    case 'dueNotices':
      return dueNotices(writer, change);
    case 'report':
      return report(writer, change);
    case 'record':
      for (const event of change.events) writer.trail.append(event);
      return { type: 'recorded' };
    case 'identity':
      return writeIdentity(writer, change);
    case 'credentialUsed':
      return credentialUsed(writer, change);
    case 'queue':
      return changeQueue(writer, change);
    case 'undo':
      return undo(writer, change);
    case 'sharedKey':
      return sharedKey(writer, change);
    case 'guesses':
      // There are no others.
      return { type: 'guesses', others: [] };
    case 'nodeFacts':
      // Nor does anybody look for this one.
      return { type: 'noted' };
    case 'consoleSession':
      return consoleSession(writer, change);
    case 'purge':
      return purge(writer, change);
    case 'erase':
      return erase(writer, change);
    default:
      return unreachable(change);
  }
}

function contentOctets(changes: readonly Change[]): number {
  let octets = 0;
  for (const change of changes)
    if (change.type === 'accept' && change.content.kind === 'inline') octets += change.content.bytes.length;
  return octets;
}

/** Stages that no message names: their sessions are gone. */
function sweepStages(db: Database, dataDirectory: string): void {
  sweepBodies(dataDirectory, (id) => {
    const key = messageIdBytes(id);
    return key !== undefined && db.get('SELECT n FROM message WHERE id = ?', key) !== undefined;
  });
}
