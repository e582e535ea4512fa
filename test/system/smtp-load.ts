// A small submitting client for the system tests: one TLS connection, AUTH PLAIN, message after message, each numbered in its
// subject. It keeps what was promised: the subjects whose final reply was 250, those refused, and the one that was cut.

import { connect as connectPlain, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';

export interface Sent {
  readonly promised: readonly string[];
  readonly refused: readonly { readonly subject: string; readonly reply: string }[];
  /** Sent to its final dot, but the reply never came: may or may not be delivered. */
  readonly unknown: readonly string[];
}

export interface LoadOptions {
  readonly port: number;
  readonly login: string;
  readonly password: string;
  readonly subjects: Iterable<string> | AsyncIterable<string>;
  readonly bodyOctets?: number;
  /** Called for each 250. */
  readonly onPromised?: (subject: string, reply: string) => void;
  readonly onRefused?: (subject: string, reply: string) => void;
  readonly onOpen?: (client: Client) => void;
  /** The subject is the Message-ID too, as `messageIdOf` says. */
  readonly withMessageId?: true;
}

/** Reads whole replies from a socket, one promise at a time. */
class Replies {
  #text = '';
  #waiting: { resolve(reply: string): void; reject(error: Error): void } | undefined;
  #ended: Error | undefined;

  constructor(socket: Socket) {
    socket.on('data', (data) => {
      this.#text += data.toString('latin1');
      this.#give();
    });
    const end = (): void => {
      this.#ended ??= new Error('connection closed');
      this.#waiting?.reject(this.#ended);
      this.#waiting = undefined;
    };
    socket.on('error', end);
    socket.on('close', end);
  }

  #give(): void {
    const whole = /^(?:\d{3}-[^\n]*\n)*\d{3} [^\n]*\n/.exec(this.#text)?.[0];
    if (whole === undefined || this.#waiting === undefined) return;
    this.#text = this.#text.slice(whole.length);
    const { resolve } = this.#waiting;
    this.#waiting = undefined;
    resolve(whole.trimEnd());
  }

  next(): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended);
      this.#waiting = { resolve, reject };
      this.#give();
    });
  }
}

export interface Client {
  /** Sends octets as they are. */
  write(text: string | Uint8Array): void;
  reply(): Promise<string>;
  command(line: string): Promise<string>;
  close(): void;
  readonly socket: Socket;
}

/** Connected, STARTTLS done, EHLO said; authenticated if a login is given. */
export async function openClient(o: {
  readonly port: number;
  readonly login?: string;
  readonly password?: string;
}): Promise<Client> {
  const plain = connectPlain({ port: o.port, host: '127.0.0.1', noDelay: true });
  plain.on('error', () => undefined);
  const greeting = new Replies(plain);
  await greeting.next();
  plain.write('EHLO client.example.net\r\n');
  await greeting.next();
  plain.write('STARTTLS\r\n');
  await greeting.next();
  plain.removeAllListeners('data');
  const socket = connectTls({ socket: plain, rejectUnauthorized: false, servername: 'localhost' });
  const replies = new Replies(socket);
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  const client: Client = {
    socket,
    write: (text) => void socket.write(text),
    reply: () => replies.next(),
    command(line) {
      socket.write(`${line}\r\n`);
      return replies.next();
    },
    close() {
      socket.destroy();
      plain.destroy();
    },
  };
  await client.command('EHLO client.example.net');
  if (o.login !== undefined) {
    const reply = await client.command(
      `AUTH PLAIN ${Buffer.from(`\0${o.login}\0${o.password}`).toString('base64')}`,
    );
    if (!reply.startsWith('235')) throw new Error(reply);
  }
  return client;
}

export interface OneMessage {
  readonly login: string;
  readonly subject: string;
  readonly bodyOctets?: number;
  readonly recipients?: readonly string[];
  /** Instead of a made-up body; dots are doubled here. */
  readonly body?: string;
  readonly mailParameters?: string;
  readonly rcptParameters?: string;
  readonly withMessageId?: true;
  onDot?(): void;
}

/** Of a subject in one word. */
export const messageIdOf = (subject: string): string => `<${subject}@client.example.net>`;

