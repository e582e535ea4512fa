// The writer of a running server: checkpoints are the checkpointer's, and the index of the trail grows beside the commits.

import type { EngineWriter, WriterOptions } from '../engine.ts';
import { copyStore } from './backup.ts';
import { sweepBackupStages } from './backup-stage.ts';
import { type Checkpointer, startCheckpointer } from './checkpointer.ts';
import { openSqliteWriter } from './open.ts';

const INDEX_EVENTS = 500;
/** The longest unindexed tail, kept even under load, so that a trace never scans more. */
const INDEX_EVERY_CHANGES = 5_000;

export function openEngineWriter(directory: string, options: WriterOptions): EngineWriter {
  let checkpointer: Checkpointer | undefined;
  let sinceIndexed = 0;
  if (options.sweepStages !== false) sweepBackupStages(directory);
  const writer = openSqliteWriter({
    ...options,
    dataDirectory: directory,
    requestCheckpoint: () => checkpointer?.write(),
  });
  checkpointer = startCheckpointer(directory, { written: () => writer.logWritten(), failed: options.failed });

  function index(): boolean {
    sinceIndexed = 0;
    return writer.indexTail(INDEX_EVENTS);
  }

  return {
    apply(changes) {
      const outcomes = writer.apply(changes);
      sinceIndexed += changes.length;
      if (sinceIndexed > INDEX_EVERY_CHANGES) index();
      return outcomes;
    },
    idle() {
      if (index()) return true;
      writer.vacuum();
      return false;
    },
    queued: () => writer.queued(),
    trailEnd: () => writer.trailEnd(),
    copy: (file) => copyStore(writer, directory, file),
  };
}
