// A hop that answers each line that begins as the test says, or resets.

import type { Network, Wire } from '../../src/platform/network.ts';

export const RESET = 'reset';

/** A server that answers each line that begins like this, or resets; TLS is never finished unless the wire is destroyed. */
export function scriptedNetwork(
  greeting: string,
  answers: readonly (readonly [string, string])[],
): { readonly network: Network; readonly seen: { destroyed: boolean; written: string } } {
  const seen = { destroyed: false, written: '' };
  let events: Parameters<Wire['listen']>[0] | undefined;
  let failTls: (error: Error) => void = () => undefined;
  const say = (text: string): void =>
    queueMicrotask(() => {
      if (text === RESET) events?.closed('ECONNRESET');
      else if (text !== '') events?.bytes(Buffer.from(text.replaceAll('|', '\r\n') + '\r\n'));
    });
  const wire: Wire = {
    remote: '192.0.2.7:465',
    listen(next) {
      events = next;
      say(greeting);
    },
    write(pieces) {
      const text = Buffer.concat(pieces).toString('latin1');
      seen.written += text;
      for (const [start, answer] of answers) if (text.startsWith(start)) say(answer);
      return Promise.resolve();
    },
    startTls: () =>
      new Promise((_, reject) => {
        failTls = reject;
      }),
    end: () => undefined,
    destroy() {
      seen.destroyed = true;
      failTls(new Error('destroyed'));
    },
  };
  return { network: { dial: () => Promise.resolve(wire) }, seen };
}
