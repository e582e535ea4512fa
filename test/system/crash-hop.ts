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
  const hop = new RunningHop(endingOf);
  await hop.listen();
  return hop;
}

class RunningHop implements CrashHop {
  readonly taken: string[] = [];
  readonly reported: string[] = [];
  untold = 0;
  talking = 0;
  stalled = 0;
  #count = 0;
  #endingOf: (count: number) => Ending;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined);
    converse(socket, (content) => this.#end(socket, content));
  });

  constructor(endingOf: (count: number) => Ending) {
    this.#endingOf = endingOf;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  behave(endingOf: (count: number) => Ending): void {
    this.#endingOf = endingOf;
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #end(socket: Socket, content: string): void {
    const ending = this.#endingOf((this.#count += 1));
    if (ending === 'refuses') return void socket.write('451 4.3.0 not now\r\n');
    if (ending === 'rejects') return void socket.write('554 5.7.1 never\r\n');
    this.#take(content);
    if (ending === 'takes') return void socket.write('250 2.0.0 taken\r\n');
    this.untold += 1;
    if (ending === 'nonsense') return void socket.write('what was that?\r\n');
    if (ending === 'endless') return this.#talk(socket);
    if (ending === 'stalls') return void (this.stalled += 1);
    socket.resetAndDestroy();
  }

  #take(content: string): void {
    const [subject = '', ...quoted] = [...content.matchAll(/^Subject: (.*)\r$/gm)].map(
      (found) => found[1] ?? '',
    );
    if (!content.includes('multipart/report')) this.taken.push(subject);
    else if (/^Action: failed/m.test(content)) this.reported.push(quoted.at(-1) ?? '');
  }

  /** To an end only when the other side leaves. */
  #talk(socket: Socket): void {
    this.talking += 1;
    const more = (): void => void socket.write('250-and so on\r\n'.repeat(1000));
    socket.on('drain', more).on('close', () => (this.talking -= 1));
    more();
  }
}

/** Answers everything but the end of the content. */
export function converse(socket: Socket, end: (content: string) => void): void {
  let text = '';
  let inContent = false;
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
        end(`${said}\r\n`);
      } else if (/^DATA/i.test(said)) {
        inContent = true;
        socket.write('354 go on\r\n');
      } else if (/^EHLO/i.test(said)) socket.write('250-hop\r\n250-PIPELINING\r\n250 8BITMIME\r\n');
      else socket.write(/^QUIT/i.test(said) ? '221 bye\r\n' : '250 ok\r\n');
    }
  });
}
