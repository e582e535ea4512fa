// The bare session machine under a dialog: no socket, no clock; its questions are answered by the real policy over a small fixed directory,
// its messages judged by the real header rules.

import { HeaderCollector } from '../../src/message/header-collector.ts';
import { encodeHeader } from '../../src/message/encode-header.ts';
import { encodingRefusal, judgeHeader } from '../../src/message/header-facts.ts';
import { parseHeader } from '../../src/message/header.ts';
import { decideMxMail, decideMxRecipient } from '../../src/policy/mx-policy.ts';
import { decideHeader, decideMail, decideRecipient } from '../../src/policy/submission-policy.ts';
import type { Envelope } from '../../src/protocol/envelope.ts';
import { refusal, type Refusal } from '../../src/protocol/refusal.ts';
import { mechanismsNamed } from '../../src/protocol/sasl/mechanisms.ts';
import { createServerSession } from '../../src/protocol/session/session.ts';
import type { ServerSession, SessionInput, SessionOutput, SessionSettings } from '../../src/protocol/session/ports.ts';
import type { Principal } from '../../src/record/identity.ts';
import { canonicalAddress } from '../../src/policy/address.ts';

export const PASSWORD = 'correct horse battery staple';
const domains = new Set(['example.org']);
const mailboxes = new Set(['alice', 'bob', 'sales', 'postmaster', 'abuse'].map((name) => `${name}@example.org`));

const alice: Principal = {
  identityId: 'alice',
  login: 'alice@example.org',
  proof: { kind: 'password', id: 'password', label: 'password' },
  mechanism: 'PLAIN',
  revision: 1,
  mailbox: true,
  rights: [
    { kind: 'address', address: 'alice@example.org' },
    { kind: 'granted', address: 'sales@example.org' },
  ],
  limits: {},
};

export function settings(role: 'submission' | 'mx', overrides: Partial<SessionSettings> = {}): SessionSettings {
  return {
    role,
    hostname: 'msa.example.org',
    tls: 'starttls',
    mechanisms: mechanismsNamed(['PLAIN', 'LOGIN']),
    messageOctetsMax: 25 * 1024 * 1024,
    recipientsMax: 1000,
    longLines: role === 'mx' ? 'pass' : 'refuse',
    timeouts: { beforeAuthMs: 60_000, loginMs: 300_000, idleMs: 300_000, replyMs: 110_000 },
    errorsMax: { beforeAuth: 25, afterAuth: 500 },
    authFailuresMax: 3,
    ...overrides,
  };
}

export interface AcceptedMessage {
  readonly envelope: Envelope;
  readonly content: Buffer;
  readonly withProtocol: string;
}

/** A session whose questions are answered at once. */
export class BareShell {
  readonly session: ServerSession;
  readonly accepted: AcceptedMessage[] = [];
  readonly events: string[] = [];
  text = '';
  closed = false;
  wantsTls = false;
  now = 1_000_000;
  readonly #role: SessionSettings['role'];
  #principal: Principal | undefined;
  #envelope: Envelope | undefined;
  #content: Buffer[] = [];

  constructor(chosen: SessionSettings) {
    this.#role = chosen.role;
    const opened = createServerSession(chosen, this.now);
    this.session = opened.session;
    this.perform(opened.outputs);
  }

  feed(input: SessionInput): void {
    this.perform(this.session.receive(input, this.now));
  }

  bytes(bytes: Uint8Array): void {
    this.feed({ type: 'bytes', bytes });
  }

