// Which names may a new account have? Only such as no reader takes for another's (requirements F-UNI-1, EXT-UTF8-d): canonical, plain,
// of one script, not made of letters that look Latin, and none of the names that every domain has anyway (RFC 2142).

import { err, ok, type Result } from '../base/result.ts';
import { canonicalMailbox, addressText } from '../policy/address.ts';
import { leadsOnward } from '../policy/onward.ts';
import { isAsciiText, parseMailbox } from '../protocol/wire/mailbox.ts';

export type NameProblem =
  | 'notAnAddress'
  | 'notCanonical'
  | 'foreignDomain'
  | 'needsQuotes'
  | 'detail'
  | 'routing'
  | 'mixedScripts'
  | 'confusable'
  | 'reserved'
  | 'serviceName';

export interface NameRules {
  /** Our domains, lower-case A-labels. */
  readonly domains: ReadonlySet<string>;
  /** postmaster, abuse and mailer-daemon are given to an account only on purpose. */
  readonly allowReserved?: boolean;
}

const reserved: ReadonlySet<string> = new Set(['postmaster', 'abuse', 'mailer-daemon']);

// Scripts whose letters may make up a name. Han, Hiragana, Katakana and Hangul are written together (UTS 39 section 5.1).
const scripts: readonly RegExp[] = [
  /^[\p{Script=Latin}]+$/u,
  /^[\p{Script=Greek}]+$/u,
  /^[\p{Script=Cyrillic}]+$/u,
  /^[\p{Script=Armenian}]+$/u,
  /^[\p{Script=Georgian}]+$/u,
  /^[\p{Script=Hebrew}]+$/u,
  /^[\p{Script=Arabic}]+$/u,
  /^[\p{Script=Devanagari}]+$/u,
  /^[\p{Script=Thai}]+$/u,
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}]+$/u,
];

// Lower-case letters beyond ASCII that most fonts draw like an ASCII letter or digit (after UTS 39 confusables): Latin,
// Greek, Cyrillic, Armenian. A Latin one is refused wherever it stands; the others if a name has no letter besides them.
const latinLookalikes =
  /[\u0131\u017f\u0251\u0261\u0269\u026f\u028b\u0280\u01bd\u0185\u01c0\ua731\u1d04\u1d0f\u1d1c\u1d20\u1d21\u1d22]/u;
const foreignLookalikes =
  /^[\u03b1\u03b9\u03ba\u03bd\u03bf\u03c1\u03c3\u03c4\u03c5\u03c7\u03f2\u03f3\u0430\u0432\u0433\u0435\u043a\u043c\u043d\u043e\u043f\u0440\u0441\u0442\u0443\u0445\u044a\u044c\u0455\u0456\u0457\u0458\u0461\u0475\u04ae\u04af\u04bb\u04cf\u0501\u051b\u051d\u0561\u0563\u0566\u0570\u0578\u057d\u0581\u0584\u0585]+$/u;

/** The canonical address, if it may become an account's own. `text`: a full address in a domain of ours. */
export function ownableAddress(text: string, rules: NameRules): Result<string, NameProblem> {
  const mailbox = canonicalMailbox(text);
  if (mailbox === undefined) return err('notAnAddress');
  const canonical = addressText(mailbox);
  if (!rules.domains.has(mailbox.domain)) return err('foreignDomain');
  // Upper case in ASCII is a habit of typing; any other difference is a name that reads differently than it is kept.
  const given = parseMailbox(text);
  const isPlain =
    given.ok && (isAsciiText(given.value.localPart) || given.value.localPart === mailbox.localPart);
  if (!isPlain) return err('notCanonical');
  if (canonical.startsWith('"')) return err('needsQuotes');
  const { localPart } = mailbox;
  if (localPart.includes('+')) return err('detail');
  if (leadsOnward(localPart)) return err('routing');
  if (reserved.has(localPart) && rules.allowReserved !== true) return err('reserved');
  const problem = confusion(localPart);
  return problem === undefined ? ok(canonical) : err(problem);
}

/** The login of a service identity without a mailbox: plain ASCII, so that it can't be taken for an address or a person. */
export function serviceName(text: string, rules: NameRules): Result<string, NameProblem> {
  const name = text.toLowerCase();
  if (!/^[a-z][a-z0-9._-]{0,63}$/.test(name) || !isAsciiText(text)) return err('serviceName');
  return reserved.has(name) && rules.allowReserved !== true ? err('reserved') : ok(name);
}

function confusion(localPart: string): 'mixedScripts' | 'confusable' | 'notCanonical' | undefined {
  if (isAsciiText(localPart)) return undefined;
  if (localPart.normalize('NFKC') !== localPart) return 'notCanonical';
  const letters = localPart.replaceAll(/[\p{M}\p{N}\p{P}\p{S}]/gu, '');
  if (!scripts.some((script) => script.test(letters))) return 'mixedScripts';
  return latinLookalikes.test(letters) || foreignLookalikes.test(letters) ? 'confusable' : undefined;
}

/** What `postern account` tells the operator: the cause and the way out. */
export const nameProblemTexts: Readonly<Record<NameProblem, string>> = {
  notAnAddress: 'this is no mail address; give NAME@DOMAIN with a domain of this server',
  notCanonical:
    'the name is not in normal form (NFC, lower case, no width or ligature variants); type it plainly',
  foreignDomain: 'the domain is not in `domains` of the configuration; add it there first',
  needsQuotes:
    'names that need quotes are not given to accounts; use letters, digits, dot, dash and underscore',
  detail: 'a name with + belongs to the account of the part before it already',
  routing:
    'names with % ! | or a leading / or - are routes, files or commands to other mailers; use another name',
  mixedScripts: 'the name mixes scripts, so that it could pass for another; use letters of one script',
  confusable: 'the name looks like a name in plain Latin letters; use another spelling',
  reserved:
    'postmaster, abuse and mailer-daemon reach the operator through `postmaster:` of the configuration; give them to an account only on purpose',
  serviceName:
    'a service name begins with a letter and has up to 64 plain letters, digits, dots, dashes and underscores',
};
