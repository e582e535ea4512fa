// A next hop for the crash suite: takes mail, or behaves badly at the end of the content, and remembers what it has taken responsibility for.

import { createServer, type Socket } from 'node:net';

/** What becomes of a message whose end has come. */
export type Ending =
  /** 250. */
  | 'takes'
  /** 451: nothing was taken. */
  | 'refuses'
  /** 554: nothing was taken, and never will be. */
  | 'rejects'
  /** Taken, but the connection is reset before the reply: the sender can't know. */
  | 'resets'
  /** Taken, and garbage comes instead of a reply. */
  | 'nonsense'
  /** Taken, and the reply goes on without end as long as it is read. */
  | 'endless'
  /** Taken, and nothing more is said on this connection. */
  | 'stalls';

export interface CrashHop {
  readonly port: number;
  /** Subjects in the order of taking; a subject that stands twice was taken twice. */
  readonly taken: readonly string[];
  /** Subjects of messages whose failure a report told of that was taken. */
  readonly reported: readonly string[];
  /** Messages that were taken without a reply. */
  readonly untold: number;
  /** Connections on which a reply without end is still being read. */
  readonly talking: number;
  /** Messages that were taken and are kept waiting for a reply. */
  readonly stalled: number;
  /** Sets what happens to messages from now on. */
  behave(endingOf: (count: number) => Ending): void;
  close(): Promise<void>;
}

export async function startCrashHop(endingOf: (count: number) => Ending): Promise<CrashHop> {
  const taken: string[] = [];
  const reported: string[] = [];
  const sockets = new Set<Socket>();
  let behaviour = endingOf;
  let count = 0;
  let untold = 0;
  let talking = 0;
  let stalled = 0;

  function end(socket: Socket, content: string): void {
    const ending = behaviour((count += 1));
    if (ending === 'refuses') return void socket.write('451 4.3.0 not now\r\n');
    if (ending === 'rejects') return void socket.write('554 5.7.1 never\r\n');
    const [subject = '', ...quoted] = [...content.matchAll(/^Subject: (.*)\r$/gm)].map(
      (found) => found[1] ?? '',
    );
    if (!content.includes('multipart/report')) taken.push(subject);
    else if (/^Action: failed/m.test(content)) reported.push(quoted.at(-1) ?? '');
    if (ending === 'takes') return void socket.write('250 2.0.0 taken\r\n');
    untold += 1;
    if (ending === 'nonsense') return void socket.write('what was that?\r\n');
    if (ending === 'endless') return talk(socket);
    if (ending === 'stalls') return void (stalled += 1);
    socket.resetAndDestroy();
  }

  /** To an end only when the other side leaves. */
  function talk(socket: Socket): void {
    talking += 1;
    const more = (): void => void socket.write('250-and so on\r\n'.repeat(1000));
    socket.on('drain', more).on('close', () => (talking -= 1));
    more();
  }

  const server = createServer((socket) => {
    let text = '';
    let inContent = false;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    socket.setEncoding('latin1').write('220 hop\r\n');
    socket.on('data', (data: string) => {
      text += data;
      for (;;) {
        const mark = inContent ? '\r\n.\r\n' : '\r\n';
        const at = text.indexOf(mark);
        if (at < 0 || socket.destroyed) return;
        const said = text.slice(0, at);
        text = text.slice(at + mark.length);
        if (inContent) {
          inContent = false;
          end(socket, `${said}\r\n`);
        } else if (/^DATA/i.test(said)) {
          inContent = true;
          socket.write('354 go on\r\n');
        } else if (/^EHLO/i.test(said)) socket.write('250-hop\r\n250-PIPELINING\r\n250 8BITMIME\r\n');
        else socket.write(/^QUIT/i.test(said) ? '221 bye\r\n' : '250 ok\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    taken,
    reported,
    get untold() {
      return untold;
    },
    get talking() {
      return talking;
    },
    get stalled() {
      return stalled;
    },
    behave: (next) => void (behaviour = next),
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
