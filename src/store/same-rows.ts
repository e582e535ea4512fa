// Do two stores keep the same? Row by row, but for events: their chains prove them.

import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { bodyOf, pagesOf } from './copy.ts';
import { type Counts, type KeptMessage, type KeptRows, kinds, type Rows } from './transfer.ts';

export interface SameOptions {
  /** Of the first. */
  readonly counts: Counts;
  progress?(rows: number, of: number): void;
}

/** What is compared of a row, and how it is told of. */
const compared = {
  identity: { of: (row: Rows['identity']) => row, name: ({ identity }) => `account ${identity.login}` },
  sharedKey: { of: (row) => row, name: ({ purpose, period }) => `key ${purpose} of ${period}` },
  // So far as it was seen: the copy knows how far it goes.
  chain: { of: ({ head: _head, ...row }) => row, name: ({ chain }) => `chain ${chain}` },
  message: { of: (row) => row, name: ({ message }) => `message ${message.id}` },
} as const satisfies { readonly [K in Exclude<keyof Rows, 'event'>]: Compared<K> };

interface Compared<K extends keyof Rows> {
  of(row: Rows[K]): object;
  name(row: Rows[K]): string;
}

type ComparedKind = keyof typeof compared;

const comparedKinds = ['identity', 'sharedKey', 'chain', 'message'] as const satisfies ComparedKind[];

/** Undefined: they do. Else the first difference, as it follows "the copy". */
export async function differenceOf(
  one: KeptRows,
  other: KeptRows,
  { counts, progress }: SameOptions,
): Promise<string | undefined> {
  const others = await other.counts();
  for (const kind of kinds)
    if (counts[kind] !== others[kind])
      return `has ${others[kind]} of kind ${kind} where there are ${counts[kind]}`;
  const of = comparedKinds.reduce((sum, kind) => sum + counts[kind], 0);
  let rows = 0;
  for (const kind of comparedKinds) {
    const difference = await differenceIn(one, other, kind, (count) => progress?.((rows += count), of));
    if (difference !== undefined) return difference;
  }
  return undefined;
}

async function differenceIn<K extends ComparedKind>(
  one: KeptRows,
  other: KeptRows,
  kind: K,
  pageDone: (rows: number) => void,
): Promise<string | undefined> {
  const { of, name }: Compared<K> = (compared as { readonly [C in ComparedKind]: Compared<C> })[kind];
  const others = pagesOf(other, kind);
  for await (const { rows } of pagesOf(one, kind)) {
    const its = (await others.next()).value?.rows ?? [];
    for (const [at, row] of rows.entries()) {
      const same = its[at];
      if (same === undefined || !isDeepStrictEqual(of(row), of(same)))
        return `lacks ${name(row)}, or has another`;
      if ('content' in row && !(await hasSameBody(one, other, row)))
        return `has another body of ${name(row)}`;
    }
    if (rows.length > 0) pageDone(rows.length);
  }
  return undefined;
}

async function hasSameBody(one: KeptRows, other: KeptRows, message: KeptMessage): Promise<boolean> {
  if (message.content.kind === 'inline') return true;
  const [its, others] = await Promise.all([digestOf(bodyOf(one, message)), digestOf(bodyOf(other, message))]);
  return its === others;
}

async function digestOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}
