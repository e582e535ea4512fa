// The next hop of these tests: knows nothing but RFC 821, and keeps what it gets.

import { createServer, type Server } from 'node:net';

export interface Sink {
  readonly port: number;
  readonly server: Server;
  readonly messages: string[];
  /** False: every recipient is put off. */
  open: boolean;
  /** The RCPT lines that were put off. */
  readonly refusedForNow: Set<string>;
}

/** The next hop: knows nothing but RFC 821; `never@` is nobody there. */
export async function startSink(): Promise<Sink> {
  const answer: Readonly<Record<string, string>> = { EHLO: '500 what?', DATA: '354 go on', QUIT: '221 bye' };
  const listener = createServer((socket) => {
    let text = '';
    let inData = false;
    socket.setEncoding('latin1').on('error', () => undefined);
    socket.write('220 sink.example\r\n');
    socket.on('data', (data) => {
      text += String(data);
      for (;;) {
        const end = text.indexOf(inData ? '\r\n.\r\n' : '\r\n');
        if (end < 0) return;
        const taken = text.slice(0, end);
        text = text.slice(end + (inData ? 5 : 2));
        if (inData) made.messages.push(taken);
        socket.write(`${inData ? '250 2.0.0 the sink has it' : replyTo(taken)}\r\n`);
        inData = !inData && taken.toUpperCase() === 'DATA';
      }
    });
  });
  function replyTo(line: string): string {
    if (/^RCPT TO:<never@/i.test(line)) return '550 5.1.1 nobody of that name';
    if (/^RCPT /i.test(line) && !made.open) {
      made.refusedForNow.add(line);
      return '451 4.2.0 not now';
    }
    return answer[line.slice(0, 4).toUpperCase()] ?? '250 ok';
  }
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const made: Sink = { port, server: listener, messages: [], open: true, refusedForNow: new Set() };
  return made;
}
