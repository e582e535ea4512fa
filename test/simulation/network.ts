// A network of simulated hosts: each speaks just enough SMTP, says what the test wants, and keeps what it was given.

import type { Network, Wire } from '../../src/platform/network.ts';

export interface Host {
  up: boolean;
  dials: number;
  /** What EHLO announces. */
  capabilities: readonly string[];
  /** Connections that stand. */
  standing: number;
  /** What a new connection hears, itself among those that stand; other than 220: it is closed. */
  greeting(standing: number): string;
  /** How the TLS handshake ends. */
  tls: 'works' | 'breaks' | 'breaks behind the handshake';
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
    ...{ standing: 0, greeting: () => '220 ready', tls: 'works', data: () => '354 go' },
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
  let mode: 'commands' | 'content' | 'stalled' = 'commands';
  let from: string | undefined;
  let to: string[] = [];
  let held = '';
  let mails = 0;
  let secured = false;
  let stands = true;
  target.standing += 1;
  target.leaves?.(() => {
    leave();
    events?.closed('ECONNRESET');
  });
  const leave = (): void => {
    if (stands) target.standing -= 1;
    stands = false;
  };
  const say = (reply: string): void => queueMicrotask(() => events?.bytes(Buffer.from(`${reply}\r\n`)));

  function command(line: string): void {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'QUIT') leave();
    if (verb === 'EHLO' && secured && target.tls === 'breaks behind the handshake')
      return queueMicrotask(() => events?.closed('ECONNRESET'));
    if (verb === 'STAR') return say('220 2.0.0 go on');
    if (verb === 'EHLO')
      return say(['250-x', ...target.capabilities.map((one) => `250-${one}`), '250 HELP'].join('\r\n'));
    if (verb === 'MAIL') {
      from = /<(.*?)>/.exec(line)?.[1] ?? '';
      to = [];
      mails += 1;
      const reply = target.mail(mails);
      if (!reply.startsWith('2')) from = undefined;
      if (reply !== 'drop') return say(reply);
      mode = 'stalled';
      say('421 4.3.2 going down');
      return queueMicrotask(() => events?.closed('ECONNRESET'));
    }
    if (verb === 'RCPT' && from === undefined) return say('503 5.5.1 no sender');
    if (verb === 'RCPT') {
      const address = /<(.*?)>/.exec(line)?.[1] ?? '';
      const reply = target.rcpt(address);
      if (reply.startsWith('2')) to.push(address);
      return say(reply);
    }
    if (verb === 'DATA' && to.length > 0) {
      const reply = target.data(mails);
      if (reply.startsWith('354')) mode = 'content';
      return say(reply);
    }
    say(verb === 'DATA' ? '554 5.5.1 no valid recipients' : '250 2.0.0 ok');
  }

  function take(text: string): void {
    held += text;
    while (mode !== 'stalled') {
      const end = mode === 'content' ? held.indexOf('\r\n.\r\n') : held.indexOf('\r\n');
      if (end < 0) return;
      const piece = held.slice(0, end);
      held = held.slice(end + (mode === 'content' ? 5 : 2));
      if (mode === 'commands') command(piece);
      else {
        mode = 'commands';
        const reply = target.end();
        if (reply.startsWith('2') || reply === 'drop')
          target.received.push({ from: from ?? '', to, content: piece });
        if (reply === 'stall') mode = 'stalled';
        else if (reply === 'drop') return queueMicrotask(() => events?.closed('ECONNRESET'));
        else say(reply);
      }
    }
  }

  return {
    remote: `${name}:25`,
    listen(next) {
      events = next;
      if (secured) return;
      const greeting = target.greeting(target.standing);
      say(greeting);
      if (greeting.startsWith('220')) return;
      leave();
      queueMicrotask(() => events?.closed(undefined));
    },
    async write(pieces) {
      take(Buffer.concat(pieces).toString('latin1'));
    },
    async startTls() {
      if (target.tls === 'breaks') throw new Error('ssl/tls alert handshake failure');
      secured = true;
      return { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', verified: false };
    },
    end: leave,
    destroy: leave,
  };
}
