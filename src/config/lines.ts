// Where each value of the configuration stands in its file. What is missing here has its default.

import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type LineCounter } from 'yaml';

/** Line by key, as `keyText` writes it; of groups that are written as such, of the keys in them alone. */
export type Lines = Readonly<Record<string, number>>;

/** Of one list or one group: what comes after is not told apart any more. */
export const ELEMENTS_MAX = 100;

/** `listeners[0].port` of `listeners[0]` and `port`. */
export function keyText(prefix: string, part: string | number): string {
  if (typeof part === 'number') return `${prefix}[${part}]`;
  return prefix === '' ? part : `${prefix}.${part}`;
}

export function linesIn(document: Document, counter: LineCounter): Lines {
  const lines: Record<string, number> = {};
  const lineOf = (node: unknown): number =>
    isNode(node) && node.range ? counter.linePos(node.range[0]).line : 1;

  function walk(given: unknown, key: string, line: number): void {
    const node = isAlias(given) ? given.resolve(document) : given;
    if (isMap(node))
      for (const { key: name, value } of node.items.slice(0, ELEMENTS_MAX))
        walk(value, keyText(key, isScalar(name) ? String(name.value) : String(name)), lineOf(name));
    else if (isSeq(node) && node.items.some((item) => isMap(item) || isAlias(item)))
      for (const [at, item] of node.items.slice(0, ELEMENTS_MAX).entries())
        walk(item, keyText(key, at), lineOf(item));
    else if (key !== '') lines[key] = line;
  }

  walk(document.contents, '', 1);
  return lines;
}
