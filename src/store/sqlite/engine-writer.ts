// The writer of a running server: checkpoints are the checkpointer's, and the index of the trail grows beside the commits.

import type { EngineWriter, WriterOptions } from '../engine.ts';
import { copyStore } from './backup.ts';
import { sweepBackupStages } from './backup-stage.ts';
import { type Checkpointer, startCheckpointer } from './checkpointer.ts';
import { openSqliteWriter } from './open.ts';

const INDEX_EVENTS = 500;

export function openEngineWriter(directory: string, options: WriterOptions): EngineWriter {
  let checkpointer: Checkpointer | undefined;
  if (options.sweepStages !== false) sweepBackupStages(directory);
  const writer = openSqliteWriter({
    ...options,
    dataDirectory: directory,
    requestCheckpoint: () => checkpointer?.write(),
  });
  checkpointer = startCheckpointer(directory, { written: () => writer.logWritten(), failed: options.failed });

  return {
    apply: (changes) => writer.apply(changes),
    idle() {
      if (writer.indexTail(INDEX_EVENTS)) return true;
      writer.vacuum();
      return false;
    },
    queued: () => writer.queued(),
    trailEnd: () => writer.trailEnd(),
    copy: (file) => copyStore(writer, directory, file),
  };
}
