// A copy of everything that the store keeps: whoever takes one has all of it, so it is recorded like any look.

import { type Actor, reasonGiven } from './actor.ts';
import { recordLook } from './looks.ts';
import type { AdministrationPorts } from './ports.ts';

/** The copy is made when the first piece is asked for, and let go when the last one was, or nobody wants it any more. */
export async function backUp(ports: AdministrationPorts, actor: Actor): Promise<AsyncIterable<Uint8Array>> {
  await recordLook(ports, actor, 'backup', reasonGiven(actor));
  return piecesOf(ports);
}

async function* piecesOf(ports: AdministrationPorts): AsyncGenerator<Uint8Array> {
  const copy = await ports.copy();
  try {
    yield* copy.content;
  } finally {
    await copy.close();
  }
}
