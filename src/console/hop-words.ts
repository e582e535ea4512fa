// What a next hop said, as everybody may read it.

import { safe } from '../base/safe-text.ts';

/** Others' servers may name their users in a reply: its code is told, the words are for who looks at the message. What we say ourselves is told whole. */
export function withoutWords(diagnostic: string): string {
  const code = /(?:^|[\s:])([245]\d\d(?:[ -][245]\.\d{1,3}\.\d{1,3})?)(?=[ -]|$)/.exec(diagnostic)?.[1];
  return code === undefined ? safe(diagnostic).replaceAll(/\S*@\S*/g, '…') : `it answers ${code}`;
}
