// Delivery into a directory: one .eml a message, written under another name, synced and renamed, so that it is there whole or not at all. The name is
// the message's id: a delivery that is repeated after a crash writes the same file again, not a second one.

import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { utf8 } from '../base/bytes.ts';
import { fileNameOfId } from '../base/message-id.ts';
import { confirmSyncs, syncDirectory } from '../platform/disk.ts';
import type { Attempt, DeliveryJob, JobResult } from './delivery-job.ts';

const RETRY_MS = 60_000;

export async function deliverToFiles(directory: string, job: DeliveryJob, now: number): Promise<JobResult> {
  const { message, deliveries } = job;
  const name = fileNameOfId(message.id);
  const path = join(directory, `${name}.eml`);
  const aside = join(directory, `.${name}.tmp`);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeWhole(aside, job);
    // To write it may have taken long.
    if (job.mayGo?.() === false) {
      await rm(aside);
      return { type: 'withheld' };
    }
    await rename(aside, path);
    await syncDirectory(directory);
    await confirmSyncs(directory);
  } catch (error) {
    await rm(aside, { force: true }).catch(() => undefined);
    const diagnostic = `${directory}: ${error instanceof Error ? error.message : String(error)}`;
    return { type: 'hostDown', diagnostic, status: '4.3.0', until: now + RETRY_MS, probed: true };
  }
  const attempt: Attempt = {
    type: 'delivered',
    status: '2.0.0',
    diagnostic: 'written',
    remote: `files ${path}`,
  };
  return { type: 'attempted', attempts: deliveries.map(() => attempt) };
}

async function writeWhole(path: string, { message, content }: DeliveryJob): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    // Final delivery adds the return path (RFC 5321 section 4.4).
    await file.writev([utf8(`Return-Path: <${message.envelope.reversePath}>\r\n`)]);
    for await (const bytes of await content()) await file.writev([bytes]);
    await file.datasync();
  } finally {
    await file.close();
  }
}
