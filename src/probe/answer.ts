// What came back for a command: a reply, silence, the end of the connection, or something that is no SMTP. Words about it for people.

import type { RemoteReply } from '../protocol/delivery/reply-reader.ts';
import { printable } from './transcript.ts';

export type Answer =
  | { readonly type: 'reply'; readonly reply: RemoteReply }
  /** No reply in time. */
  | { readonly type: 'silent' }
  | { readonly type: 'closed'; readonly because: string }
  /** No SMTP reply, too much of it, or one that nobody asked for. */
  | { readonly type: 'garbage'; readonly because: string };

/** 0 if it is no reply. */
export function codeOf(answer: Answer): number {
  return answer.type === 'reply' ? answer.reply.code : 0;
}

export function isPositive(answer: Answer): boolean {
  return Math.floor(codeOf(answer) / 100) === 2;
}

/** Refused for good: 5yz. */
export function isRefused(answer: Answer): boolean {
  return Math.floor(codeOf(answer) / 100) === 5;
}

/** 4yz: not now. It says nothing about another time: greylisting, a limit, a full queue, a service that is down (RFC 5321 section 4.2.1). */
export function isPutOff(answer: Answer): boolean {
  return Math.floor(codeOf(answer) / 100) === 4;
}

/** One short line, printable ASCII. */
export function told(answer: Answer): string {
  switch (answer.type) {
    case 'reply':
      return printable(answer.reply.text).slice(0, 120);
    case 'silent':
      return 'no reply in time';
    case 'closed':
      return `connection ended (${answer.because})`;
    case 'garbage':
      return answer.because;
  }
}
