// A reply (RFC 5321 section 4.2) as a value. Enhanced status codes (RFC 2034, RFC 3463) stand on every line of 2yz, 4yz and
// 5yz replies, never on the greeting, on EHLO/HELO answers or on 3yz. `text` lines are ASCII without control characters.

export interface Reply {
  readonly code: number;
  /** `class.subject.detail`, e.g. `5.7.1`; absent where the standard allows none. */
  readonly status?: string;
  readonly lines: readonly string[];
}

/** The wire form, CRLF included. Anything outside printable ASCII is replaced by `?`: a reply can't be injected into. */
export function serializeReply(reply: Reply): string {
  let wire = wires.get(reply);
  if (wire === undefined) {
    wire = wireOf(reply);
    wires.set(reply, wire);
  }
  return wire;
}

/** Most replies are the same few values again and again. */
const wires = new WeakMap<Reply, string>();

function wireOf(reply: Reply): string {
  const prefix = reply.status === undefined ? '' : `${reply.status} `;
  const last = reply.lines.length - 1;
  return reply.lines
    .map(
      (line, at) =>
        `${reply.code}${at === last ? ' ' : '-'}${prefix}${line.replaceAll(/[^\x20-\x7e]/g, '?')}\r\n`,
    )
    .join('');
}
