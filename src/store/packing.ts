// Changes on their way to another thread: as JSON text beside the octets of their content. A deep object is copied property by property between
// threads, which costs three times as much as its text on both sides. Changes that may hold octets elsewhere, and rare ones, are sent as they are.

import type { AcceptChange, Change } from './port.ts';

export type PackedChange =
  | { readonly text: string }
  /** Header, or header and body, of an accept. */
  | { readonly text: string; readonly content: Uint8Array }
  | { readonly whole: Change };

/** What is asked over a line to the store. */
export interface CommitQuestion {
  readonly commit: readonly PackedChange[];
  /** It was asked before, over a line that broke. */
  readonly again?: true;
}

export function changesOf({ commit, again }: CommitQuestion): readonly Change[] {
  const changes = commit.map((pack) => unpacked(pack));
  return again === true ? changes.map((change) => askedAgain(change)) : changes;
}

function askedAgain(change: Change): Change {
  return change.type === 'accept' || change.type === 'settle' ? { ...change, again: true } : change;
}

export function packed(change: Change): PackedChange {
  switch (change.type) {
    case 'accept':
      return packedAccept(change);
    case 'settle':
    case 'withdraw':
    case 'dueNotices':
    case 'record':
    case 'credentialUsed':
    case 'free':
    case 'guesses':
      return { text: JSON.stringify(change) };
    case 'claim':
    case 'report':
    case 'queue':
    case 'undo':
    case 'identity':
    case 'sharedKey':
    case 'consoleSession':
    case 'nodeFacts':
    case 'purge':
    case 'erase':
      return { whole: change };
  }
}

function packedAccept({ content, ...rest }: AcceptChange): PackedChange {
  const { kind } = content;
  const text = JSON.stringify({ ...rest, content: { kind } });
  return { text, content: content.kind === 'inline' ? content.bytes : content.header };
}

function unpacked(pack: PackedChange): Change {
  if ('whole' in pack) return pack.whole;
  const change = JSON.parse(pack.text) as Change;
  if (change.type !== 'accept' || !('content' in pack)) return change;
  const content =
    change.content.kind === 'inline'
      ? ({ kind: 'inline', bytes: pack.content } as const)
      : ({ kind: 'staged', header: pack.content } as const);
  return { ...change, content };
}
