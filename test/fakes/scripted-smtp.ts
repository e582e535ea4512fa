// An SMTP server on loopback that answers each line as a script says: for what no good server would do.

import { createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export interface Scripted {
  /** Said at once. */
  readonly greeting?: string;
  /** What a line is answered with; undefined: silence. */
  readonly answer?: (line: string) => string | undefined;
  readonly begin?: (socket: Socket) => void;
}

export async function listen(t: TestContext, script: Scripted): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    if (script.greeting !== undefined) socket.write(script.greeting);
    script.begin?.(socket);
    let text = '';
    socket.setEncoding('latin1').on('data', (data: string) => {
      text += data;
      for (let at = text.indexOf('\r\n'); at >= 0; at = text.indexOf('\r\n')) {
        const reply = script.answer?.(text.slice(0, at));
        text = text.slice(at + 2);
        if (reply !== undefined && socket.writable) socket.write(reply);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const EHLO = '250-mail.example.org\r\n250-PIPELINING\r\n250 8BITMIME\r\n';
/** Everything is fine with it: an open relay, in clear. */
export const obliging = (line: string): string =>
  /^EHLO/i.test(line)
    ? EHLO.replace('8BITMIME', 'AUTH PLAIN LOGIN')
    : /^DATA/i.test(line)
      ? '354 go on\r\n'
      : /^AUTH/i.test(line)
        ? '235 2.7.0 welcome\r\n'
        : /^(STARTTLS|X|PROXY)/i.test(line)
          ? '502 5.5.1 no\r\n'
          : '250 2.0.0 ok\r\n';
