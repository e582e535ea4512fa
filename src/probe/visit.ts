// A port as the checks use it: opens conversations in the state they need, and keeps what several of them ask for.

import type { HostAddress } from '../platform/probe-names.ts';
import type { Handshake, ProbeTls } from '../platform/probe-wire.ts';
import { encodeBase64 } from '../protocol/wire/base64.ts';
import { utf8 } from '../base/bytes.ts';
import { err, ok, type Result } from '../base/result.ts';
import { codeOf, told } from './answer.ts';
import type { Conversation, Hello } from './conversation.ts';
import type { Dialler } from './dialler.ts';
import { type Survey, tlsOf } from './survey.ts';
import type { ProbePort, Target } from './target.ts';

/** `greeted`: nothing was said yet; `clear`: after EHLO in clear; `inside`: after EHLO inside TLS; `deepest`: inside if that works; `authenticated`: logged in, inside. A port of implicit TLS is never in clear. */
export type Phase = 'greeted' | 'clear' | 'inside' | 'deepest' | 'authenticated';

export interface Session {
  readonly conversation: Conversation;
  /** Undefined in phase `greeted`. */
  readonly hello: Hello | undefined;
}

export interface Visit {
  readonly target: Target;
  readonly port: ProbePort;
  readonly found: Survey;
  /** The error is a sentence. */
  open(phase: Phase, purpose: string): Promise<Result<Session>>;
  /** TLS with settings of one's own; the connection is dropped afterwards. */
  shakeHands(settings: Partial<ProbeTls>, purpose: string): Promise<Result<Handshake>>;
  /** Computed at the first call, then remembered for the run. */
  once<T>(key: string, make: () => Promise<T>): Promise<T>;
}

export function createVisit(dialler: Dialler, target: Target, found: Survey, at: HostAddress): Visit {
  const kept = new Map<string, Promise<unknown>>();
  const { port } = found;

  async function begin(purpose: string): Promise<Result<Conversation>> {
    const dialled = await dialler.dial(at, port.port, purpose);
    return dialled.type === 'open' ? ok(dialled.conversation) : err(dialled.detail);
  }

  /** To the moment in which the ClientHello may be sent. */
  async function beforeTls(purpose: string): Promise<Result<Conversation>> {
    const begun = await begin(purpose);
    if (!begun.ok || port.kind === 'implicit') return begun;
    const conversation = begun.value;
    const greeting = await conversation.next();
    if (codeOf(greeting) !== 220) return dropped(conversation, `greeting: ${told(greeting)}`);
    const hello = await conversation.hello();
    if (typeof hello === 'string') return dropped(conversation, `EHLO: ${hello}`);
    const answer = await conversation.say('STARTTLS');
    return codeOf(answer) === 220 ? begun : dropped(conversation, `STARTTLS: ${told(answer)}`);
  }

  async function inside(purpose: string): Promise<Result<Session>> {
    const begun = await beforeTls(purpose);
    if (!begun.ok) return begun;
    const conversation = begun.value;
    const shaken = await conversation.secure(tlsOf(target));
    if (shaken.type === 'failed') return dropped(conversation, `TLS: ${shaken.detail}`);
    if (port.kind === 'implicit') await conversation.next();
    const hello = await conversation.hello();
    return typeof hello === 'string'
      ? dropped(conversation, `EHLO inside TLS: ${hello}`)
      : ok({ conversation, hello });
  }

  async function clear(purpose: string, says: boolean): Promise<Result<Session>> {
    const begun = await begin(purpose);
    if (!begun.ok) return begun;
    const conversation = begun.value;
    if (port.kind === 'implicit') {
      const shaken = await conversation.secure(tlsOf(target));
      if (shaken.type === 'failed') return dropped(conversation, `TLS: ${shaken.detail}`);
    }
    const greeting = await conversation.next();
    if (codeOf(greeting) !== 220) return dropped(conversation, `greeting: ${told(greeting)}`);
    const hello = says ? await conversation.hello() : undefined;
    return typeof hello === 'string' ? dropped(conversation, `EHLO: ${hello}`) : ok({ conversation, hello });
  }

  async function authenticated(purpose: string): Promise<Result<Session>> {
    const { login } = target;
    if (login === undefined) return err('no credentials were given (--login)');
    const refusal = credentialsMayNotGo(found);
    if (refusal !== undefined) return err(refusal);
    const opened = await inside(purpose);
    if (!opened.ok) return opened;
    const { conversation } = opened.value;
    const secret = encodeBase64(utf8(`\0${login.user}\0${login.password}`));
    const answer = await conversation.say(`AUTH PLAIN ${secret}`, 'AUTH PLAIN (secret)');
    return codeOf(answer) === 235 ? opened : dropped(conversation, `AUTH: ${told(answer)}`);
  }

  return {
    ...{ target, port, found },
    open(phase, purpose) {
      switch (phase) {
        case 'greeted':
          return clear(purpose, false);
        case 'clear':
          return clear(purpose, true);
        case 'inside':
          return inside(purpose);
        case 'deepest':
          return typeof found.inside === 'object' ? inside(purpose) : clear(purpose, true);
        case 'authenticated':
          return authenticated(purpose);
      }
    },
    async shakeHands(settings, purpose) {
      const begun = await beforeTls(purpose);
      if (!begun.ok) return begun;
      const shaken = await begun.value.secure({ ...tlsOf(target), ...settings });
      begun.value.drop();
      return ok(shaken);
    },
    once<T>(key: string, make: () => Promise<T>): Promise<T> {
      const known = kept.get(key) as Promise<T> | undefined;
      const made = known ?? make();
      kept.set(key, made);
      return made;
    },
  };
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
