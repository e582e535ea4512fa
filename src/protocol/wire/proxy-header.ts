// The header by which a proxy in front of this server says for whom it connects (PROXY protocol of HAProxy, versions 1 and 2), as a machine that is fed octets. It reads
// the whole header or nothing, and is strict: whoever may send it can claim any address, so a guess at what was meant would go into the record.
// https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt

import { malformed, PROXY_HEADER_OCTETS_MAX, type ProxyFinding, type ProxyHeader } from './proxy-finding.ts';
import { readProxyV1 } from './proxy-v1.ts';
import { readProxyV2 } from './proxy-v2.ts';

/** `rest`: what came behind the header in the same piece. */
export type ProxyReading =
  | Exclude<ProxyFinding, { readonly type: 'header' }>
  | { readonly type: 'header'; readonly header: ProxyHeader; readonly rest: Uint8Array };

export class ProxyHeaderReader {
  readonly #octets = new Uint8Array(PROXY_HEADER_OCTETS_MAX);
  #length = 0;

  /** Not to be called again once it has answered anything but `more`. */
  push(bytes: Uint8Array): ProxyReading {
    const before = this.#length;
    const taken = bytes.subarray(0, PROXY_HEADER_OCTETS_MAX - before);
    this.#octets.set(taken, before);
    this.#length += taken.length;
    const found = findProxyHeader(this.#octets.subarray(0, this.#length));
    if (found.type !== 'header') return found;
    return { type: 'header', header: found.header, rest: bytes.subarray(found.octets - before) };
  }
}

function findProxyHeader(octets: Uint8Array): ProxyFinding {
  return readProxyV1(octets) ?? readProxyV2(octets) ?? malformed('is missing');
}
