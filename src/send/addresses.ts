// Addresses as programs write them for sendmail, in a header field or as an argument: names without a domain (`root`, as cron writes it) and
// empty members of a list are taken; everything else is judged as strictly as the server does.

import { EX } from '../base/sysexits.ts';
import { parseAddressList } from '../message/address-list.ts';
import { SendFailure } from './failure.ts';

export interface AddressField {
  readonly addresses: readonly string[];
  /** The list with domains completed; undefined: it can stay as it is. */
  readonly rewritten: string | undefined;
}

/** Addresses for a name without a domain, or for an address that stands for others. */
export type Qualify = (name: string) => readonly string[];

/** Without a domain, or with a name of this host that is none in the DNS. */
const local = "([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+)(?:@[A-Za-z0-9-]+)?";
const plainName = new RegExp(`^([ \\t]*)${local}([ \\t]*(?:\\([^()]*\\)[ \\t]*)?)$`);
const namedName = new RegExp(`^([^<]*<[ \\t]*)${local}([ \\t]*>[^<>]*)$`);
const SHOWN_MAX = 80;

/** `where`: for the error, e.g. `To`. Throws `SendFailure` EX_DATAERR. */
export function readAddresses(where: string, value: string, qualify: Qualify): AddressField {
  const whole = parseAddressList(value);
  if (whole.ok)
    return {
      addresses: whole.value.mailboxes.flatMap(({ address }) => qualify(address)),
      rewritten: undefined,
    };
  const members = splitMembers(value).filter((member) => member.trim() !== '');
  const read = members.map((member) => readMember(where, member, qualify));
  return {
    addresses: read.flatMap(({ addresses }) => addresses),
    rewritten: read.map(({ text }) => text.trim()).join(',\r\n\t'),
  };
}

function readMember(
  where: string,
  member: string,
  qualify: Qualify,
): { readonly addresses: readonly string[]; readonly text: string } {
  const [, before = '', name, behind = ''] = plainName.exec(member) ?? namedName.exec(member) ?? [];
  const qualified = name === undefined ? [] : qualify(name);
  const text = qualified[0] === undefined ? member : `${before}${qualified[0]}${behind}`;
  const parsed = parseAddressList(text);
  if (!parsed.ok) throw new SendFailure(EX.DATAERR, `${where}: ${shown(member.trim())} is no mail address`);
  const addresses =
    qualified.length > 0 ? qualified : parsed.value.mailboxes.flatMap(({ address }) => qualify(address));
  return { addresses, text };
}

/** Of what a program gave, for an error: short, and control characters escaped. */
export function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text);
}

/** At commas that stand in no quotes, comment or angle brackets. */
function splitMembers(value: string): readonly string[] {
  const members: string[] = [];
  let start = 0;
  let depth = 0;
  let isQuoted = false;
  let isAngled = false;
  for (let at = 0; at < value.length; at += 1) {
    const letter = value.charAt(at);
    if (letter === '\\') at += 1;
    else if (letter === '"' && depth === 0) isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (letter === '(') depth += 1;
    else if (letter === ')') depth = Math.max(0, depth - 1);
    else if (depth > 0) continue;
    else if (letter === '<' || letter === '>') isAngled = letter === '<';
    else if (letter === ',' && !isAngled) {
      members.push(value.slice(start, at));
      start = at + 1;
    }
  }
  return [...members, value.slice(start)];
}
