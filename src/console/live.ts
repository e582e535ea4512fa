// Live figures: one stream (server-sent events) for each open page. What it shows is looked up once for all who see the same, and only while somebody watches; what has not
// changed is not sent, and that nothing can be looked up is. A stream ends with its session, and one that does not take what it is sent is closed.

import type { Clock } from '../platform/platform.ts';
import type { Session } from './sessions.ts';

export const STREAMS_MAX = 50;
/** Of one person, in however many sessions; of a link for nobody, of its session. The others' are not for him to take. */
export const STREAMS_PER_PERSON = 10;
export const LOOK_MS = 2_000;
/** A look that takes longer is told of: what stands on the page is old by then. */
export const LATE_MS = 4_000;
/** A quiet stream says so often that it is there. */
const HEARTBEAT_MS = 15_000;
/** What may wait for a reader. */
const UNREAD_OCTETS_MAX = 512 * 1024;

export interface LiveOptions {
  readonly clock: Clock;
  lives(session: Session): Promise<boolean>;
  /** Sessions that give the same see the same. */
  scopeOf(session: Session): string;
  /** What is shown now to this session, and to all of its scope. */
  look(session: Session): Promise<string>;
}

interface Stream {
  readonly session: Session;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  /** What stands on the page, and is as it was looked up last. */
  sent: string | undefined;
  /** Monotonic, ms. */
  saidAt: number;
}

export class Live {
  readonly #options: LiveOptions;
  readonly #streams = new Set<Stream>();
  #cancel: (() => void) | undefined;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  get open(): number {
    return this.#streams.size;
  }

  /** Undefined: there are as many as there may be, or as he may have. */
  stream(session: Session): Response | undefined {
    if (this.#streams.size >= STREAMS_MAX) return undefined;
    const his = [...this.#streams].filter((one) => personOf(one.session) === personOf(session));
    if (his.length >= STREAMS_PER_PERSON) return undefined;
    let stream: Stream | undefined;
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          stream = { session, controller, sent: undefined, saidAt: this.#options.clock.monotonic() };
          this.#streams.add(stream);
          if (this.#cancel === undefined) this.#lookIn(0);
        },
        cancel: () => {
          if (stream !== undefined) this.#streams.delete(stream);
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: UNREAD_OCTETS_MAX }),
    );
    return new Response(body, {
      headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' },
    });
  }

  #lookIn(ms: number): void {
    this.#cancel = this.#options.clock.after(ms, () => void this.#look());
  }

  async #look(): Promise<void> {
    const inTime = this.#options.clock.after(LATE_MS, () => {
      for (const stream of this.#streams) this.#tellThatItIsOld(stream);
    });
    await this.#endThoseThatAreOver();
    await this.#showAll();
    inTime();
    if (this.#streams.size > 0) this.#lookIn(LOOK_MS);
    else this.#cancel = undefined;
  }

  async #showAll(): Promise<void> {
    const { scopeOf, look } = this.#options;
    const first = new Map<string, Session>();
    for (const { session } of this.#streams) first.set(scopeOf(session), session);
    const looked = [...first].map(
      async ([scope, session]) => [scope, await look(session).catch(() => undefined)] as const,
    );
    const shown = new Map(await Promise.all(looked));
    // Whoever came meanwhile sees it the next time.
    for (const stream of this.#streams) this.#send(stream, shown.get(scopeOf(stream.session)));
  }

  /** While the store does not answer they stay. */
  async #endThoseThatAreOver(): Promise<void> {
    const judged = [...this.#streams].map(async (stream) => {
      if (!(await this.#options.lives(stream.session).catch(() => true)))
        this.#end(stream, event('over', ''));
    });
    await Promise.all(judged);
  }

  #send(stream: Stream, shown: string | undefined): void {
    const now = this.#options.clock.monotonic();
    const isNew = shown !== undefined && shown !== stream.sent;
    if (shown === undefined) this.#tellThatItIsOld(stream);
    if (!isNew && now - stream.saidAt < HEARTBEAT_MS) return;
    this.#say(stream, isNew ? event('parts', shown) : event('beat', ''));
    if (isNew) stream.sent = shown;
  }

  /** Once; what stands there is sent anew when it can be looked up again. */
  #tellThatItIsOld(stream: Stream): void {
    if (stream.sent === undefined) return;
    stream.sent = undefined;
    this.#say(stream, event('old', ''));
  }

  #say(stream: Stream, text: string): void {
    if ((stream.controller.desiredSize ?? 0) <= 0) return this.#end(stream, '');
    stream.controller.enqueue(encoder.encode(text));
    stream.saidAt = this.#options.clock.monotonic();
  }

  #end(stream: Stream, last: string): void {
    // Its reader may have left meanwhile.
    if (!this.#streams.delete(stream)) return;
    if (last !== '') stream.controller.enqueue(encoder.encode(last));
    stream.controller.close();
  }
}

const personOf = ({ actor, name }: Session): string => actor.identityId ?? `session ${name}`;

const encoder = new TextEncoder();

function event(name: string, data: string): string {
  const lines = data.split('\n').map((line) => `data: ${line}\n`);
  return `event: ${name}\n${lines.join('')}\n`;
}
