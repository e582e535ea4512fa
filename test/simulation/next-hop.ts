// The next hops: servers that take mail by SMTP or LMTP, and misbehave in every way that servers have been seen to. What they took is
// written into the ledger, and whether their reply arrived.

import type { DialTarget, Network, PeerTls, Wire } from '../../src/platform/network.ts';
import type { Chance } from './chance.ts';
import { type About, Doubt } from './doubt.ts';
import type { Ledger, Taking } from './ledger.ts';
import { type Life, SECOND, type VirtualTime } from './time.ts';

/**
 * How a host behaves for a while. `odd`: each of its moves is drawn; `garbled`: the same, and where another message follows a content it loses that,
 * answers MAIL, and then says what is no reply, or half of one. `slow`: it thinks about each content for a moment.
 */
export type Mood = 'fine' | 'refuses' | 'silent' | 'busy' | 'odd' | 'garbled' | 'slow';

export interface HostSettings {
  readonly name: string;
  readonly protocol: 'smtp' | 'lmtp';
  readonly extensions: readonly string[];
  /** Connections at a time, and messages over one, that it takes: 421 and 452 to what is more. */
  readonly sessionsMax?: number;
  readonly messagesMax?: number;
}

export class Host {
  /** Connections that stand. */
  sessions = 0;
  mood: Mood = 'fine';
  readonly settings: HostSettings;
  readonly chance: Chance;

  constructor(settings: HostSettings, chance: Chance) {
    this.settings = settings;
    this.chance = chance;
  }

  /** One of these moves is made, else what a good server does. */
  odd<K extends string>(moves: Readonly<Record<K, number>>): K | undefined {
    if (this.mood !== 'odd' && this.mood !== 'garbled') return undefined;
    const drawn = this.chance.next();
    let at = 0;
    for (const [move, probability] of Object.entries<number>(moves)) {
      at += probability;
      if (drawn < at) return move as K;
    }
    return undefined;
  }
}

export interface NextHops {
  readonly hosts: ReadonlyMap<string, Host>;
  readonly time: VirtualTime;
  readonly ledger: Ledger;
}

/** The network as one life sees it. */
export function networkOf(hops: NextHops, life: Life): Network {
  const { time, hosts } = hops;
  return {
    dial({ host: name = '' }: DialTarget, timeoutMs) {
      const host = hosts.get(name);
      if (host === undefined) return Promise.reject(new Error(`no host ${name}`));
      return new Promise((resolve, reject) => {
        const move = host.odd({ refuse: 0.05, silent: 0.03 });
        const fails = (after: number, why: string): void =>
          void time.after(after, () => reject(new Error(why)), life);
        if (host.mood === 'refuses' || move === 'refuse') fails(1, 'ECONNREFUSED');
        else if (host.mood === 'silent' || move === 'silent') fails(timeoutMs, 'no connection in time');
        else time.after(1, () => resolve(new HopWire(hops, host, life)), life);
      });
    },
  };
}

/** `thinking`: about a content; what comes meanwhile waits, so that replies keep their order (RFC 2920 section 3.2). */
type Phase = 'commands' | 'content' | 'thinking' | 'gone';

/** One connection, both ends of it. */
class HopWire implements Wire {
  readonly remote: string;
  readonly #hops: NextHops;
  readonly #host: Host;
  readonly #life: Life;
  #events: Parameters<Wire['listen']>[0] | undefined;
  #early: Uint8Array[] = [];
  #phase: Phase = 'commands';
  #held: Buffer = Buffer.alloc(0);
  #from = '';
  #mailAt = 0;
  /** Since when commands wait for the end of the thinking about a content. */
  #heldAt: number | undefined;
  #mails = 0;
  #recipients: string[] = [];
  #toHostAt = 0;
  #toLifeAt = 0;
  #lifeClosed = false;
  #destroyed = false;
  readonly #doubt = new Doubt();
  #secured: { resolve(tls: PeerTls): void; reject(error: Error): void } | undefined;

