// AUTH with a mechanism that does all that an exchange may do: it sees the TLS facts, asks for the binding of its connection, asks midway, and
// ends with data for the client. What it brings is a password, then a code; what it stands for is any mechanism that asks more than once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settings } from '../../../test/dialogs/bare.ts';
import { refusal } from '../refusal.ts';
import type { Exchange, Mechanism, PasswordEvidence } from '../sasl/mechanism.ts';
import type { AuthenticationVerdict, SessionInput, SessionOutput } from './ports.ts';
import { createServerSession } from './session.ts';

const START = 1_000_000;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const twoSteps: Mechanism = {
  name: 'TWO-STEPS',
  clientFirst: false,
  open: (tls) => new TwoSteps(tls?.version ?? 'none'),
};

class TwoSteps implements Exchange {
  readonly #version: string;
  #name: string | undefined;
  #binding = '';

  constructor(version: string) {
    this.#version = version;
  }

  begin() {
    return { type: 'challenge', bytes: Buffer.from(`name, over ${this.#version}`) } as const;
  }

  respond(response: Uint8Array) {
    const text = Buffer.from(response).toString();
    if (this.#name !== undefined) return { type: 'evidence', evidence: this.#evidence(text) } as const;
    this.#name = text;
    return { type: 'tlsBinding', binding: 'tls-exporter' } as const;
  }

  given(octets: Uint8Array | undefined) {
    if (this.#binding !== '')
      return { type: 'challenge', bytes: Buffer.from(`code for ${String(octets)}`) } as const;
    this.#binding = String(octets);
    return { type: 'evidence', evidence: this.#evidence(this.#binding) } as const;
  }

  #evidence(password: string): PasswordEvidence {
    const authenticationIdentity = this.#name ?? '';
    const mechanism = 'TWO-STEPS';
    return { kind: 'password', mechanism, authorizationIdentity: '', authenticationIdentity, password };
  }
}

function drive(mechanism: Mechanism = twoSteps) {
  const { session } = createServerSession(settings('submission', { mechanisms: [mechanism] }), START);
  const feed = (input: SessionInput, at = START) => session.receive(input, at);
  const line = (text: string, at?: number) => feed({ type: 'bytes', bytes: Buffer.from(`${text}\r\n`) }, at);
  line('EHLO c\r\nSTARTTLS');
  feed({ type: 'tls', facts: { version: 'TLSv1.3', cipher: 'x' } });
  assert.match(said(line('EHLO c')), new RegExp(`^250-AUTH ${mechanism.name}\r$`, 'm'));
  return { session, feed, line };
}

/** Up to the question that has a verdict. */
function askedForVerdict(): ReturnType<typeof drive> {
  const driver = drive();
  driver.line('AUTH TWO-STEPS');
  driver.line(base64('alice'));
  const material = (question: number, text: string) =>
    driver.feed({
      ...{ type: 'authentication', question },
      answer: { type: 'material', octets: Buffer.from(text) },
    });
  material(1, 'bound');
  material(2, 'today');
  driver.line(base64('1234'));
  return driver;
}

const verdictOf = (answer: AuthenticationVerdict) =>
  ({ type: 'authentication', question: 3, answer }) as const;
const letIn = verdictOf({ type: 'authenticated', login: 'alice', finalData: Buffer.from('v=1') });
const wrong = refusal('authFailed', 'wrong');
const keptOut = verdictOf({
  ...{ type: 'refused', refusal: wrong, notBeforeMs: 0 },
  finalData: Buffer.from('{"status":"invalid_token"}'),
});

const said = (outputs: readonly SessionOutput[]): string =>
  outputs.map((output) => (output.type === 'send' ? Buffer.from(output.bytes).toString() : '')).join('');

test('AUTH-aj: an exchange sees the TLS facts, asks for the binding and midway, and brings evidence each time', () => {
  const { feed, line } = drive();
  assert.equal(said(line('AUTH TWO-STEPS')), `334 ${base64('name, over TLSv1.3')}\r\n`);
  assert.deepEqual(line(base64('alice')), [{ type: 'tlsBinding', question: 1, binding: 'tls-exporter' }]);
  const brought = (password: string) => ({
    ...{ kind: 'password', mechanism: 'TWO-STEPS' },
    ...{ authorizationIdentity: '', authenticationIdentity: 'alice', password },
  });
  const given = (question: number, text: string) =>
    feed({
      ...{ type: 'authentication', question },
      answer: { type: 'material', octets: Buffer.from(text) },
    });
  assert.deepEqual(given(1, 'bound'), [{ type: 'authenticate', question: 2, evidence: brought('bound') }]);
  assert.equal(said(given(2, 'today')), `334 ${base64('code for today')}\r\n`);
  assert.deepEqual(line(base64('1234')), [{ type: 'authenticate', question: 3, evidence: brought('1234') }]);
});

test('AUTH-aj: with data for the client, nobody is logged in before its empty line', () => {
  const { session, feed, line } = askedForVerdict();
  assert.equal(said(feed(letIn)), `334 ${base64('v=1')}\r\n`);
  assert.equal(session.view.login, undefined);
  const outputs = line('');
  assert.match(said(outputs), /^235 2\.7\.0 /);
  assert.equal(outputs[0]?.type, 'loggedIn', 'before its 235 leaves');
  assert.equal(session.view.login, 'alice');
});

for (const [last, reply] of [
  ['*', /^501 5\.7\.0 /],
  ['AAAA', /^535 5\.7\.8 /],
] as const)
  test(`AUTH-aj: ${last} in the place of the empty line logs nobody in`, () => {
    const { session, feed, line } = askedForVerdict();
    feed(letIn);
    const outputs = line(last);
    assert.match(said(outputs), reply);
    assert.ok(outputs.every(({ type }) => type !== 'loggedIn'));
    assert.equal(session.view.login, undefined);
    assert.match(said(line('MAIL FROM:<alice@example.org>')), /^530 /);
    assert.match(said(line('AUTH TWO-STEPS')), /^334 /, 'and the next begins again');
  });

test('F-AUTH-1 AUTH-ae: a refusal with a challenge before it waits once, and counts whatever follows', () => {
  const { feed, line } = askedForVerdict();
  const late = { ...keptOut, answer: { ...keptOut.answer, notBeforeMs: 2000 } };
  assert.deepEqual(feed(late, START + 500), []);
  assert.match(said(feed({ type: 'timeout' }, START + 2000)), /^334 /);
  assert.match(said(line('AQ==', START + 2100)), /^535 5\.7\.8 /);

  const counted = drive();
  for (const question of [2, 4, 6]) {
    counted.line('AUTH TWO-STEPS');
    counted.line(base64('alice'));
    const binding = { type: 'material', octets: undefined } as const;
    counted.feed({ type: 'authentication', question: question - 1, answer: binding });
    counted.feed({ ...keptOut, question });
    assert.match(said(counted.line('*')), /^501 /);
  }
  assert.match(said(counted.line('AUTH TWO-STEPS')), /^421 4\.7\.0 /);
});

test('F-AUTH-1: a refusal waits from its question on, so what the judge took is not added', () => {
  const { session, feed } = askedForVerdict();
  const answer = { type: 'refused', refusal: wrong, notBeforeMs: 2000 } as const;
  feed(verdictOf(answer), START + 1500);
  assert.equal(session.deadline, START + 2000);
  const slow = askedForVerdict();
  assert.match(said(slow.feed(verdictOf(answer), START + 2500)), /^535 /, 'it has waited already');
});

test('AUTH-ab AUTH-aj: an exchange whose question hangs is over, and a late answer is nobody’s', () => {
  const { session, feed, line } = askedForVerdict();
  assert.match(said(feed({ type: 'timeout' }, START + 110_000)), /^454 4\.7\.0/);
  assert.deepEqual(feed(letIn, START + 111_000), []);
  assert.equal(session.view.login, undefined);
  assert.match(said(line('', START + 111_000)), /^500 /, 'no line of an exchange');
});

test('AUTH-ab: material for a mechanism that asked for none is a fault of ours, not a wrong password', () => {
  const plain: Mechanism = {
    ...{ name: 'ONE', clientFirst: true },
    open: () => ({
      begin: () => ({ type: 'challenge', bytes: Buffer.of() }),
      respond: () => ({ type: 'evidence', evidence: { ...evidence } }),
    }),
  };
  const evidence: PasswordEvidence = {
    ...{ kind: 'password', mechanism: 'ONE', authorizationIdentity: '' },
    ...{ authenticationIdentity: 'a', password: 'b' },
  };
  const { feed, line } = drive(plain);
  line('AUTH ONE AA==');
  const answer = { type: 'material', octets: Buffer.of(1) } as const;
  assert.match(said(feed({ type: 'authentication', question: 1, answer })), /^454 4\.7\.0/);
});

test('BCP134-3.1-f: 421 for an answer at MAIL or at the end of data ends the session', () => {
  const expired = refusal('loginExpired', 'the credential of the login has expired');
  for (const atEnd of [false, true]) {
    const { session, feed, line } = askedForVerdict();
    feed(verdictOf({ type: 'authenticated', login: 'alice' }));
    line('MAIL FROM:<alice@example.org>');
    if (atEnd) {
      feed({ type: 'verdict', question: 4, verdict: { type: 'accepted' } });
      line('RCPT TO:<x@far.example>');
      feed({ type: 'verdict', question: 5, verdict: { type: 'accepted' } });
      line('DATA\r\na: b\r\n\r\n.');
    }
    const answer = { type: 'refused', refusal: expired } as const;
    const outputs = atEnd
      ? feed({ type: 'acceptance', question: 6, answer })
      : feed({ type: 'verdict', question: 4, verdict: answer });
    assert.match(said(outputs), /^421 4\.7\.0 The login has expired, log in again\r\n$/);
    assert.deepEqual(outputs.at(-1), { type: 'close', reason: 'expired' });
    assert.equal(session.closed, true);
  }
});
