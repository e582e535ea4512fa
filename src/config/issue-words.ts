// What the schema finds wrong, in the words of this documentation: the library speaks of its types.

import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** How the library's own messages begin; what the schema says itself is said as it is. */
const ofLibrary = /^(?:Invalid|Too (?:big|small)|Unrecognized|Expected)\b/;

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of keys',
  record: 'a group of keys',
  null: 'nothing',
};

export function issueInWords(issue: Issue): string {
  if (issue.code === 'invalid_key')
    return issue.issues[0] === undefined ? issue.message : issueInWords(issue.issues[0]);
  if (issue.code === 'invalid_union' && ofLibrary.test(issue.message)) {
    const branches = issue.errors.flat().map((one) => issueInWords(one).replace(/^must be /, ''));
    return branches.length === 0
      ? 'this value is not known here'
      : `must be ${[...new Set(branches)].join(', or ')}`;
  }
  return ofLibrary.test(issue.message) ? ourWords(issue) : issue.message;
}

function ourWords(issue: Issue): string {
  if (issue.code === 'invalid_type') return `must be ${kinds[issue.expected] ?? issue.expected}`;
  if (issue.code === 'too_small') return limit(issue.origin, 'least', Number(issue.minimum));
  if (issue.code === 'too_big') return limit(issue.origin, 'most', Number(issue.maximum));
  if (issue.code !== 'invalid_value') return 'is not written as it must be (docs/reference/config.md)';
  const values = issue.values.map(String).join(', ');
  return issue.values.length === 1 ? `must be ${values}` : `must be one of ${values}`;
}

function limit(origin: string, side: 'least' | 'most', value: number): string {
  if (origin === 'string')
    return side === 'least' && value === 1 ? 'must not be empty' : `must have at ${side} ${value} characters`;
  if (origin === 'array') return `must have at ${side} ${value} ${value === 1 ? 'member' : 'members'}`;
  return `must be at ${side} ${value}`;
}
