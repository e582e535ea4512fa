// Reverse-path and forward-path as MAIL and RCPT carry them (RFC 5321 section 4.1.2): `<`, an obsolete source route, a mailbox, `>`.
// A source route is told apart, never followed (requirements G-21).

import { err, ok, type Result } from '../../base/result.ts';
import { canonicalDomain, mailboxText, type MailboxProblem, parseMailbox } from './mailbox.ts';

export interface Path {
  /** Least quoted spelling; '' for `<>`; `postmaster` stands alone in a forward-path. */
  readonly mailbox: string;
  readonly sourceRoute: boolean;
  /** What follows `>`, parameters with their leading space. */
  readonly rest: string;
}

/** RFC 5321 section 4.5.3.1.3, punctuation included. */
const PATH_OCTETS_MAX = 256;

/** `text` begins with the path. `null` and bare postmaster are what the side allows. */
export function parsePath(text: string, allow: 'nullPath' | 'postmaster'): Result<Path, MailboxProblem> {
  const end = endOfPath(text);
  if (end === undefined) return err('syntax');
  const inner = text.slice(1, end);
  const rest = text.slice(end + 1);
  if (rest !== '' && !rest.startsWith(' ')) return err('syntax');
  if (inner === '')
    return allow === 'nullPath' ? ok({ mailbox: '', sourceRoute: false, rest }) : err('syntax');
  if (Buffer.byteLength(inner) > PATH_OCTETS_MAX - 2) return err('tooLong');
  if (allow === 'postmaster' && /^postmaster$/i.test(inner))
    return ok({ mailbox: 'postmaster', sourceRoute: false, rest });
  const routed = withoutRoute(inner);
  if (routed === undefined) return err('syntax');
  const mailbox = parseMailbox(routed.text);
  return mailbox.ok
    ? ok({ mailbox: mailboxText(mailbox.value), sourceRoute: routed.sourceRoute, rest })
    : mailbox;
}

/** Position of the `>` that closes the path: one inside quotes does not. */
function endOfPath(text: string): number | undefined {
  if (!text.startsWith('<')) return undefined;
  let quoted = false;
  for (let at = 1; at < text.length; at += 1) {
    const letter = text[at];
    if (quoted && letter === '\\') at += 1;
    else if (letter === '"') quoted = !quoted;
    else if (!quoted && letter === '>') return at;
    else if (!quoted && (letter === '<' || letter === ' ')) return undefined;
  }
  return undefined;
}

function withoutRoute(inner: string): { readonly text: string; readonly sourceRoute: boolean } | undefined {
  if (!inner.startsWith('@')) return { text: inner, sourceRoute: false };
  const colon = inner.indexOf(':');
  const hops = colon < 0 ? [] : inner.slice(0, colon).split(',');
  const wellFormed =
    hops.length > 0 &&
    hops.every((hop) => hop.startsWith('@') && canonicalDomain(hop.slice(1)) !== undefined);
  return wellFormed ? { text: inner.slice(colon + 1), sourceRoute: true } : undefined;
}
