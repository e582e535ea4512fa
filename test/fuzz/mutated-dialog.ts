// A dialog as somebody else's program, a broken wire or an enemy would say it: the octets of a good one, changed by chance from a seed.

import type { Chance } from '../simulation/chance.ts';
import type { Dialog, Start } from '../dialogs/dialog.ts';

export interface FuzzedDialog {
  readonly start: Start;
  /** What goes in one write each. */
  readonly sends: readonly Buffer[];
}

const SENDS_MAX = 40;
const SEND_OCTETS_MAX = 200_000;

const telling = [
  ...[
    '\r',
    '\n',
    '\0',
    '\r\n',
    '\r\n.\r\n',
    '\n.\n',
    '.',
    '<',
    '>',
    '@',
    '"',
    '\\',
    ' ',
    '\t',
    '=',
    '\xff',
    '\xc3\x28',
    '\u2028',
  ],
  ...[
    'MAIL FROM:<>\r\n',
    'RCPT TO:<postmaster>\r\n',
    'DATA\r\n',
    'BDAT 0 LAST\r\n',
    'RSET\r\n',
    'STARTTLS\r\n',
    'AUTH PLAIN\r\n',
    'QUIT\r\n',
  ],
  ...['0', '-1', '4294967296', '99999999999999999999', 'x'.repeat(600), 'a'.repeat(70_000)],
].map((text) => Buffer.from(text, 'latin1'));

type Change = (octets: Buffer, chance: Chance, others: readonly Buffer[]) => Buffer;

function cut(octets: Buffer, chance: Chance): readonly [Buffer, Buffer, Buffer] {
  const from = chance.below(octets.length + 1);
  const to = Math.min(octets.length, from + chance.below(12));
  return [octets.subarray(0, from), octets.subarray(from, to), octets.subarray(to)];
}

const changes: readonly Change[] = [
  function flip(octets, chance) {
    const changed = Buffer.from(octets);
    if (changed.length > 0) {
      const at = chance.below(changed.length);
      changed[at] = (changed[at] ?? 0) ^ (1 << chance.below(8));
    }
    return changed;
  },
  function insert(octets, chance) {
    const [before, middle, after] = cut(octets, chance);
    return Buffer.concat([before, chance.pick(telling), middle, after]);
  },
  function leaveOut(octets, chance) {
    const [before, , after] = cut(octets, chance);
    return Buffer.concat([before, after]);
  },
  function repeat(octets, chance) {
    const [before, middle, after] = cut(octets, chance);
    const times = 1 + chance.below(60);
    return Buffer.concat([before, ...Array.from({ length: times }, () => middle), after]);
  },
  function repeatAll(octets, chance) {
    return Buffer.concat(Array.from({ length: 1 + chance.below(20) }, () => octets));
  },
  function splice(octets, chance, others) {
    const [before] = cut(octets, chance);
    const [, , after] = cut(chance.pick(others), chance);
    return Buffer.concat([before, after]);
  },
  function breakOff(octets, chance) {
    return octets.subarray(0, chance.below(octets.length + 1));
  },
  function noise(_, chance) {
    return Buffer.from(chance.bytes(chance.below(300)));
  },
];

function changed(octets: Buffer, chance: Chance, others: readonly Buffer[]): Buffer {
  let now = octets;
  for (let times = chance.below(4); times > 0; times -= 1) now = chance.pick(changes)(now, chance, others);
  return now.subarray(0, SEND_OCTETS_MAX);
}

/** Of one of the dialogs, with pieces of others: order, number and octets of what is sent. */
export function fuzzedDialog(dialogs: readonly Dialog[], chance: Chance): FuzzedDialog {
  const sendsOf = ({ steps }: Dialog): readonly Buffer[] =>
    steps.flatMap((step) => (step.type === 'send' ? [step.bytes] : []));
  const dialog = chance.pick(dialogs);
  const others = sendsOf(chance.pick(dialogs));
  const pool = others.length === 0 ? telling : others;
  let sends = sendsOf(dialog).map((octets) => (chance.happens(0.4) ? changed(octets, chance, pool) : octets));
  if (chance.happens(0.2)) sends = sends.flatMap((octets) => (chance.happens(0.1) ? [] : [octets]));
  if (chance.happens(0.2)) sends.splice(chance.below(sends.length + 1), 0, chance.pick(pool));
  if (chance.happens(0.1)) sends = [Buffer.concat(sends).subarray(0, SEND_OCTETS_MAX)];
  return { start: dialog.start, sends: sends.slice(0, SENDS_MAX) };
}