/** Submits one message in one transaction; the final reply. */
export async function submitOne(client: Client, o: OneMessage): Promise<string> {
  const filler = `${'x'.repeat(76)}\r\n`.repeat(Math.ceil((o.bodyOctets ?? 500) / 78));
  const body = o.body === undefined ? filler : `${o.body.replaceAll(/^\./gm, '..')}\r\n`;
  const rcpts = (o.recipients ?? ['x@far.example']).map((to) => `RCPT TO:<${to}> ${o.rcptParameters ?? ''}`);
  for (const line of [`MAIL FROM:<${o.login}> ${o.mailParameters ?? ''}`, ...rcpts, 'DATA']) {
    const reply = await client.command(line);
    if (!/^[23]/.test(reply)) return reply;
  }
  const messageId = o.withMessageId === true ? `Message-ID: ${messageIdOf(o.subject)}\r\n` : '';
  client.write(
    `From: <${o.login}>\r\nTo: <x@far.example>\r\nSubject: ${o.subject}\r\n${messageId}\r\n${body}.\r\n`,
  );
  o.onDot?.();
  return client.reply();
}

/** Serial messages over one connection until all are sent or the connection ends. */
export async function submitAll(o: LoadOptions): Promise<Sent> {
  const promised: string[] = [];
  const refused: { subject: string; reply: string }[] = [];
  const unknown: string[] = [];
  let client: Client | undefined;
  let dotted: string | undefined;
  try {
    client = await openClient(o);
    o.onOpen?.(client);
    for await (const subject of o.subjects) {
      dotted = undefined;
      const reply = await submitOne(client, { ...o, subject, onDot: () => (dotted = subject) });
      dotted = undefined;
      if (reply.startsWith('250')) {
        promised.push(subject);
        o.onPromised?.(subject, reply);
      } else {
        refused.push({ subject, reply });
        o.onRefused?.(subject, reply);
      }
    }
  } catch {
    if (dotted !== undefined) unknown.push(dotted);
  }
  client?.close();
  return { promised, refused, unknown };
}

export interface Load {
  readonly promised: string[];
  readonly refused: { readonly subject: string; readonly reply: string }[];
  readonly unknown: string[];
  /** Of each 250, in the order of their coming. `at`: by the monotonic clock, ms. */
  readonly replies: { readonly subject: string; readonly reply: string; readonly at: number }[];
  readonly connections: number;
  /** Connections that ended before they were told to. */
  readonly cut: number;
  /** Lets the clients finish their transactions, then ends them. */
  stop(): Promise<void>;
  /** Cuts all connections at once. */
  abort(): void;
}

/** Clients that submit until they are told to stop, one message after the other, and come back when their connection ends. */
export function startLoad(
  o: Pick<LoadOptions, 'port' | 'login' | 'password' | 'withMessageId'> & {
    readonly connections: number;
    /** Subjects begin with it. */
    readonly name?: string;
    /** Of each client, after each message. */
    readonly pauseMs?: number;
    /** Of each client by its number. */
    bodyOctets(client: number): number;
  },
): Load {
  const load = {
    ...{ promised: [] as string[], refused: [] as Load['refused'], unknown: [] as string[] },
    ...{ connections: o.connections, cut: 0, replies: [] as Load['replies'] },
  };
  const clients = new Map<number, Client>();
  let stopping = false;
  const message = (client: number, number: number) => `${o.name ?? ''}c${client}n${number}`;

  async function run(client: number): Promise<void> {
    for (let number = 0; !stopping;) {
      const subjects = async function* (): AsyncGenerator<string> {
        for (; !stopping; await delay(o.pauseMs ?? 0)) yield message(client, (number += 1));
      };
      const sent = await submitAll({
        ...{ ...o, bodyOctets: o.bodyOctets(client) },
        subjects: subjects(),
        onOpen: (opened) => void clients.set(client, opened),
        onPromised(subject, reply) {
          load.promised.push(subject);
          load.replies.push({ subject, reply, at: performance.now() });
        },
        onRefused: (subject, reply) => void load.refused.push({ subject, reply }),
      });
      load.unknown.push(...sent.unknown);
      if (!stopping) {
        load.cut += 1;
        await delay(50);
      }
    }
  }

  const running = Promise.all(Array.from({ length: o.connections }, (_, client) => run(client)));
  return Object.assign(load, {
    async stop() {
      stopping = true;
      await running;
    },
    abort() {
      stopping = true;
      for (const client of clients.values()) client.close();
    },
  });
}
