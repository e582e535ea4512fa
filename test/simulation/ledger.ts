// What was said and done outside the server, written down as it happens: what clients sent and were told, what next hops took. Beside it
// what the store made durable. Some promises are checked on the spot, the rest at the end (`promises.ts`).

import type { AcceptedPayload } from '../../src/record/events.ts';
import type { Identity } from '../../src/record/identity.ts';
import type { AcceptChange, Change, Outcome } from '../../src/store/port.ts';
import { identityIdOf, type Moment } from './plan.ts';
import type { Life, VirtualTime } from './time.ts';

/** One message of one client, as the client knows it. `whole`: its end was sent, and not answered so far. */
export interface Sending {
  readonly tag: string;
  readonly connection: number;
  readonly life: Life;
  readonly login: string;
  readonly reversePath: string;
  readonly silent: boolean;
  /** Those that RCPT accepted. */
  readonly recipients: string[];
  readonly content: Buffer;
  /** Date, Message-ID and From are there: nothing is completed. */
  readonly complete: boolean;
  state: 'begun' | 'whole' | 'promised' | 'refused';
  reply: string;
  id: string | undefined;
  /** When MAIL was sent. */
  begunAt: number;
  /** When the front gave the final reply. */
  repliedAt: number;
}

/** A next hop took a message for these recipients; from now on it is delivered, whatever the relay hears of it. */
export interface Taking {
  readonly host: string;
  readonly life: Life;
  readonly from: string;
  readonly recipients: readonly string[];
  readonly content: Buffer;
  /** When its MAIL came in. */
  readonly begunAt: number;
  readonly at: number;
  readonly id: string;
  readonly tag: string | undefined;
  /** The reply arrived, and could be told from that to the command after it. */
  heard: boolean;
}

export class Ledger {
  readonly sendings = new Map<string, Sending>();
  readonly takings: Taking[] = [];
  /** By message id: what the store has accepted. */
  readonly durable = new Map<string, AcceptChange>();
  /** `id recipient` → owner whose settle ended it. */
  readonly ended = new Map<string, string>();
  readonly broken: string[] = [];
  /** Logins that clients heard of, and those that the lookup thread was asked about; the rest a front knew. */
  readonly logins = { taken: 0, asked: 0 };
  /** When the faults end, by the wall clock. */
  healedAt = Infinity;
  trace: ((line: string) => void) | undefined;
  /** After its commit a suspension is heard by every front within this, ms. */
  suspensionMs = 2_000;
  onTaking: (taking: Taking) => void = () => undefined;
  readonly #time: VirtualTime;
  readonly #moments = new Map<Moment, (whose: string | undefined) => void>();
  readonly #idsByTag = new Map<string, string[]>();
  readonly #reports = new Map<string, string>();
  readonly #suspended = new Map<string, number>();
  readonly #linked = new Map<Life, number>();
  /** `id recipient attempt` → owner. */
  readonly #leases = new Map<string, string>();

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  note(line: string): void {
    this.trace?.(line);
  }

  /** Calls once, a moment after the next such event, with the owner that it is of: before anybody has heard of it, or just then. */
  onMoment(moment: Moment, call: (whose: string | undefined) => void): void {
    this.#moments.set(moment, call);
  }

