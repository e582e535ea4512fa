// A client's connection to a front: towards the front a socket as node:net would give it, towards the client what a client sees. What is
// on its way takes time; either end may close, break, or not read.

import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import type { Chance } from './chance.ts';
import type { Life, VirtualTime } from './time.ts';

export interface ClientEnd {
  /** Octets that the front has given to the system: said, whether or not they arrive. */
  said(bytes: Uint8Array): void;
  arrived(bytes: Uint8Array): void;
  closed(): void;
}

const SEGMENT_OCTETS = 16_384;

export class Link {
  readonly socket: Socket;
  /** A client that does not read: what it is sent stays with the system, and then with the server. */
  reading = true;
  isClosed = false;
  readonly #end: ClientEnd;
  readonly #time: VirtualTime;
  readonly #front: Life;
  readonly #chance: Chance;
  readonly #duplex: ServerSide;
  readonly #inbound: (Uint8Array | null)[] = [];
  #unread: (() => void)[] = [];
  #wanted = false;
  #toServerAt = 0;
  #toClientAt = 0;

  constructor(time: VirtualTime, chance: Chance, front: Life, address: string, end: ClientEnd) {
    this.#end = end;
    this.#time = time;
    this.#front = front;
    this.#chance = chance;
    this.#duplex = new ServerSide({
      read: () => {
        this.#wanted = true;
        this.#pour();
      },
      write: (bytes, done) => this.#fromServer(bytes, done),
      finished: () => this.#toClient(() => this.#finished()),
      closed: () => this.#toClient(() => this.#close()),
    });
    this.#duplex.remoteAddress = address;
    this.socket = this.#duplex as unknown as Socket;
    front.onEnd(() => this.#toClient(() => this.#close()));
  }

  /** Octets from the client, in segments. */
  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += SEGMENT_OCTETS) {
      const segment = bytes.subarray(at, at + SEGMENT_OCTETS);
      this.#toServer(() => this.#arrive(segment));
    }
  }

  /** The client closes: in order, or as a reset does it, overtaking nothing. */
  leave(reset: boolean): void {
    this.#close(false);
    this.#toServer(() => {
      if (reset) this.#duplex.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
      else this.#arrive(null);
    });
  }

  readAgain(): void {
    this.reading = true;
    const waiting = this.#unread;
    this.#unread = [];
    for (const go of waiting) go();
  }

  #arrive(segment: Uint8Array | null): void {
    if (this.#duplex.destroyed) return;
    this.#inbound.push(segment);
    this.#pour();
  }

  #pour(): void {
    while (this.#wanted && this.#front.alive) {
      const segment = this.#inbound.shift();
      if (segment === undefined) return;
      // A read hands out its own buffer.
      this.#wanted = this.#duplex.push(segment === null ? null : Buffer.from(segment));
    }
  }

  #fromServer(bytes: Uint8Array, done: () => void): void {
    const go = (): void => {
      this.#end.said(bytes);
      this.#toClient(() => {
        if (!this.isClosed) this.#end.arrived(bytes);
      });
      done();
    };
    if (this.reading) go();
    else this.#unread.push(go);
  }

  /** Most clients close their side when the server has closed its own. */
  #finished(): void {
    if (this.#chance.happens(0.9)) this.#toServer(() => this.#arrive(null));
    this.#close();
  }

  #close(tell = true): void {
    if (this.isClosed) return;
    this.isClosed = true;
    if (tell) this.#end.closed();
  }

  #toServer(run: () => void): void {
    this.#toServerAt = Math.max(this.#toServerAt, this.#time.monotonic + this.#chance.between(0.1, 2));
    this.#time.arriving(this.#toServerAt - this.#time.monotonic, run, this.#front);
  }

  #toClient(run: () => void): void {
    this.#toClientAt = Math.max(this.#toClientAt, this.#time.monotonic + this.#chance.between(0.1, 2));
    this.#time.after(this.#toClientAt - this.#time.monotonic, run);
  }
}

interface Hooks {
  read(): void;
  write(bytes: Uint8Array, done: () => void): void;
  finished(): void;
  closed(): void;
}

/** Ends its own side when the client has ended its: node:net does so by default. */
class ServerSide extends Duplex {
  remoteAddress = '';
  readonly remotePort = 50_000;
  readonly localAddress = '192.0.2.1';
  readonly localPort = 587;
  readonly #hooks: Hooks;

  constructor(hooks: Hooks) {
    super({ allowHalfOpen: false, highWaterMark: 65_536 });
    this.#hooks = hooks;
  }

  setNoDelay(): this {
    return this;
  }

  override _read(): void {
    this.#hooks.read();
  }

  override _write(bytes: Uint8Array, _: string, done: () => void): void {
    this.#hooks.write(bytes, done);
  }

  override _final(done: () => void): void {
    this.#hooks.finished();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#hooks.closed();
    done(error);
  }
}
