// Clients: each speaks as its plan says, breaks off where its plan says, and writes down what it was told.

import { isAscii } from 'node:buffer';
import { SECOND, type VirtualTime } from './time.ts';
import type { Chance } from './chance.ts';
import type { SimulatedFront } from './front.ts';
import type { Ledger, Sending } from './ledger.ts';
import type { ClientPlan, Cut, Plan } from './plan.ts';
import { Link } from './socket.ts';

/** A front answers or closes within this, whatever happens: reply deadline 110 s, idle 5 min, and the longest pause of the client. */
const PATIENCE_MS = 360 * SECOND;

const STRANGER = 'somebody@far.example';

interface Reply {
  readonly code: number;
  readonly text: string;
}

export interface ClientWorld {
  readonly time: VirtualTime;
  readonly ledger: Ledger;
  readonly plan: Plan;
  readonly password: string;
  readonly fronts: { listening(): SimulatedFront | undefined };
}

export async function runClient(world: ClientWorld, plan: ClientPlan, chance: Chance): Promise<void> {
  await world.time.pause(plan.at);
  const all = Array.from({ length: plan.messages }, (_, number) => number);
  for (const numbers of plan.each ? all.map((number) => [number]) : [all])
    if (!(await visit(world, plan, chance, numbers))) return;
}

/** One connection; false: nobody listens any more. */
async function visit(
  world: ClientWorld,
  plan: ClientPlan,
  chance: Chance,
  numbers: readonly number[],
): Promise<boolean> {
  const { time } = world;
  let front = world.fronts.listening();
  // Nobody listens while the server is down.
  for (let tries = 0; front === undefined && tries < 20; tries += 1) {
    await time.pause(10 * SECOND);
    front = world.fronts.listening();
  }
  if (front === undefined) return false;
  await new Conversation(world, plan, chance, front).run(numbers);
  return true;
}

class Conversation {
  readonly #world: ClientWorld;
  readonly #plan: ClientPlan;
  readonly #chance: Chance;
  readonly #link: Link;
  readonly #front: SimulatedFront;
  /** What each reply is about, in order: first when it is said, then when it arrives. */
  readonly #asked: ((reply: Reply) => void)[] = [];
  readonly #awaited: ((reply: Reply | undefined) => void)[] = [];
  readonly #greeting: Promise<Reply | undefined>;
  #said = '';
  #heard = '';
  #closed = false;