  constructor(hops: NextHops, host: Host, life: Life) {
    this.#hops = hops;
    this.#host = host;
    this.#life = life;
    this.remote = `${host.settings.name}:25`;
    life.onEnd(() => this.#toHost(() => this.#leave()));
    const move = host.odd({ busy: 0.04, refuse: 0.03, nonsense: 0.02, silent: 0.02, close: 0.03 });
    host.sessions += 1;
    if (host.sessions > (host.settings.sessionsMax ?? Infinity)) this.#say('421 4.7.0 too many sessions');
    else if (host.mood === 'busy' || move === 'busy') this.#say('421 4.3.2 too busy');
    else if (move === 'refuse') this.#say('554 5.3.2 not you');
    else if (move === 'nonsense') this.#say('SSH-2.0-OpenSSH_9.2', { isNonsense: true });
    else if (move === 'close') this.#break();
    else if (move === undefined) this.#say('220 ready');
  }

  listen(events: Parameters<Wire['listen']>[0]): void {
    this.#events = events;
    const early = this.#early;
    this.#early = [];
    for (const bytes of early) events.bytes(bytes);
    if (this.#lifeClosed) events.closed('ECONNRESET');
  }

  async write(pieces: readonly Uint8Array[]): Promise<void> {
    if (this.#lifeClosed || this.#destroyed) throw new Error('ECONNRESET');
    const copy = Buffer.concat(pieces);
    this.#toHost(() => this.#take(copy));
  }

  startTls(): Promise<PeerTls> {
    return new Promise((resolve, reject) => {
      this.#secured = { resolve, reject };
      const move = this.#host.odd({ fail: 0.1, silent: 0.03 });
      if (move === 'silent') return;
      const { time } = this.#hops;
      const done = (): void =>
        move === 'fail' || this.#phase === 'gone'
          ? reject(new Error('handshake failure'))
          : resolve({ version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', verified: false });
      time.after(2, done, this.#life);
    });
  }

  end(): void {
    this.#toHost(() => this.#leave());
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.end();
    this.#destroyed = true;
    this.#toLife(() => {
      this.#secured?.reject(new Error('destroyed'));
      this.#closeForLife();
    });
  }

  #leave(): void {
    if (this.#phase !== 'gone') this.#host.sessions -= 1;
    this.#phase = 'gone';
    this.#held = Buffer.alloc(0);
  }

  /** The host resets: nothing that it has not said yet is said, but half a reply may arrive before. */
  #break(half?: string): void {
    this.#leave();
    this.#toLife(() => {
      if (half !== undefined) this.#arrive(half, {});
      this.#closeForLife();
    });
  }

  #closeForLife(): void {
    if (this.#lifeClosed) return;
    this.#lifeClosed = true;
    this.#doubt.ended();
    this.#events?.closed('ECONNRESET');
  }

  #say(line: string, about: About = {}): void {
    this.#toLife(() => this.#arrive(`${line}\r\n`, about));
  }

