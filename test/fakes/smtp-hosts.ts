// Submission servers without sockets: each host and port behaves as the test wants, speaks SMTP well unless told otherwise, and keeps what it
// heard, with whether that was inside TLS.

import {
  type CertificateIdentities,
  type Network,
  TlsFailed,
  type Wire,
} from '../../src/platform/network.ts';

export interface Heard {
  readonly line: string;
  readonly secured: boolean;
}

export interface Transaction {
  readonly reversePath: string;
  readonly recipients: readonly string[];
  readonly content: string;
}

export interface HostScript {
  /** The system's error for the dial. */
  readonly dial?: 'ECONNREFUSED' | 'ETIMEDOUT' | 'ENETUNREACH' | 'ENOTFOUND' | 'ECONNRESET';
  readonly implicit?: boolean;
  /** `null`: it says nothing; `'close'`: it hangs up. */
  readonly greeting?: string | null;
  readonly capabilities?: readonly string[];
  /** After TLS; default: the same without STARTTLS. */
  readonly securedCapabilities?: readonly string[];
  readonly tls?: 'good' | TlsFailed['reason'] | 'never';
  /** A reply (without CRLF), several as an array, `'close'`, `'silence'`, or undefined for the good one. */
  answer?(line: string, host: FakeHost): string | readonly string[] | undefined;
}

export interface FakeHost {
  readonly script: HostScript;
  dials: number;
  readonly heard: Heard[];
  readonly accepted: Transaction[];
  /** What the last handshake was told to compare the certificate with. */
  identities: CertificateIdentities | undefined;
  /** Hangs up every open connection. */
  hangUp(): void;
}

export const CAPABILITIES = ['PIPELINING', 'SIZE 1000000', '8BITMIME', 'SMTPUTF8', 'DSN', 'AUTH PLAIN'];

export interface FakeNetwork extends Network {
  readonly hosts: Readonly<Record<string, FakeHost>>;
  /** `host:port` in the order of dialling. */
  readonly dialled: readonly string[];
  /** Connections that were being made or used at once, at most. */
  readonly together: number;
  /** Connections that are not closed. */
  readonly open: number;
}

/** Keys are `host:port`; what is not there has no address. */
export function fakeNetwork(scripts: Readonly<Record<string, HostScript>>): FakeNetwork {
  const dialled: string[] = [];
  let open = 0;
  let together = 0;
  const hosts = Object.fromEntries(Object.entries(scripts).map(([name, script]) => [name, fakeHost(script)]));
  const left = (): void => void (open -= 1);
  return {
    hosts,
    dialled,
    get open() {
      return open;
    },
    get together() {
      return together;
    },
    async dial({ host = '', port = 0 }) {
      const name = `${host}:${port}`;
      dialled.push(name);
      open += 1;
      together = Math.max(together, open);
      try {
        const target = hosts[name];
        const code = target === undefined ? 'ENOTFOUND' : target.script.dial;
        if (target !== undefined) target.dials += 1;
        if (code !== undefined) throw Object.assign(new Error(`dial ${code}`), { code });
        return await Promise.resolve(speak(target ?? fakeHost({}), name, left));
      } catch (error) {
        left();
        throw error;
      }
    },
  };
}

function fakeHost(script: HostScript): FakeHost & { readonly wires: Set<() => void> } {
  const wires = new Set<() => void>();
  return {
    ...{ script, dials: 0, heard: [], accepted: [], identities: undefined, wires },
    hangUp() {
      for (const close of wires) close();
    },
  };
}

type Events = Parameters<Wire['listen']>[0];