  constructor(world: ClientWorld, plan: ClientPlan, chance: Chance, front: SimulatedFront) {
    this.#world = world;
    this.#plan = plan;
    this.#chance = chance;
    this.#front = front;
    this.#link = new Link(world.time, chance, front.life, `192.0.2.${10 + plan.number}`, {
      said: (bytes) => {
        const { replies, rest } = repliesIn(this.#said + Buffer.from(bytes).toString('latin1'));
        this.#said = rest;
        for (const reply of replies) this.#asked.shift()?.(reply);
      },
      arrived: (bytes) => {
        const { replies, rest } = repliesIn(this.#heard + Buffer.from(bytes).toString('latin1'));
        this.#heard = rest;
        for (const reply of replies) this.#awaited.shift()?.(reply);
      },
      closed: () => this.#end(),
    });
    this.#greeting = this.#reply();
    front.serve(this.#link, this.#isStranger ? 'mx' : 'submission');
  }

  async run(numbers: readonly number[]): Promise<void> {
    const { time } = this.#world;
    if (this.#plan.deafMs > 0) {
      this.#link.reading = false;
      time.after(this.#plan.deafMs, () => this.#link.readAgain());
    }
    if ((await this.#greeting)?.code !== 220) return this.#leave();
    if ((await this.#command('EHLO client.example'))?.code !== 250) return this.#leave();
    if (!this.#isStranger && !(await this.#logsIn())) return this.#leave();
    for (const [number, sending] of numbers.map((n) => [n, this.#compose(n)] as const)) {
      if (this.#closed || (await this.#send(sending, number)) === 'broken') return;
      if (this.#chance.happens(0.1)) await time.pause(this.#chance.between(10, 30_000));
    }
    await this.#command('QUIT');
    this.#leave();
  }

  get #isStranger(): boolean {
    return this.#plan.login === '';
  }

  async #logsIn(): Promise<boolean> {
    const login = Buffer.from(`\0${this.#plan.login}\0${this.#world.password}`).toString('base64');
    if ((await this.#command(`AUTH PLAIN ${login}`))?.code !== 235) return false;
    this.#world.ledger.logins.taken += 1;
    return true;
  }

  #compose(number: number): Sending {
    const { chance, login } = { chance: this.#chance, login: this.#plan.login };
    const tag = `c${this.#plan.number}m${number}`;
    const complete = chance.happens(0.7);
    const isUtf8 = chance.happens(0.2);
    const lines = [
      `X-Tag: ${tag}`,
      `From: ${login || STRANGER}`,
      'To: somebody@far.example',
      `Subject: ${tag}`,
      ...(complete ? ['Date: Tue, 24 Nov 2026 09:00:00 +0000', `Message-ID: <${tag}@client.example>`] : []),
      '',
    ];
    const octets = sizeOf(chance, this.#world.plan.messageOctetsMax);
    for (let held = 0; held < octets; held += lines.at(-1)?.length ?? 1) {
      const line = Buffer.from(chance.bytes(1 + chance.below(30))).toString(isUtf8 ? 'latin1' : 'base64');
      const start = chance.happens(0.1) ? '.' : chance.happens(0.05) ? '..' : '';
      lines.push(start + line.replaceAll(/[\0\r\n]/g, '-').repeat(octets > 10_000 ? 12 : 1));
    }
    const content = Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1');
    const sending: Sending = {
      ...{ tag, connection: this.#plan.number, life: this.#front.life, login, recipients: [], content },
      ...{
        reversePath: chance.happens(0.1) ? '' : login || STRANGER,
        silent: chance.happens(0.1) && !this.#isStranger,
        complete,
      },
      ...{ state: 'begun', reply: '', id: undefined, begunAt: Infinity, repliedAt: 0 },
    };
    this.#world.ledger.sendings.set(tag, sending);
    return sending;
  }

  #send(sending: Sending, number: number): Promise<'done' | 'broken'> {
    const { cut } = this.#plan;
    const where = cut?.message === number ? cut.where : undefined;
    sending.begunAt = this.#world.time.monotonic;
    return this.#plan.manner === 'chunks' ? this.#bdat(sending, where) : this.#data(sending, where);
  }

  #envelope(sending: Sending): { readonly mail: string; readonly rcpts: readonly string[] } {
    const { chance } = { chance: this.#chance };
    const has8bit = !isAscii(sending.content);
    const count = chance.happens(0.05) ? this.#world.plan.recipientsMax + 2 : 1 + chance.below(4);
    const rcpts = Array.from({ length: count }, (_, n) => {
      const domain = chance.happens(this.#isStranger ? 1 : 0.25)
        ? 'example.org'
        : chance.pick(['far.example', 'near.example', 'x.example']);
      if (domain === 'example.org') return ['alice', 'bob', 'carol', 'nobody'][(n + sending.tag.length) % 4];
      return `${chance.happens(0.15) ? 'bad' : 'good'}${n}-${sending.tag}@${domain}`;
    }).map((name) => (name?.includes('@') === true ? name : `${name ?? 'alice'}@example.org`));
    return {
      mail: `MAIL FROM:<${sending.reversePath}>${has8bit ? ' BODY=8BITMIME' : ''}`,
      rcpts: [...new Set(rcpts)].map((to) => `RCPT TO:<${to}>${sending.silent ? ' NOTIFY=NEVER' : ''}`),
    };
  }

  /** Reply after reply, or all at once. */
  async #data(sending: Sending, cut: Cut | undefined): Promise<'done' | 'broken'> {
    const { mail, rcpts } = this.#envelope(sending);
    const rcptTaken = rcpts.map((line) => this.#recipientTaken(sending, line));
    const commands = [mail, ...rcpts, 'DATA'];
    const whens = [undefined, ...rcptTaken, undefined];
    let last: Reply | undefined;
    if (this.#plan.manner === 'pipelined') {
      const replies = commands.map((_, n) => this.#reply(whens[n]));
      this.#write(Buffer.from(commands.map((line) => `${line}\r\n`).join('')));
      if (cut === 'envelope') return this.#break();
      for (const reply of replies) last = await reply;
    } else {
      for (const [n, line] of commands.entries()) {
        if (cut === 'envelope' && n === 2) return this.#break();
        last = await this.#command(line, whens[n]);
        if (last === undefined) return 'broken';
      }
    }
    if (last === undefined) return 'broken';
    if (last.code !== 354) return this.#reset();
    const stuffed = Buffer.from(
      sending.content.toString('latin1').replaceAll(/(^|\r\n)\./g, '$1..'),
      'latin1',
    );
    if (!(await this.#content(stuffed, cut))) return 'broken';
    if (cut === 'beforeEnd' || cut === 'content') return this.#break();
    if (cut === 'inEnd') {
      this.#write(Buffer.from('.\r'));
      return this.#break();
    }
    return this.#finish(sending, Buffer.from('.\r\n'), cut);
  }

  /** The whole transaction in one go: with BDAT nothing has to be awaited. */
  async #bdat(sending: Sending, cut: Cut | undefined): Promise<'done' | 'broken'> {
    const { mail, rcpts } = this.#envelope(sending);
    void this.#reply();
    for (const line of rcpts) void this.#reply(this.#recipientTaken(sending, line));
    this.#write(Buffer.from(`${mail}\r\n${rcpts.join('\r\n')}\r\n`));
    if (cut === 'envelope') return this.#break();
    const half = this.#chance.below(sending.content.length);
    const chunks = [sending.content.subarray(0, half), sending.content.subarray(half)] as const;
    const first = this.#reply();
    this.#write(Buffer.from(`BDAT ${chunks[0].length}\r\n`));
    if (!(await this.#content(chunks[0], cut))) return 'broken';
    if (cut === 'content') return this.#break();
    if ((await first)?.code !== 250) return (await first) === undefined ? 'broken' : this.#reset();
    const rest = chunks[1];
    const end = Buffer.concat([Buffer.from(`BDAT ${rest.length} LAST\r\n`), rest]);
    if (cut === 'beforeEnd' || cut === 'inEnd') {
      this.#write(end.subarray(0, -1));
      return this.#break();
    }
    return this.#finish(sending, end, cut);
  }

  async #finish(sending: Sending, end: Buffer, cut: Cut | undefined): Promise<'done' | 'broken'> {
    const reply = this.#reply(({ code, text }) => this.#world.ledger.answered(sending, code, text));
    if (sending.state === 'begun' && !this.#closed) sending.state = 'whole';
    this.#write(end);
    if (cut === 'afterEnd') {
      if (this.#chance.happens(0.7)) await this.#world.time.pause(this.#chance.between(0, 12));
      return this.#break();
    }
    return (await reply) === undefined ? 'broken' : 'done';
  }

  #recipientTaken(sending: Sending, line: string): (reply: Reply) => void {
    const address = /<(.*)>/.exec(line)?.[1] ?? '';
    return ({ code }) => {
      if (code === 250) sending.recipients.push(address);
    };
  }

  async #content(bytes: Buffer, cut: Cut | undefined): Promise<boolean> {
    const { slowMs } = this.#plan;
    const segment = slowMs > 0 ? Math.max(50, Math.ceil(bytes.length / 6)) : bytes.length;
    const until = cut === 'content' ? Math.floor(bytes.length / 2) : bytes.length;
    for (let at = 0; at < until; at += segment) {
      this.#write(bytes.subarray(at, Math.min(until, at + segment)));
      if (slowMs > 0) await this.#world.time.pause(slowMs);
      if (this.#closed) return false;
    }
    return true;
  }

  async #reset(): Promise<'done' | 'broken'> {
    return (await this.#command('RSET')) === undefined ? 'broken' : 'done';
  }

  #write(bytes: Buffer): void {
    if (!this.#closed) this.#link.write(bytes);
  }

  #command(line: string, said?: (reply: Reply) => void): Promise<Reply | undefined> {
    const reply = this.#reply(said);
    this.#write(Buffer.from(`${line}\r\n`));
    return reply;
  }

  /** The next reply; undefined: the connection ended. */
  #reply(said: (reply: Reply) => void = () => undefined): Promise<Reply | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    this.#asked.push(said);
    return new Promise((resolve) => {
      const cancel = this.#world.time.after(PATIENCE_MS + this.#plan.deafMs, () => {
        this.#world.ledger.breach(`client ${this.#plan.number} was neither answered nor closed`);
        void this.#break();
      });
      this.#awaited.push((reply) => {
        cancel();
        resolve(reply);
      });
    });
  }

  #break(): 'broken' {
    if (!this.#closed) this.#link.leave(this.#plan.cut?.reset === true);
    this.#end();
    return 'broken';
  }

  #leave(): void {
    if (!this.#closed) this.#link.leave(false);
    this.#end();
  }

  #end(): void {
    this.#closed = true;
    for (const resolve of this.#awaited.splice(0)) resolve(undefined);
  }
}

function sizeOf(chance: Chance, octetsMax: number): number {
  const size = chance.weighted({ small: 60, middle: 8, large: 3, tooLarge: 2 });
  if (size === 'small') return chance.below(600);
  if (size === 'middle') return chance.below(40_000);
  return size === 'large' ? 270_000 : octetsMax + 10_000;
}

/** Whole replies, one line each: the code and the last line. */
function repliesIn(text: string): { readonly replies: readonly Reply[]; readonly rest: string } {
  const replies: Reply[] = [];
  let at = 0;
  for (;;) {
    const end = text.indexOf('\r\n', at);
    if (end < 0) return { replies, rest: text.slice(at) };
    const line = text.slice(at, end);
    at = end + 2;
    if (line[3] === ' ') replies.push({ code: Number(line.slice(0, 3)), text: line });
  }
}
