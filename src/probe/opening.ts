// Brings a conversation into the state that a check needs.

import type { HostAddress } from '../platform/probe-names.ts';
import { encodeBase64 } from '../protocol/wire/base64.ts';
import { utf8 } from '../base/bytes.ts';
import { err, ok, type Result } from '../base/result.ts';
import { codeOf, told } from './answer.ts';
import type { Conversation, Hello } from './conversation.ts';
import type { Dialler } from './dialler.ts';
import { type Survey, tlsOf } from './survey.ts';
import type { Target } from './target.ts';

/** `greeted`: nothing was said yet; `clear`: after EHLO in clear; `inside`: after EHLO inside TLS; `deepest`: inside if that works; `authenticated`: logged in, inside. A port of implicit TLS is never in clear. */
export type Phase = 'greeted' | 'clear' | 'inside' | 'deepest' | 'authenticated';

export interface Session {
  readonly conversation: Conversation;
  /** Undefined in phase `greeted`. */
  readonly hello: Hello | undefined;
}

export class Opening {
  readonly #dialler: Dialler;
  readonly #target: Target;
  readonly #found: Survey;
  readonly #at: HostAddress;

  constructor(dialler: Dialler, target: Target, found: Survey, at: HostAddress) {
    this.#dialler = dialler;
    this.#target = target;
    this.#found = found;
    this.#at = at;
  }

  /** The error is a sentence. */
  open(phase: Phase, purpose: string): Promise<Result<Session>> {
    switch (phase) {
      case 'greeted':
        return this.#clear(purpose, false);
      case 'clear':
        return this.#clear(purpose, true);
      case 'inside':
        return this.#inside(purpose);
      case 'deepest':
        return typeof this.#found.inside === 'object' ? this.#inside(purpose) : this.#clear(purpose, true);
      case 'authenticated':
        return this.#authenticated(purpose);
    }
  }

  /** To the moment in which the ClientHello may be sent. */
  async beforeTls(purpose: string): Promise<Result<Conversation>> {
    const begun = await this.#begin(purpose);
    if (!begun.ok || this.#isImplicit) return begun;
    const conversation = begun.value;
    const greeting = await conversation.next();
    if (codeOf(greeting) !== 220) return dropped(conversation, `greeting: ${told(greeting)}`);
    const hello = await conversation.hello();
    if (typeof hello === 'string') return dropped(conversation, `EHLO: ${hello}`);
    const answer = await conversation.say('STARTTLS');
    return codeOf(answer) === 220 ? begun : dropped(conversation, `STARTTLS: ${told(answer)}`);
  }

  get #isImplicit(): boolean {
    return this.#found.port.kind === 'implicit';
  }

  async #begin(purpose: string): Promise<Result<Conversation>> {
    const dialled = await this.#dialler.dial(this.#at, this.#found.port.port, purpose);
    return dialled.type === 'open' ? ok(dialled.conversation) : err(dialled.detail);
  }

  async #inside(purpose: string): Promise<Result<Session>> {
    const begun = await this.beforeTls(purpose);
    if (!begun.ok) return begun;
    const conversation = begun.value;
    const shaken = await conversation.secure(tlsOf(this.#target));
    if (shaken.type === 'failed') return dropped(conversation, `TLS: ${shaken.detail}`);
    if (this.#isImplicit) await conversation.next();
    const hello = await conversation.hello();
    return typeof hello === 'string'
      ? dropped(conversation, `EHLO inside TLS: ${hello}`)
      : ok({ conversation, hello });
  }

  async #clear(purpose: string, says: boolean): Promise<Result<Session>> {
    const begun = await this.#begin(purpose);
    if (!begun.ok) return begun;
    const conversation = begun.value;
    if (this.#isImplicit) {
      const shaken = await conversation.secure(tlsOf(this.#target));
      if (shaken.type === 'failed') return dropped(conversation, `TLS: ${shaken.detail}`);
    }
    const greeting = await conversation.next();
    if (codeOf(greeting) !== 220) return dropped(conversation, `greeting: ${told(greeting)}`);
    const hello = says ? await conversation.hello() : undefined;
    return typeof hello === 'string' ? dropped(conversation, `EHLO: ${hello}`) : ok({ conversation, hello });
  }

  async #authenticated(purpose: string): Promise<Result<Session>> {
    const { login } = this.#target;
    if (login === undefined) return err('no credentials were given (--login)');
    const refusal = credentialsMayNotGo(this.#found);
    if (refusal !== undefined) return err(refusal);
    const opened = await this.#inside(purpose);
    if (!opened.ok) return opened;
    const { conversation } = opened.value;
    const secret = encodeBase64(utf8(`\0${login.user}\0${login.password}`));
    const answer = await conversation.say(`AUTH PLAIN ${secret}`, 'AUTH PLAIN (secret)');
    return codeOf(answer) === 235 ? opened : dropped(conversation, `AUTH: ${told(answer)}`);
  }
}

function dropped(conversation: Conversation, because: string): { ok: false; error: string } {
  conversation.drop();
  return err(because);
}

/** RFC 8314 section 5: no password before TLS with a certificate that is valid for the server. */
function credentialsMayNotGo({ handshake }: Survey): string | undefined {
  if (handshake?.type !== 'secured') return 'there is no TLS: a password is not sent in clear';
  return handshake.problem === undefined
    ? undefined
    : `the certificate is not valid (${handshake.problem}): a password is not sent there (--ca FILE, --name NAME)`;
}