function speak(host: FakeHost, name: string, left: () => void): Wire {
  const { script } = host;
  const conversation = new Conversation(host, left);
  const wires = 'wires' in host ? (host.wires as Set<() => void>) : new Set<() => void>();
  wires.add(() => conversation.close());
  return {
    remote: name,
    listen: (events) => conversation.listen(events),
    async write(pieces) {
      conversation.take(Buffer.concat(pieces).toString('latin1'));
    },
    async startTls({ identities }) {
      host.identities = identities;
      const { tls = 'good' } = script;
      if (tls === 'never') return new Promise(() => undefined);
      if (tls !== 'good') throw new TlsFailed(tls, `TLS: ${tls}`);
      conversation.secured = true;
      return { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', verified: true };
    },
    end: () => conversation.end(),
    destroy: () => conversation.end(),
  };
}

class Conversation {
  secured = false;
  readonly #host: FakeHost;
  readonly #left: () => void;
  #events: Events | undefined;
  #held = '';
  #mode: 'commands' | 'data' | { readonly octets: number } = 'commands';
  #reversePath = '';
  #recipients: string[] = [];
  #isOpen = true;
  #begun = false;

  constructor(host: FakeHost, left: () => void) {
    this.#host = host;
    this.#left = left;
  }

  listen(events: Events): void {
    this.#events = events;
    const { greeting = '220 fake ESMTP' } = this.#host.script;
    if (greeting !== null) this.#say(greeting);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.end();
    queueMicrotask(() => this.#events?.closed(undefined));
  }

  end(): void {
    if (this.#isOpen) this.#left();
    this.#isOpen = false;
  }

  #say(...replies: readonly string[]): void {
    for (const reply of replies) {
      if (reply === 'close') return queueMicrotask(() => this.close());
      if (reply === 'silence') continue;
      queueMicrotask(() => this.#isOpen && this.#events?.bytes(Buffer.from(`${reply}\r\n`, 'latin1')));
    }
  }

  take(text: string): void {
    this.#held += text;
    while (this.#isOpen && this.#takeOne());
  }

  #takeOne(): boolean {
    const mode = this.#mode;
    if (mode === 'commands') {
      const end = this.#held.indexOf('\r\n');
      if (end < 0) return false;
      const line = this.#cut(end, 2);
      this.#host.heard.push({ line, secured: this.secured });
      this.#command(line);
      return true;
    }
    const end = mode === 'data' ? this.#held.search(/(?:^|\r\n)\.\r\n/) : mode.octets;
    if (end < 0 || this.#held.length < end) return false;
    // The line end before the dot belongs to the content.
    const length = mode === 'data' && this.#held[end] === '\r' ? end + 2 : end;
    const content = this.#cut(length, mode === 'data' ? 3 : 0);
    this.#mode = 'commands';
    this.#end(mode === 'data', mode === 'data' ? content.replaceAll(/(^|\r\n)\./g, '$1') : content);
    return true;
  }

  #cut(length: number, skipped: number): string {
    const piece = this.#held.slice(0, length);
    this.#held = this.#held.slice(length + skipped);
    return piece;
  }

  #end(isData: boolean, content: string): void {
    const isInOrder = this.#recipients.length > 0;
    const replies = isInOrder ? this.#replies('END', '250 2.0.0 kept') : ['503 5.5.1 no recipients'];
    if (replies[0]?.startsWith('2') === true || replies[0] === 'close')
      this.#host.accepted.push({ reversePath: this.#reversePath, recipients: this.#recipients, content });
    // What BDAT leaves when it is refused stays until RSET (RFC 3030 section 2).
    if (isData || replies[0]?.startsWith('2') === true) this.#begun = false;
    this.#recipients = [];
    this.#say(...replies);
  }

  #replies(line: string, good: string): readonly string[] {
    const answer = this.#host.script.answer?.(line, this.#host);
    return answer === undefined ? [good] : typeof answer === 'string' ? [answer] : answer;
  }

  #command(line: string): void {
    const verb = line.split(' ')[0]?.toUpperCase() ?? '';
    const isOutOfOrder = (verb === 'MAIL' && this.#begun) || (verb === 'RCPT' && !this.#begun);
    const replies = isOutOfOrder ? ['503 5.5.1 bad sequence'] : this.#replies(line, this.#good(verb));
    const isGood = /^[23]/.test(replies[0] ?? '');
    const address = /<(.*?)>/.exec(line)?.[1] ?? '';
    if (verb === 'MAIL' && isGood) [this.#reversePath, this.#recipients, this.#begun] = [address, [], true];
    if (verb === 'RSET') [this.#recipients, this.#begun] = [[], false];
    if (verb === 'RCPT' && isGood) this.#recipients.push(address);
    if (verb === 'DATA' && isGood) this.#mode = 'data';
    if (verb === 'BDAT' && isGood) {
      this.#mode = { octets: Number(line.split(' ')[1]) };
      return;
    }
    this.#say(...replies);
  }

  #good(verb: string): string {
    const { script } = this.#host;
    const { implicit = false, capabilities = CAPABILITIES } = script;
    const offered = this.secured
      ? (script.securedCapabilities ?? capabilities.filter((word) => word !== 'STARTTLS'))
      : [...(implicit ? [] : ['STARTTLS']), ...capabilities];
    switch (verb) {
      case 'EHLO':
        return ['fake', ...offered]
          .map((word, at, all) => `250${at === all.length - 1 ? ' ' : '-'}${word}`)
          .join('\r\n');
      case 'STARTTLS':
        return '220 go';
      case 'AUTH':
        return '235 2.7.0 welcome';
      case 'DATA':
        return this.#recipients.length > 0 ? '354 go' : '554 5.5.1 no valid recipients';
      case 'QUIT':
        return '221 bye';
      default:
        return '250 2.0.0 ok';
    }
  }
}
