// A copy of everything that the store keeps: whoever takes one has all of it, so it is recorded like any look.

import { failureInWords } from '../base/failure-words.ts';
import { type Actor, reasonGiven } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import { assertReasonForContent, recordLook } from './looks.ts';
import type { AdministrationPorts } from './ports.ts';

/** Why there is no copy to be had; undefined: there is. */
export function noBackupBecause({ config }: Pick<AdministrationPorts, 'config'>): string | undefined {
  return config().store === 'embedded'
    ? undefined
    : 'the store is on PostgreSQL, which has backups of its own: pg_basebackup with WAL archiving, or pg_dump (docs/CLUSTER.md)';
}

/** The copy is made when the first piece is asked for, and let go when the last one was, or nobody wants it any more. The record stands in it. */
export async function backUp(ports: AdministrationPorts, actor: Actor): Promise<AsyncIterable<Uint8Array>> {
  // On the host itself a timer takes it, and the files can be read.
  if (actor.through !== 'command line') assertReasonForContent(ports, actor);
  const because = noBackupBecause(ports);
  if (because !== undefined) throw new UseCaseFailure(because);
  await recordLook(ports, actor, 'backup', reasonGiven(actor));
  return piecesOf(ports, actor);
}

async function* piecesOf(ports: AdministrationPorts, actor: Actor): AsyncGenerator<Uint8Array> {
  const copy = await ports.copy().catch(async (error: unknown) => {
    const because = failureInWords(error);
    // Else the trail would say that somebody has a copy.
    await recordLook(ports, actor, 'backup failed', { because, ...reasonGiven(actor) });
    throw new UseCaseFailure(`no copy was made: ${because}`, 'trouble');
  });
  try {
    yield* copy.content;
  } finally {
    await copy.close();
  }
}
