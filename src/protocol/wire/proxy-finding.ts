// What a reader of the PROXY header finds in the octets that have come so far.

import type { Endpoint } from '../../base/endpoint.ts';

/** `nobody`: the proxy speaks for itself, or does not know for whom (LOCAL, UNKNOWN, UNSPEC). */
export type ProxyHeader =
  | { readonly type: 'client'; readonly source: Endpoint; readonly destination: Endpoint }
  | { readonly type: 'nobody' };

/** `octets`: how long the header is. `cause`: goes on after "the PROXY header". */
export type ProxyFinding =
  | { readonly type: 'more' }
  | { readonly type: 'header'; readonly header: ProxyHeader; readonly octets: number }
  | { readonly type: 'malformed'; readonly cause: string };

/** What a sender may count on to arrive in one piece (section 2.2); version 1 has less. */
export const PROXY_HEADER_OCTETS_MAX = 536;

export const malformed = (cause: string): ProxyFinding => ({ type: 'malformed', cause });
