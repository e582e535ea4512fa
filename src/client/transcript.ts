// What was said on a connection, line by line, for people who look for a fault: credentials are hidden, content is left out.

import { octetString } from '../base/bytes.ts';

export type Listener = (direction: 'client' | 'server', line: string) => void;

const LINE_MAX = 1000;

export class Transcript {
  readonly #listener: Listener | undefined;
  #held = '';

  constructor(listener: Listener | undefined) {
    this.#listener = listener;
  }

  /** Whole lines; of a `secret` one only the mechanism is shown. */
  client(bytes: Uint8Array, secret: boolean): void {
    if (this.#listener === undefined) return;
    for (const line of octetString(bytes).split('\r\n').slice(0, -1))
      this.#listener('client', secret ? withoutSecret(line) : line);
  }

  /** Octets as they come. */
  server(bytes: Uint8Array): void {
    if (this.#listener === undefined) return;
    const lines = (this.#held + octetString(bytes)).split('\n');
    this.#held = (lines.pop() ?? '').slice(-LINE_MAX);
    for (const line of lines)
      this.#listener('server', line.slice(0, LINE_MAX).replaceAll(/[^\x20-\x7e]/g, ''));
  }
}

function withoutSecret(line: string): string {
  const [, command, argument] = /^(AUTH \S+)( .+)?$/.exec(line) ?? [];
  if (command === undefined) return '(hidden)';
  return argument === undefined ? command : `${command} (hidden)`;
}
