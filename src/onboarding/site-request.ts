// The request of a web client, from the parts of an HTTP request: a path or a whole URL as target (RFC 9112 section 3.2), a name with or
// without its final dot as host, an address whose `+` is one.

import type { SiteRequest } from './site.ts';

export interface HttpRequest {
  readonly method: string;
  /** As it stands in the request line. */
  readonly target: string;
  /** The Host field. */
  readonly host: string;
  readonly body: string;
}

/** Scheme, authority (no user in it), the rest. */
const absolute = /^https?:\/\/([^/?#@\s]+)(?=[/?]|$)(.*)$/is;

/** Undefined: no target that a server of documents has. */
export function siteRequest({ method, target, host, body }: HttpRequest): SiteRequest | undefined {
  // The authority of a whole URL counts, not the Host field (section 3.2.2).
  const whole = absolute.exec(target);
  const authority = whole?.[1] ?? host;
  const local = whole === null ? target : (whole[2] ?? '').replace(/^(?!\/)/, '/');
  if (!local.startsWith('/') || !URL.canParse(`http://web.invalid${local}`)) return undefined;
  const mark = local.indexOf('?');
  const path = mark < 0 ? local : local.slice(0, mark);
  // A form would write a blank as `+`; an address has none, but many have a `+` (RFC 3986 section 3.4).
  const query = new URLSearchParams(mark < 0 ? '' : local.slice(mark + 1).replaceAll('+', '%2B'));
  return { method, path, query, host: hostName(authority), body };
}

/** Lower case, without port and final dot. */
function hostName(authority: string): string {
  return authority
    .replace(/:\d{0,5}$/, '')
    .replace(/\.$/, '')
    .toLowerCase();
}