  #arrive(octets: string, about: About): void {
    if (this.#lifeClosed || this.#destroyed) return;
    this.#doubt.arrived(about);
    const bytes = Buffer.from(octets);
    if (this.#events === undefined) this.#early.push(bytes);
    else this.#events.bytes(bytes);
  }

  /** After all that was said before. */
  #leaveOut(): void {
    const { time } = this.#hops;
    time.after(this.#toLifeAt - time.monotonic, () => this.#doubt.leftOut(), this.#life);
  }

  #take(bytes: Buffer): void {
    if (this.#phase === 'gone') return;
    if (this.#phase === 'content' && this.#moveInContent()) return;
    if (this.#phase === 'thinking') this.#heldAt ??= this.#hops.time.monotonic;
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    while (this.#takeOne());
  }

  #takeOne(): boolean {
    if (this.#phase === 'gone' || this.#phase === 'thinking') return false;
    if (this.#phase === 'commands') {
      const end = this.#held.indexOf('\r\n');
      if (end < 0) return false;
      const line = this.#held.toString('latin1', 0, end);
      this.#held = this.#held.subarray(end + 2);
      this.#command(line);
      return true;
    }
    const isEmpty = this.#held.subarray(0, 3).equals(Buffer.from('.\r\n'));
    const end = isEmpty ? 0 : this.#held.indexOf('\r\n.\r\n') + 2;
    if (!isEmpty && end < 2) return false;
    const content = this.#held.subarray(0, end);
    this.#held = this.#held.subarray(end + 3);
    this.#phase = 'commands';
    this.#contentEnded(unstuffed(content));
    return true;
  }

  /** Too much is heard before the end: a reset, or a word against it. True: the content is not read on. */
  #moveInContent(): boolean {
    switch (this.#host.odd({ break: 0.01, refuse: 0.01 })) {
      case 'break':
        this.#break();
        return true;
      case 'refuse':
        this.#say('552 5.3.4 enough of it');
        this.#break();
        return true;
      case undefined:
        return false;
    }
  }

  #command(line: string): void {
    const verb = line.slice(0, 4).toUpperCase();
    const { extensions } = this.#host.settings;
    const move = this.#host.odd({ break: 0.01, silent: 0.005, nonsense: 0.003, bye: 0.005 });
    if (move === 'break') return this.#break(halfOf('250 2.1.0 ok', line));
    if (move === 'silent') return this.#leaveOut();
    if (move === 'nonsense')
      return this.#say(this.#host.chance.pick(['hello?', '999 what', '25', '2500 x']), { isNonsense: true });
    if (move === 'bye') {
      this.#say('421 4.3.2 going down', { isFarewell: true });
      return this.#break();
    }
    switch (verb) {
      case 'EHLO':
      case 'LHLO':
        this.#from = '';
        return this.#say(['250-x', ...extensions.map((name) => `250-${name}`), '250 HELP'].join('\r\n'));
      case 'STAR':
        return this.#say(this.#host.odd({ refuse: 0.3 }) === 'refuse' ? '454 4.7.0 not now' : '220 go on');
      case 'MAIL':
        return this.#mail(line);
      case 'RCPT':
        return this.#rcpt(line);
      case 'DATA':
        return this.#data();
      case 'QUIT':
        this.#say('221 2.0.0 bye');
        return this.#break();
      default:
        this.#recipients = [];
        return this.#say('250 2.0.0 ok');
    }
  }

  #mail(line: string): void {
    this.#recipients = [];
    this.#from = addressIn(line);
    this.#mailAt = this.#heldAt ?? this.#hops.time.monotonic;
    this.#mails += 1;
    if (this.#mails > (this.#host.settings.messagesMax ?? Infinity)) {
      this.#from = 'none';
      return this.#say('452 4.4.5 too many messages in this session');
    }
    const move = this.#host.odd({ later: 0.03, no: 0.02 });
    if (move === 'later') this.#from = 'none';
    if (move === 'no') this.#from = 'none';
    this.#say(
      move === 'later' ? '451 4.3.0 later' : move === 'no' ? '550 5.7.1 not from you' : '250 2.1.0 ok',
    );
  }

  #rcpt(line: string): void {
    const address = addressIn(line);
    if (this.#from === 'none') return this.#say('503 5.5.1 no sender');
    if (address.startsWith('bad')) return this.#say('550 5.1.1 nobody');
    const move = this.#host.odd({ later: 0.06, no: 0.03, full: 0.02 });
    if (move === 'later') return this.#say('450 4.2.1 later');
    if (move === 'full') return this.#say('452 4.5.3 too many');
    if (move === 'no') return this.#say('550 5.2.1 disabled');
    this.#recipients.push(address);
    this.#say('250 2.1.5 ok');
  }

  #data(): void {
    if (this.#recipients.length === 0)
      return this.#say('554 5.5.1 no valid recipients', { answersData: true });
    const move = this.#host.odd({ later: 0.03, no: 0.02 });
    if (move === 'later') return this.#say('451 4.3.0 later', { answersData: true });
    if (move === 'no') return this.#say('554 5.7.1 no', { answersData: true });
    this.#phase = 'content';
    this.#say('354 go on', { answersData: true });
  }

