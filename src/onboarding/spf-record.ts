// An SPF record by its grammar (RFC 7208 section 12): what is wrong with it, and whether it says what becomes of mail from elsewhere.

import { isIPv4, isIPv6 } from '../base/network.ts';

/** A record of SPF (section 4.5): the version is a word of its own, in any case. */
export const spfVersion = /^v=spf1(?: |$)/i;

/** Terms that cost receivers a look-up; with more the record is an error (section 4.6.4). */
const LOOK_UPS_MAX = 10;
const asking: ReadonlySet<string> = new Set(['include', 'a', 'mx', 'ptr', 'exists', 'redirect']);

interface Term {
  readonly text: string;
  /** Lower case. */
  readonly name: string;
  readonly kind: 'mechanism' | 'modifier';
  readonly qualifier: string;
}

/** In words; undefined: nothing. What the record allows is the operator's choice, as long as it does not allow everybody. */
export function spfFault(record: string): string | undefined {
  const terms = record.split(' ').slice(1).filter(Boolean).map(readTerm);
  const bad = terms.find((term) => typeof term === 'string');
  if (bad !== undefined) return `receivers ignore it for an error: ${JSON.stringify(bad)}`;
  return faultOfTerms(terms.filter((term) => typeof term !== 'string'));
}

function faultOfTerms(terms: readonly Term[]): string | undefined {
  for (const name of ['redirect', 'exp']) {
    const count = terms.filter((term) => term.kind === 'modifier' && term.name === name).length;
    if (count > 1) return `receivers ignore it for an error: ${name}= stands there twice`;
  }
  const lookUps = terms.filter(({ name }) => asking.has(name)).length;
  if (lookUps > LOOK_UPS_MAX)
    return `receivers ignore it: it costs ${lookUps} look-ups, more than ${LOOK_UPS_MAX}`;
  // The first one decides; what follows it is not looked at.
  const all = terms.find(({ kind, name }) => kind === 'mechanism' && name === 'all');
  if (all?.qualifier === '+') return 'it lets everybody send as this domain';
  const goesOn = terms.some(({ kind, name }) => kind === 'modifier' && name === 'redirect');
  return all !== undefined || goesOn ? undefined : 'it has no end: -all or ~all';
}

/** The text itself: it is no term. */
function readTerm(text: string): Term | string {
  const modifier = /^([a-z][a-z0-9._-]*)=(.*)$/is.exec(text);
  if (modifier !== null) {
    const [, written = '', value = ''] = modifier;
    const name = written.toLowerCase();
    const isRight = name === 'redirect' || name === 'exp' ? isDomainSpec(value) : isMacroString(value);
    return isRight ? { text, name, kind: 'modifier', qualifier: '' } : text;
  }
  const mechanism = /^([+?~-]?)([a-z][a-z0-9]*)(.*)$/is.exec(text);
  const [, qualifier = '', written = '', rest = ''] = mechanism ?? [];
  const name = written.toLowerCase();
  return mechanism !== null && takesArgument(name, rest)
    ? { text, name, kind: 'mechanism', qualifier: qualifier === '' ? '+' : qualifier }
    : text;
}

/** `rest`: from the `:` or `/` on. */
function takesArgument(name: string, rest: string): boolean {
  switch (name) {
    case 'all':
      return rest === '';
    case 'include':
    case 'exists':
      return rest.startsWith(':') && isDomainSpec(rest.slice(1));
    case 'ptr':
      return rest === '' || (rest.startsWith(':') && isDomainSpec(rest.slice(1)));
    case 'a':
    case 'mx': {
      const match = /^(?::(.+?))?(?:\/(\d+))?(?:\/\/(\d+))?$/s.exec(rest);
      const [, domain, v4, v6] = match ?? [];
      const isRight = domain === undefined || isDomainSpec(domain);
      return match !== null && isRight && isLength(v4, 32) && isLength(v6, 128);
    }
    case 'ip4': {
      const [, address = '', length] = /^:([^/]*)(?:\/(\d+))?$/.exec(rest) ?? [];
      return isIPv4(address) && isLength(length, 32);
    }
    case 'ip6': {
      const [, address = '', length] = /^:([^/]*)(?:\/(\d+))?$/.exec(rest) ?? [];
      return isIPv6(address) && !address.includes('%') && isLength(length, 128);
    }
    default:
      return false;
  }
}

/** Of a prefix, without leading zero. */
function isLength(digits: string | undefined, most: number): boolean {
  return digits === undefined || (/^(?:0|[1-9]\d{0,2})$/.test(digits) && Number(digits) <= most);
}

const macro = String.raw`%\{[slodiphcrtv]\d*r?[.\-+,/_=]*\}`;
const macroString = new RegExp(String.raw`^(?:${macro}|%[%_-]|[!-$&-~])*$`, 'i');

function isMacroString(text: string): boolean {
  return macroString.test(text);
}

const endsInMacro = new RegExp(String.raw`(?:${macro}|%[%_-])$`, 'i');
const label = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i;

/** It ends in a macro, or in a label after a dot that is not all digits. */
function isDomainSpec(text: string): boolean {
  if (!isMacroString(text)) return false;
  if (endsInMacro.test(text)) return true;
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  const dot = name.lastIndexOf('.');
  const last = name.slice(dot + 1);
  return dot >= 0 && label.test(last) && !/^\d+$/.test(last);
}