  tls(): void {
    this.wantsTls = false;
    this.feed({ type: 'tls', facts: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' } });
  }

  perform(outputs: readonly SessionOutput[]): void {
    for (const output of outputs) {
      this.events.push(output.type);
      this.#one(output);
    }
  }

  #one(output: SessionOutput): void {
    switch (output.type) {
      case 'send':
        this.text += Buffer.from(output.bytes).toString('latin1');
        break;
      case 'startTls':
        this.wantsTls = true;
        break;
      case 'authenticate': {
        const { authenticationIdentity, password, authorizationIdentity } = output.evidence;
        const login = canonicalAddress(authenticationIdentity) ?? `${authenticationIdentity}@example.org`;
        const right = login === alice.login && password === PASSWORD && ['', authenticationIdentity].includes(authorizationIdentity);
        if (right) this.#principal = alice;
        const answer = right
          ? ({ type: 'authenticated', login } as const)
          : ({ type: 'refused', refusal: refusal('authFailed', 'wrong'), notBeforeMs: 0 } as const);
        this.feed({ type: 'authentication', question: output.question, answer });
        break;
      }
      case 'mail': {
        const { verdict } = this.#role === 'mx' ? decideMxMail(domains, output.from) : decideMail(this.#facts(), output.from);
        this.feed({ type: 'verdict', question: output.question, verdict });
        break;
      }
      case 'recipient':
        this.#recipient(output);
        break;
      case 'messageStart':
        this.#envelope = output.envelope;
        this.#content = [];
        break;
      case 'messageBytes':
        this.#content.push(Buffer.from(output.bytes));
        break;
      case 'accept':
        this.#accept(output.question);
        break;
      case 'close':
        this.closed = true;
        break;
      case 'tlsBinding':
      case 'loggedIn':
      case 'unanswered':
      case 'abort':
      case 'refused':
      case 'pause':
      case 'resume':
        break;
    }
  }

  #facts() {
    return { principal: this.#principal, state: 'active', domains, displayNames: 'refuse' } as const;
  }

  #recipient({ question, recipient, envelope }: Extract<SessionOutput, { type: 'recipient' }>): void {
    const { forwardPath } = recipient;
    const canonical = canonicalAddress(forwardPath) ?? '';
    const domain = forwardPath.slice(forwardPath.lastIndexOf('@') + 1).toLowerCase();
    const mailbox = !domains.has(domain) ? 'elsewhere' : mailboxes.has(canonical.replace(/\+[^@]*/, '')) ? 'exists' : 'unknown';
    const { verdict } =
      this.#role === 'mx'
        ? decideMxRecipient(domains, recipient, mailbox, 'msa.example.org', { smtputf8: envelope.smtputf8, ownAddresses: ['127.0.0.1'] })
        : decideRecipient({ ...this.#facts(), from: envelope, mailbox }, recipient, envelope.recipients.length);
    this.feed({ type: 'verdict', question, verdict });
  }

  #accept(question: number): void {
    const envelope = this.#envelope;
    if (envelope === undefined) throw new Error('content without its start');
    const content = Buffer.concat(this.#content);
    const problem = this.#role === 'mx' ? undefined : this.#judge(content, envelope);
    if (problem === undefined) this.accepted.push({ envelope, content, withProtocol: this.session.view.withProtocol });
    const answer = problem === undefined ? ({ type: 'accepted', id: '00000000000000000000000001' } as const) : ({ type: 'refused', refusal: problem } as const);
    this.feed({ type: 'acceptance', question, answer });
  }

  #judge(content: Buffer, envelope: Envelope): Refusal | undefined {
    const collector = new HeaderCollector(256 * 1024);
    const collected = collector.push(content);
    if (collected.type === 'tooLarge') return refusal('headerTooLarge', 'too large', { limit: 262_144 });
    const parsed = parseHeader(collected.type === 'complete' ? collected.header : collector.end());
    if (!parsed.ok) return refusal('messageSyntax', parsed.error.detail, { detail: parsed.error.detail });
    const encoded = encodeHeader(parsed.value);
    if (!encoded.ok && !envelope.smtputf8) return encodingRefusal(encoded.error);
    const header = encoded.ok && !envelope.smtputf8 ? encoded.value.header : parsed.value;
    const judged = judgeHeader(header, { smtputf8: envelope.smtputf8, receivedMax: 100 });
    if (!judged.ok) return judged.error;
    const { verdict } = decideHeader(this.#facts(), judged.value);
    return verdict.type === 'refused' ? verdict.refusal : undefined;
  }
}