  #contentEnded(content: Buffer): void {
    const { host, recipients } = { host: this.#host, recipients: this.#recipients };
    this.#recipients = [];
    if (host.mood === 'garbled' && this.#held.length > 0 && host.chance.happens(0.3)) return this.#garble();
    const move = host.odd({
      ...{ later: 0.05, no: 0.03, breakBefore: 0.03, breakAfter: 0.04, silent: 0.01, nonsense: 0.01 },
      ...{ slow: 0.1, closeBehind: 0.03 },
    });
    if (move === 'later') return this.#finals(recipients, '451 4.3.0 later');
    if (move === 'no') return this.#finals(recipients, '554 5.6.0 not this');
    if (move === 'breakBefore') return this.#break();
    const words = this.#kept(recipients, content);
    if (move === 'breakAfter') return this.#break(halfOf('250 2.0.0 kept', content));
    if (move === 'silent') return;
    if (move === 'nonsense') return this.#say('what was that?', { isNonsense: true });
    const answer = (): void => {
      const followed = this.#held.length > 0;
      for (const { reply, taking } of words) this.#say(reply, { taking, followed });
      if (move === 'closeBehind') this.#break();
    };
    if (host.mood === 'slow') this.#think(host.chance.between(0.1, 2) * SECOND, answer);
    else if (move === 'slow') this.#think(host.chance.between(1, 60) * SECOND, answer);
    else answer();
  }

  /** Without a status, so that it could be the final reply. */
  #garble(): void {
    this.#say('250 ok');
    if (this.#host.chance.happens(0.5)) return this.#break('25');
    this.#say('2500 x', { isNonsense: true });
    this.#break();
  }

  #think(ms: number, answer: () => void): void {
    this.#phase = 'thinking';
    if (this.#held.length > 0) this.#heldAt = this.#hops.time.monotonic;
    this.#hops.time.after(ms, () => {
      answer();
      if (this.#phase !== 'thinking') return;
      this.#phase = 'commands';
      while (this.#takeOne());
      this.#heldAt = undefined;
    });
  }

  #finals(recipients: readonly string[], reply: string): void {
    const { protocol } = this.#host.settings;
    for (let n = 0; n < (protocol === 'lmtp' ? recipients.length : 1); n += 1) this.#say(reply);
  }

  /** One reply is for all of them, or with LMTP each has its own. */
  #kept(
    recipients: readonly string[],
    content: Buffer,
  ): readonly { readonly reply: string; readonly taking?: Taking }[] {
    const { ledger } = this.#hops;
    const { name, protocol } = this.#host.settings;
    const about = { host: name, life: this.#life, from: this.#from, begunAt: this.#mailAt, content };
    const reply = '250 2.0.0 kept';
    if (protocol === 'smtp') return [{ reply, taking: ledger.taken({ ...about, recipients }) }];
    return recipients.map((recipient) => {
      const move = this.#host.odd({ later: 0.1, no: 0.05 });
      if (move === 'later') return { reply: '452 4.2.2 over quota' };
      if (move === 'no') return { reply: '550 5.2.0 no' };
      return { reply, taking: ledger.taken({ ...about, recipients: [recipient] }) };
    });
  }

  #toHost(run: () => void): void {
    const { time } = this.#hops;
    this.#toHostAt = Math.max(this.#toHostAt, time.monotonic + this.#host.chance.between(0.05, 1));
    time.after(this.#toHostAt - time.monotonic, run);
  }

  #toLife(run: () => void): void {
    const { time } = this.#hops;
    this.#toLifeAt = Math.max(this.#toLifeAt, time.monotonic + this.#host.chance.between(0.05, 1));
    time.after(this.#toLifeAt - time.monotonic, run, this.#life);
  }
}

/** What of a reply arrives before a reset: nothing, or so much as the question's length says, so that no other move is drawn for it. */
function halfOf(reply: string, { length }: { readonly length: number }): string | undefined {
  return length % 2 === 0 ? undefined : reply.slice(0, 1 + (length % (reply.length - 1)));
}

function addressIn(line: string): string {
  return /<(.*?)>/.exec(line)?.[1] ?? '';
}

function unstuffed(content: Buffer): Buffer {
  if (!content.includes('\r\n.') && content[0] !== 0x2e) return Buffer.from(content);
  return Buffer.from(content.toString('latin1').replaceAll(/(^|\r\n)\./g, '$1'), 'latin1');
}
