// Large bodies in memory: staged before the accept that names them, gone after the last settle. A crash takes what was not finished
// and what no accepted message names.

import type { MessageId } from '../../base/message-id.ts';
import type { Stage } from '../port.ts';

export interface Bodies {
  stage(id: MessageId): Promise<Stage>;
  read(id: MessageId): AsyncIterable<Uint8Array>;
  remove(id: MessageId): void;
  crash(isNamed: (id: MessageId) => boolean): void;
}

interface Body {
  readonly pieces: Uint8Array[];
  finished: boolean;
}

export function createBodies(): Bodies {
  const bodies = new Map<MessageId, Body>();

  return {
    async stage(id) {
      if (bodies.has(id)) throw new Error(`a body is staged as ${id} already`);
      const body: Body = { pieces: [], finished: false };
      let open = true;
      bodies.set(id, body);
      return {
        async append(...pieces) {
          // The caller may reuse its buffers.
          if (open) body.pieces.push(...pieces.map((piece) => new Uint8Array(piece)));
        },
        async finish() {
          open = false;
          body.finished = true;
        },
        async discard() {
          open = false;
          if (bodies.get(id) === body) bodies.delete(id);
        },
      };
    },
    async *read(id) {
      const body = bodies.get(id);
      if (body === undefined) throw new Error(`the body of ${id} is gone`);
      for (const piece of body.pieces) yield new Uint8Array(piece);
    },
    remove: (id) => void bodies.delete(id),
    crash(isNamed) {
      for (const [id, { finished }] of bodies) if (!finished || !isNamed(id)) bodies.delete(id);
    },
  };
}
