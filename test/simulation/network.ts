// A network of simulated hosts: each speaks just enough SMTP, says what the test wants, and keeps what it was given.

import type { Network, Wire } from '../../src/platform/network.ts';

export interface Host {
  up: boolean;
  dials: number;
  /** What EHLO announces. */
  capabilities: readonly string[];
  /** Connections that stand. */
  open: number;
  /** What a new connection hears, itself among those that stand; other than 220: it is closed. */
  greeting(open: number): string;
  /** How the TLS handshake ends. */
  tls: 'works' | 'breaks' | 'breaks after the handshake';
  /** What MAIL is answered, the nth of its connection; `drop`: 421, and the connection breaks. */
  mail(nth: number): string | 'drop';
  /** The reply to a RCPT. */
  rcpt(address: string): string;
  /** What DATA is answered, after the nth MAIL of its connection. */
  data(nth: number): string;
  /** What the end of the content is answered; `drop`: the connection breaks instead; `stall`: nothing more is said. */
  end(): string | 'drop' | 'stall';
  /** Given with each connection: breaks it. */
  leaves?(breakOff: () => void): void;
  readonly received: { readonly from: string; readonly to: readonly string[]; readonly content: string }[];
}

export function host(): Host {
  return {
    ...{ up: true, dials: 0, received: [], capabilities: ['PIPELINING', '8BITMIME'] },
    ...{ open: 0, greeting: () => '220 ready', tls: 'works', data: () => '354 go' },
    ...{ mail: () => '250 2.1.0 ok', rcpt: () => '250 2.1.5 ok', end: () => '250 2.0.0 kept' },
  };
}

export function simulatedNetwork(hosts: Readonly<Record<string, Host>>): Network {
  return {
    async dial({ host: name = '' }) {
      const target = hosts[name];
      if (target === undefined) throw new Error(`no such host ${name}`);
      target.dials += 1;
      if (!target.up) throw new Error('ECONNREFUSED');
      return wireTo(target, name);
    },
  };
}

function wireTo(target: Host, name: string): Wire {
  let events: Parameters<Wire['listen']>[0] | undefined;
  let isOpen = true;
  target.open += 1;
  const leave = (): void => {
    if (isOpen) target.open -= 1;
    isOpen = false;
  };
  target.leaves?.(() => {
    leave();
    events?.closed('ECONNRESET');
  });
  const say = (reply: string): void => queueMicrotask(() => events?.bytes(Buffer.from(`${reply}\r\n`)));
  const close = (error?: string): void => queueMicrotask(() => events?.closed(error));
  const talk = new HostTalk(target, { say, close, leave });

  return {
    remote: `${name}:25`,
    listen(next) {
      events = next;
      if (talk.secured) return;
      const greeting = target.greeting(target.open);
      say(greeting);
      if (greeting.startsWith('220')) return;
      leave();
      close();
    },
    async write(pieces) {
      talk.take(Buffer.concat(pieces).toString('latin1'));
    },
    async startTls() {
      if (target.tls === 'breaks') throw new Error('ssl/tls alert handshake failure');
      talk.secured = true;
      return { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', verified: false };
    },
    end: leave,
    destroy: leave,
  };
}

interface HostEnd {
  say(reply: string): void;
  close(error: string): void;
  leave(): void;
}

/** What a host makes of the octets of one connection. */
class HostTalk {
  secured = false;
  readonly #host: Host;
  readonly #end: HostEnd;
  #mode: 'commands' | 'content' | 'stalled' = 'commands';
  #from: string | undefined;
  #to: string[] = [];
  #held = '';
  #mails = 0;

  constructor(host: Host, end: HostEnd) {
    this.#host = host;
    this.#end = end;
  }

  take(text: string): void {
    this.#held += text;
    while (this.#mode !== 'stalled') {
      const mark = this.#mode === 'content' ? '\r\n.\r\n' : '\r\n';
      const end = this.#held.indexOf(mark);
      if (end < 0) return;
      const piece = this.#held.slice(0, end);
      this.#held = this.#held.slice(end + mark.length);
      if (this.#mode === 'commands') this.#command(piece);
      else if (this.#content(piece) === 'drop') return this.#end.close('ECONNRESET');
    }
  }

  #content(content: string): string {
    this.#mode = 'commands';
    const reply = this.#host.end();
    if (reply.startsWith('2') || reply === 'drop')
      this.#host.received.push({ from: this.#from ?? '', to: this.#to, content });
    if (reply === 'stall') this.#mode = 'stalled';
    else if (reply !== 'drop') this.#end.say(reply);
    return reply;
  }

  #command(line: string): void {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'QUIT') this.#end.leave();
    if (verb === 'STAR') return this.#end.say('220 2.0.0 go on');
    if (verb === 'EHLO') return this.#hello();
    if (verb === 'MAIL') return this.#mail(line);
    if (verb === 'RCPT') return this.#end.say(this.#recipient(line));
    if (verb === 'DATA') return this.#end.say(this.#data());
    this.#end.say('250 2.0.0 ok');
  }

  #hello(): void {
    const { capabilities, tls } = this.#host;
    if (this.secured && tls === 'breaks after the handshake') return this.#end.close('ECONNRESET');
    this.#end.say(['250-x', ...capabilities.map((one) => `250-${one}`), '250 HELP'].join('\r\n'));
  }

  #mail(line: string): void {
    this.#from = /<(.*?)>/.exec(line)?.[1] ?? '';
    this.#to = [];
    this.#mails += 1;
    const reply = this.#host.mail(this.#mails);
    if (!reply.startsWith('2')) this.#from = undefined;
    if (reply !== 'drop') return this.#end.say(reply);
    this.#mode = 'stalled';
    this.#end.say('421 4.3.2 going down');
    this.#end.close('ECONNRESET');
  }

  #recipient(line: string): string {
    if (this.#from === undefined) return '503 5.5.1 no sender';
    const address = /<(.*?)>/.exec(line)?.[1] ?? '';
    const reply = this.#host.rcpt(address);
    if (reply.startsWith('2')) this.#to.push(address);
    return reply;
  }

  #data(): string {
    if (this.#to.length === 0) return '554 5.5.1 no valid recipients';
    const reply = this.#host.data(this.#mails);
    if (reply.startsWith('354')) this.#mode = 'content';
    return reply;
  }
}