  #happened(moment: Moment, whose: string | undefined): void {
    const call = this.#moments.get(moment);
    if (call === undefined) return;
    this.#moments.delete(moment);
    this.#time.after((this.takings.length % 5) * 0.1, () => call(whose));
  }

  /** A promise is broken. */
  breach(what: string): void {
    this.note(`BROKEN ${what}`);
    this.broken.push(`${(this.#time.monotonic / 1000).toFixed(3)} s: ${what}`);
  }

  /** A front has a new line to the store, over which it hears who is suspended. */
  linked(life: Life): void {
    this.#linked.set(life, this.#time.monotonic);
  }

  /** The front gave its final word for a message to the system. */
  answered(sending: Sending, code: number, reply: string): void {
    if (sending.state !== 'whole' && code < 300)
      this.breach(`${sending.tag} got ${code} before its end was sent`);
    sending.repliedAt = this.#time.monotonic;
    sending.reply = reply;
    sending.state = code < 300 ? 'promised' : 'refused';
    this.note(`client ${sending.connection}: ${sending.tag} got ${reply}`);
    if (code >= 300) return;
    sending.id = /queued as (\w+)/.exec(reply)?.[1];
    const since = this.#suspended.get(identityIdOf(sending.login)) ?? Infinity;
    if (sending.begunAt - Math.max(since, this.#linked.get(sending.life) ?? 0) > this.suspensionMs)
      this.breach(`${sending.tag} was taken though its identity was suspended before it began`);
    if (!this.durable.has(sending.id ?? ''))
      this.breach(`${sending.tag} got its 250 before it was durable (${reply})`);
  }

  taken(what: Omit<Taking, 'at' | 'id' | 'tag' | 'heard'>): Taking {
    const end = what.content.indexOf('\r\n\r\n');
    const header = what.content.toString('latin1', 0, end < 0 ? what.content.length : end + 2);
    const tag = /^X-Tag: (.*)\r$/m.exec(header)?.[1];
    const id =
      tag === undefined
        ? this.#reports.get(/^Message-ID: (.*)\r$/m.exec(header)?.[1] ?? '')
        : /^Received: [^]*?\sid ([0-9A-Z]{26})/.exec(header)?.[1];
    const taking: Taking = { ...what, at: this.#time.monotonic, id: id ?? '', tag, heard: false };
    this.takings.push(taking);
    this.onTaking(taking);
    this.#happened('taken', what.life.name);
    this.note(`${what.host}: took ${tag ?? 'report'} ${taking.id} for ${what.recipients.join(' ')}`);
    const accepted = this.durable.get(taking.id);
    if (accepted === undefined)
      this.breach(`${tag ?? 'a report'} (${taking.id}) was relayed before its commit`);
    const since = this.#suspended.get(accepted?.message.identityId ?? '');
    if (since !== undefined && taking.begunAt - since > this.suspensionMs)
      this.breach(`${taking.id} left ${taking.begunAt - since} ms after its identity was suspended`);
    return taking;
  }

  /** Under which ids a message of a client was accepted. */
  idsOf(tag: string): readonly string[] {
    return this.#idsByTag.get(tag) ?? [];
  }

  /** What a commit of the store has done. */
  committed(changes: readonly Change[], outcomes: readonly Outcome[]): void {
    changes.forEach((change, at) => {
      const type = outcomes[at]?.type;
      const { type: moment } = change;
      if (
        change.type === 'claim' ||
        change.type === 'withdraw' ||
        change.type === 'free' ||
        change.type === 'settle' ||
        change.type === 'report' ||
        change.type === 'queue' ||
        change.type === 'undo'
      )
        this.note(`store: ${JSON.stringify(withoutEvents(change))} ${JSON.stringify(outcomes[at])}`);
      if (isMoment(moment)) this.#happened(moment, 'owner' in change ? change.owner : undefined);
      if (change.type === 'accept' && type === 'accepted') this.#accepted(change);
      const outcome = outcomes[at];
      if (change.type === 'claim' && outcome?.type === 'claimed')
        for (const { messageId, recipientNumber, attempt } of outcome.deliveries)
          this.#leased(`${messageId} ${recipientNumber} ${attempt}`, change.owner);
      if (change.type === 'identity' && type === 'written') this.#written(change.identity);
      if (change.type === 'report' && type === 'reported' && change.report !== undefined)
        this.#accepted(change.report);
      if (change.type !== 'settle' || type !== 'settled') return;
      for (const { fate, event } of change.recipients) {
        const { recipient } = event.payload as { recipient: string };
        this.note(`store: ${change.messageId} ${recipient} ${event.type} (${change.owner})`);
        if (fate.type === 'final') this.ended.set(`${change.messageId} ${recipient}`, change.owner);
      }
    });
  }

  /** An attempt has one owner; asked again for the same claim it gets the same. */
  #leased(attempt: string, owner: string): void {
    const other = this.#leases.get(attempt) ?? owner;
    if (other !== owner) this.breach(`the attempt ${attempt} is leased to ${owner}, and was to ${other}`);
    this.#leases.set(attempt, owner);
  }

  #written({ id, state }: Identity): void {
    this.note(`store: ${id} is ${state}`);
    if (state === 'active') this.#suspended.delete(id);
    else this.#suspended.set(id, this.#time.monotonic);
  }

  #accepted(change: AcceptChange): void {
    const { message } = change;
    this.note(`store: accepted ${message.id} ${message.role} owner ${change.owner ?? 'none'}`);
    if (change.owner !== undefined && change.untried !== true)
      change.recipients.forEach((_, number) => this.#leased(`${message.id} ${number} 1`, change.owner ?? ''));
    if (this.durable.has(message.id)) return;
    this.durable.set(message.id, change);
    const { content } = change;
    const start = Buffer.from(content.kind === 'inline' ? content.bytes : content.header).toString(
      'latin1',
      0,
      2000,
    );
    const tag = /^X-Tag: (.*)\r$/m.exec(start)?.[1];
    if (tag !== undefined && message.role !== 'local')
      this.#idsByTag.set(tag, [...(this.#idsByTag.get(tag) ?? []), message.id]);
    const { messageIdField } = change.event.payload as AcceptedPayload;
    if (message.role === 'local' && messageIdField !== undefined)
      this.#reports.set(messageIdField, message.id);
  }
}

function isMoment(type: Change['type']): type is Exclude<Moment, 'taken'> & Change['type'] {
  return ['accept', 'settle', 'claim', 'free', 'identity'].includes(type);
}

function withoutEvents(change: Change): object {
  if (change.type === 'report') {
    const { messageId, notices, report } = change;
    return { type: 'report', messageId, notices, report: report?.message.id };
  }
  if (change.type !== 'settle') return change;
  const recipients = change.recipients.map(({ event, ...fate }) => ({ ...fate, is: event.type }));
  return { ...change, recipients };
}
