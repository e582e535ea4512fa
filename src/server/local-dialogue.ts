// A session in the role `local`, and somebody in this thread who speaks to it: command, reply, command. The client is this host; nobody connects, so
// there is nothing to admit, to secure or to log.

import { utf8 } from '../base/bytes.ts';
import { type RemoteReply, ReplyReader } from '../protocol/delivery/reply-reader.ts';
import type { SessionSettings } from '../protocol/session/ports.ts';
import { type Carrier, type Connection, type Conversation, openConversation } from './conversation.ts';
import type { Front } from './front.ts';

/** No address, port or host is involved: the record names this host. */
const HERE = { address: '127.0.0.1', port: 0 };
const EHLO = 'EHLO localhost\r\n';

export class LocalDialogue {
  /** The id of the message that was accepted. */
  acceptedAs: string | undefined;
  readonly #conversation: Conversation;
  readonly #reader = new ReplyReader();
  #hears = Promise.withResolvers<RemoteReply>();
  #last: RemoteReply | undefined;
  #ended = false;
  /** Set while content is written to disk. */
  #holds: { readonly over: Promise<void>; resume(): void } | undefined;

  constructor(front: Front, settings: SessionSettings) {
    const party = { id: front.sessionId(), listener: settings, remote: HERE, local: HERE, admit: () => true };
    const noting: Front = {
      ...front,
      accepted: (connection, acceptance, envelope, ms) => {
        this.acceptedAs = acceptance.id;
        front.accepted(connection, acceptance, envelope, ms);
      },
    };
    this.#conversation = openConversation(noting, settings, party, this.#carrier());
  }

  get connection(): Connection {
    return this.#conversation.connection;
  }

  /** What the session offers. */
  async begin(): Promise<RemoteReply> {
    const greeted = this.#hears.promise;
    this.#conversation.greet();
    await greeted;
    return this.say(EHLO);
  }

  /** One command. A session that has ended goes on saying its last word. */
  async say(command: string): Promise<RemoteReply> {
    if (this.#ended && this.#last !== undefined) return this.#last;
    this.#hears = Promise.withResolvers();
    this.#conversation.feed({ type: 'bytes', bytes: utf8(command) });
    return this.#hears.promise;
  }

  /** Content with its end. */
  async content(pieces: readonly Uint8Array[]): Promise<RemoteReply> {
    this.#hears = Promise.withResolvers();
    for (const bytes of pieces) {
      await this.#holds?.over;
      this.#conversation.feed({ type: 'bytes', bytes });
    }
    return this.#hears.promise;
  }

  end(): void {
    this.#conversation.closed();
  }

  #carrier(): Carrier {
    return {
      write: (bytes) => {
        for (const reply of this.#reader.push(bytes).replies) {
          this.#last = reply;
          this.#hears.resolve(reply);
        }
      },
      pause: () => {
        const { promise: over, resolve: resume } = Promise.withResolvers<void>();
        this.#holds ??= { over, resume };
      },
      resume: () => {
        this.#holds?.resume();
        this.#holds = undefined;
      },
      startTls: () => undefined,
      binding: () => undefined,
      end: () => (this.#ended = true),
    };
  }
}
