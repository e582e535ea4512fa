// The copy of a store: all its rows, a page at a time, then the look-up index. One that was killed goes on where it was.

import type { Copied, Counts, KeptMessage, KeptRows, Kind, Page } from './transfer.ts';
import { kinds } from './transfer.ts';

export interface CopyOptions {
  /** Of the source. */
  readonly counts: Counts;
  /** Rows of a page; absent: as many as suit a transaction. */
  readonly pageMax?: number;
  progress?(kind: Kind | 'index', rows: number, of: number): void;
}

const PAGE_MAX: Readonly<Record<Kind, number>> = {
  ...{ identity: 500, sharedKey: 500, chain: 500, event: 2_000, message: 100 },
};

export async function copyAll(source: KeptRows, target: Copied, options: CopyOptions): Promise<void> {
  for (const kind of kinds) await copyKind(kind, source, target, options);
  const { counts, progress } = options;
  let indexed = 0;
  for (let more = await target.index(); more > 0; more = await target.index()) {
    indexed += more;
    progress?.('index', indexed, counts.event);
  }
}

async function copyKind(
  kind: Kind,
  source: KeptRows,
  target: Copied,
  { counts, pageMax: max = PAGE_MAX[kind], progress }: CopyOptions,
): Promise<void> {
  const { isDone, rows: before, ...from } = await target.progress(kind);
  if (isDone) return;
  let rows = before;
  for await (const page of pagesOf(source, kind, { max, ...from })) {
    await target.write(kind, page, (message) => bodyOf(source, message));
    rows += page.rows.length;
    progress?.(kind, rows, counts[kind]);
  }
}

/** The next one is read while one is worked on. */
export async function* pagesOf<K extends Kind>(
  kept: Pick<KeptRows, 'read'>,
  kind: K,
  { max = PAGE_MAX[kind], ...from }: { readonly after?: string; readonly max?: number } = {},
): AsyncGenerator<Page<K>, void> {
  let reading = kept.read(kind, { max, ...from });
  for (;;) {
    const page = await reading;
    const { next } = page;
    if (next !== undefined) {
      reading = kept.read(kind, { max, after: next });
      // It is told when its turn comes.
      reading.catch(() => undefined);
    }
    yield page;
    if (next === undefined) return;
  }
}

/** What follows the header. */
export async function* bodyOf(
  { lookups }: Pick<KeptRows, 'lookups'>,
  { message, content }: KeptMessage,
): AsyncGenerator<Uint8Array, void> {
  const pieces = await lookups.content(message.id);
  if (pieces === undefined) throw new Error(`message ${message.id} has no content`);
  let left = content.kind === 'staged' ? content.header.length : 0;
  for await (const piece of pieces) {
    if (piece.length > left) yield piece.subarray(left);
    left = Math.max(0, left - piece.length);
  }
}
