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
  return wires.get(reply) ?? wireOf(reply);
}

/** Most replies are the same few values again and again. */
const wires = new WeakMap<Reply, string>();

/** For a reply that is sent often: serialised once. */
export function keepWire(reply: Reply): Reply {
  wires.set(reply, wireOf(reply));
  return reply;
}

const unprintable = /[^\x20-\x7e]/;

function wireOf(reply: Reply): string {
  const prefix = reply.status === undefined ? '' : `${reply.status} `;
  const last = reply.lines.length - 1;
  let wire = '';
  for (const [at, line] of reply.lines.entries()) {
    const printable = unprintable.test(line) ? line.replaceAll(/[^\x20-\x7e]/g, '?') : line;
    wire += `${reply.code}${at === last ? ' ' : '-'}${prefix}${printable}\r\n`;
  }
  return wire;
}
