// What is wrong in a request, in words for people: where it stands, what is wanted. The library speaks of its types.

import type { z } from 'zod';
import { issueInWords } from '../../config/issue-words.ts';

type Issue = z.core.$ZodIssue;

/** Where in a request. */
export type Place = 'path' | 'query' | 'body';

/** `at`: a JSON pointer into the body, or the name of a parameter. */
export interface Wrong {
  readonly at: string;
  readonly detail: string;
}

/** `value`: what was looked at; `known`: the names of its shape. */
export function wrongsOf(
  issue: Issue,
  {
    value,
    place,
    known,
  }: { readonly value: unknown; readonly place: Place; readonly known: readonly string[] },
): readonly Wrong[] {
  const path = issue.path.map(String);
  const at = (parts: readonly string[]): string =>
    place === 'body' ? parts.map((part) => `/${escaped(part)}`).join('') : parts.join('.');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ at: at([...path, key]), detail: unknown(place, path, known) }));
  return [{ at: at(path), detail: wordsOf(issue, isMissing(value, path)) }];
}

/** RFC 6901, section 3. */
const escaped = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1');

function unknown(place: Place, path: readonly string[], known: readonly string[]): string {
  const kind = place === 'body' ? 'field' : 'parameter';
  if (path.length > 0) return `there is no such ${kind}`;
  return known.length === 0
    ? `there is no such ${kind}: this path takes none`
    : `there is no such ${kind}: this path takes ${known.join(', ')}`;
}

function isMissing(value: unknown, path: readonly string[]): boolean {
  const found = path.reduce<unknown>(
    (within, name) =>
      typeof within === 'object' && within !== null ? (within as Record<string, unknown>)[name] : undefined,
    value,
  );
  return found === undefined;
}

function wordsOf(issue: Issue, missing: boolean): string {
  if (missing) return 'is missing';
  if (issue.code !== 'invalid_format') return issueInWords(issue);
  if (issue.format === 'datetime') return 'must be a time of RFC 3339, such as 2026-12-01T09:00:00Z';
  return issue.pattern === undefined ? `must be ${issue.format}` : `must match ${issue.pattern}`;
}
