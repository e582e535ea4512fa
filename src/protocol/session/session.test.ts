// The session machine in time and in disorder: deadlines, late answers, holding, draining; and at random against a small model.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BareShell, settings } from '../../../test/dialogs/bare.ts';
import { ReplyStream } from '../../../test/dialogs/dialog.ts';
import { accepted, refusal } from '../refusal.ts';
import { createServerSession } from './session.ts';
import type { ServerSession, SessionInput, SessionOutput } from './ports.ts';

const LOGIN = `AUTH PLAIN ${Buffer.from('\0alice@example.org\0correct horse battery staple').toString('base64')}`;
const START = 1_000_000;

interface Driver {
  readonly session: ServerSession;
  feed(input: SessionInput, at?: number): readonly SessionOutput[];
  line(text: string, at?: number): readonly SessionOutput[];
}

/** A machine whose questions stay open until the test answers them. */
function drive(
  overrides: Parameters<typeof settings>[1] = {},
  role: 'submission' | 'mx' = 'submission',
): Driver {
  const { session } = createServerSession(settings(role, overrides), START);
  const feed: Driver['feed'] = (input, at = START) => session.receive(input, at);
  return {
    session,
    feed,
    line: (text, at) => feed({ type: 'bytes', bytes: Buffer.from(`${text}\r\n`) }, at),
  };
}

function authenticated(overrides: Parameters<typeof settings>[1] = {}): Driver {
  const driver = drive(overrides);
  driver.line('EHLO c');
  driver.line('STARTTLS');
  driver.feed({ type: 'tls', facts: { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' } });
  driver.line('EHLO c');
  driver.line(LOGIN);
  driver.feed({
    type: 'authentication',
    question: 1,
    answer: { type: 'authenticated', login: 'alice@example.org' },
  });
  return driver;
}

/** The same with its questions answered. */
function loggedIn(overrides: Parameters<typeof settings>[1] = {}): BareShell {
  const shell = new BareShell(settings('submission', overrides));
  shell.bytes(Buffer.from('EHLO c\r\nSTARTTLS\r\n'));
  shell.tls();
  shell.bytes(Buffer.from(`EHLO c\r\n${LOGIN}\r\n`));
  assert.equal(shell.session.view.login, 'alice@example.org');
  shell.text = '';
  return shell;
}

const said = (outputs: readonly SessionOutput[]): string =>
  outputs.map((output) => (output.type === 'send' ? Buffer.from(output.bytes).toString() : '')).join('');
const types = (outputs: readonly SessionOutput[]): readonly string[] => outputs.map(({ type }) => type);

test('5321-q G-8: an authenticated session may be idle for five minutes, then 421', () => {
  const { session, feed } = authenticated();
  assert.equal(session.deadline, START + 300_000);
  assert.deepEqual(feed({ type: 'timeout' }, START + 299_999), []);
  const outputs = feed({ type: 'timeout' }, START + 300_000);
  assert.match(said(outputs), /^421 4\.4\.2 /);
  assert.deepEqual(types(outputs), ['send', 'close']);
});

test('F-DOS-2/1 G-8: before AUTH there are sixty seconds in all, and dripping octets gains nothing', () => {
  const { session, feed } = drive();
  for (let second = 1; second < 60; second += 1)
    feed({ type: 'bytes', bytes: Buffer.from('N') }, START + second * 1000);
  assert.equal(session.deadline, START + 60_000);
  assert.match(said(feed({ type: 'timeout' }, START + 60_000)), /^421/);
});

test('G-8 AUTH-ae: inside TLS a person has five minutes for a password, and again after each one that was wrong', () => {
  const driver = drive();
  driver.line('EHLO c');
  driver.line('STARTTLS', START + 50_000);
  driver.feed({ type: 'tls', facts: { version: 'TLSv1.3', cipher: 'x' } }, START + 55_000);
  driver.line('EHLO c', START + 55_000);
  assert.equal(driver.session.deadline, START + 355_000);
  driver.line('NOOP', START + 300_000);
  assert.equal(driver.session.deadline, START + 355_000, 'it is for all, whatever is said');
  driver.line(LOGIN, START + 350_000);
  const answer = { type: 'refused', refusal: refusal('authFailed', 'x'), notBeforeMs: 2000 } as const;
  driver.feed({ type: 'authentication', question: 1, answer }, START + 350_000);
  driver.feed({ type: 'timeout' }, START + 352_000);
  assert.equal(driver.session.deadline, START + 652_000);
  driver.line('AUTH PLAIN', START + 640_000);
  driver.line('*', START + 640_000);
  assert.equal(driver.session.deadline, START + 652_000, 'what is no guess gains nothing');
  assert.match(said(driver.feed({ type: 'timeout' }, START + 652_000)), /^421 4\.4\.2 /);
  const { session } = createServerSession(settings('submission', { tls: 'implicit' }), START);
  session.receive({ type: 'tls', facts: { version: 'TLSv1.3', cipher: 'x' } }, START + 1000);
  assert.equal(session.deadline, START + 301_000, 'where TLS is from the start');
});

test('G-8 5321-q: on role mx a minute is for the first MAIL; who has said it may rest as long as others', () => {
  const { session, feed, line } = drive({}, 'mx');
  line('EHLO c');
  assert.match(said(drive({}, 'mx').feed({ type: 'timeout' }, START + 60_000)), /^421/);
  const message = (question: number, at: number): string => {
    line('MAIL FROM:<x@far.example>', at);
    feed({ type: 'verdict', question, verdict: accepted }, at);
    line('RCPT TO:<alice@example.org>', at);
    feed({ type: 'verdict', question: question + 1, verdict: accepted }, at);
    line('DATA\r\na: b\r\n\r\n.', at);
    const answer = { type: 'accepted', id: 'A' } as const;
    return said(feed({ type: 'acceptance', question: question + 2, answer }, at));
  };
  assert.match(message(1, START + 59_000), /^250 2\.0\.0 queued/);
  assert.deepEqual(feed({ type: 'timeout' }, START + 61_000), [], 'nothing is due');
  assert.equal(session.deadline, START + 359_000);
  assert.match(message(4, START + 300_000), /^250 2\.0\.0 queued/, 'and its next message is taken');
  line('RSET', START + 400_000);
  assert.equal(session.deadline, START + 700_000);
});

/** Each another mailbox of somebody: one that is named again is no other recipient. */
function rcpts(name: string, count: number): Buffer {
  return Buffer.from(
    Array.from({ length: count }, (_, n) => `RCPT TO:<${name}+${n}@example.org>\r\n`).join(''),
  );
}

test('F-ERR 5321-o G-10: recipients past the limit are no errors, before and after login', () => {
  const limits = { recipientsMax: 1000, errorsMax: { beforeAuth: 25, afterAuth: 500 } };
  for (const role of ['mx', 'submission'] as const) {
    const shell = role === 'mx' ? new BareShell(settings('mx', limits)) : loggedIn(limits);
    for (let mailing = 0; mailing < 2; mailing += 1) {
      shell.text = '';
      shell.bytes(
        Buffer.from(role === 'mx' ? 'EHLO c\r\nMAIL FROM:<>\r\n' : 'MAIL FROM:<alice@example.org>\r\n'),
      );
      shell.bytes(rcpts('bob', 2500));
      shell.bytes(Buffer.from('DATA\r\nFrom: alice@example.org\r\n\r\n.\r\n'));
      assert.equal(shell.text.split('\r\n452 4.5.3 ').length - 1, 1500);
      assert.match(shell.text, /\r\n250 2\.0\.0 queued as \w+\r\n$/);
      assert.equal(shell.accepted.at(-1)?.envelope.recipients.length, 1000);
    }
    assert.equal(shell.accepted.length, 2);
  }
});

test('F-ERR EXT-PIPE-a: what follows a refused MAIL in its group is no error, however many recipients it has', () => {
  for (const [refusedMail, code] of [
    ['MAIL FROM:<bob@example.org>', '550'],
    ['MAIL FROM:<a..b>', '501'],
    ['MAIL FROM:<alice@example.org> SIZE=99999999', '552'],
  ] as const) {
    const shell = loggedIn({ errorsMax: { beforeAuth: 25, afterAuth: 30 } });
    shell.bytes(
      Buffer.from(`${refusedMail}\r\n${'RCPT TO:<bob@example.org>\r\n'.repeat(500)}DATA\r\nRSET\r\n`),
    );
    const replies = shell.text.trimEnd().split('\r\n');
    assert.deepEqual(
      replies.map((line) => line.slice(0, 3)),
      [code, ...Array.from({ length: 501 }, () => '503'), '250'],
    );
    shell.text = '';
    shell.bytes(Buffer.from('RCPT TO:<bob@example.org>\r\n'.repeat(29)));
    // A refused sender address is no error either: old lists hold some.
    assert.equal(shell.closed, code !== '550', 'outside of it they are: 29 and the MAIL are 30');
  }
});

test('F-ERR: nor do consequences go on for ever', () => {
  const shell = loggedIn({ recipientsMax: 100, errorsMax: { beforeAuth: 25, afterAuth: 30 } });
  shell.bytes(Buffer.from(`MAIL FROM:<bob@example.org>\r\n${'RCPT TO:<bob@example.org>\r\n'.repeat(200)}`));
  assert.equal(shell.text.split('\r\n').filter((line) => line.startsWith('503')).length, 101 + 30);
  assert.equal(shell.closed, true);
});

test('F-ERR EXT-CHUNK-b: a refused message of many chunks is one error', () => {
  const shell = loggedIn({ errorsMax: { beforeAuth: 25, afterAuth: 30 } });
  const chunks = 'BDAT 6\r\nQUIT\r\n'.repeat(60);
  shell.bytes(
    Buffer.from(`MAIL FROM:<alice@example.org>\r\nRCPT TO:<nobody@example.org>\r\n${chunks}NOOP\r\n`),
  );
  assert.equal(shell.text.split('\r\n').filter((line) => line.startsWith('5')).length, 61);
  assert.match(shell.text, /\r\n250 2\.0\.0 OK\r\n$/);
});

test('F-ERR: accepted mail begins the count of errors again', () => {
  const message = 'MAIL FROM:<>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\na: b\r\n\r\n.\r\n';
  const shell = new BareShell(settings('mx'));
  shell.bytes(Buffer.from('EHLO c\r\n'));
  for (let n = 0; n < 5; n += 1) shell.bytes(Buffer.from('FOO\r\n'.repeat(24) + message));
  assert.equal(shell.accepted.length, 5);
  shell.bytes(Buffer.from('FOO\r\n'.repeat(25)));
  assert.equal(shell.closed, true);
});

test('F-ERR: a stranger has no endless supply of what comes to nothing; a user has', () => {
  const limits = { recipientsMax: 10, errorsMax: { beforeAuth: 25, afterAuth: 500 } };
  const excess = 'RCPT TO:<alice@example.org>\r\n'.repeat(5000);
  const stranger = new BareShell(settings('mx', limits));
  stranger.bytes(Buffer.from(`EHLO c\r\nMAIL FROM:<>\r\n${excess}`));
  assert.equal(stranger.text.split('\r\n452 4.5.3 ').length - 1, 4000);
  assert.match(stranger.text, /\r\n421 4\.7\.0 [^\r\n]*\r\n$/);
  assert.equal(stranger.closed, true);
  const user = loggedIn(limits);
  for (let n = 0; n < 3; n += 1)
    user.bytes(Buffer.from(`MAIL FROM:<alice@example.org>\r\n${excess}RSET\r\n`));
  assert.equal(user.closed, false);
});

test('F-ERR: nor is there one of 503 after a refused MAIL', () => {
  const shell = new BareShell(settings('mx', { errorsMax: { beforeAuth: 25, afterAuth: 500 } }));
  const group = `MAIL FROM:<x@far.example> SIZE=99999999\r\n${'RCPT TO:<alice@example.org>\r\n'.repeat(900)}`;
  shell.bytes(Buffer.from(`EHLO c\r\n${group.repeat(10)}`));
  assert.equal(shell.text.split('\r\n503 ').length - 1, 4000);
  assert.equal(shell.closed, true);
});

test('F-ERR: content that is refused after its last octet is an error of a stranger', () => {
  const { session, feed, line } = drive({}, 'mx');
  line('EHLO c');
  let text = '';
  for (let n = 0; n < 25; n += 1) {
    line('MAIL FROM:<>');
    feed({ type: 'verdict', question: 3 * n + 1, verdict: accepted });
    line('RCPT TO:<postmaster>');
    feed({ type: 'verdict', question: 3 * n + 2, verdict: accepted });
    line('DATA\r\na: b\r\n\r\n.');
    const answer = { type: 'refused', refusal: refusal('messageSyntax', 'test', { detail: 'x' }) } as const;
    text = said(feed({ type: 'acceptance', question: 3 * n + 3, answer }));
  }
  assert.match(text, /^5\d\d .*\r\n421 4\.7\.0 /);
  assert.equal(session.closed, true);

  const large = `MAIL FROM:<>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\na: ${'b'.repeat(100)}\r\n.\r\n`;
  const stranger = new BareShell(settings('mx', { messageOctetsMax: 50 }));
  stranger.bytes(Buffer.from(`EHLO c\r\n${large.repeat(30)}`));
  assert.equal(stranger.text.split('\r\n552 ').length - 1, 25);
  assert.equal(stranger.closed, true);
});

test('F-ERR: a stranger who has said MAIL has an hour for each message', () => {
  const { session, feed, line } = drive({}, 'mx');
  line('EHLO c');
  line('MAIL FROM:<>');
  feed({ type: 'verdict', question: 1, verdict: accepted });
  line('RSET', START + 3_500_000);
  assert.equal(session.deadline, START + 3_600_000);
  assert.match(said(feed({ type: 'timeout' }, START + 3_600_000)), /^421/);
});

test('F-ERR F-DOS-2/5: after login NOOP, RSET and EHLO are judged by its limit, and what keeps a connection alive is no error', () => {
  const shell = loggedIn();
  shell.bytes(Buffer.from(`MAIL FROM:<alice@example.org>\r\n${'RCPT TO:<bad>\r\n'.repeat(30)}RSET\r\n`));
  for (const [burst, verb] of ['NOOP', 'RSET', 'EHLO c'].entries()) {
    shell.now += 1000 * burst;
    shell.bytes(Buffer.from(`${verb}\r\n`.repeat(150)));
    assert.equal(shell.closed, false, verb);
  }
  for (let day = 0; day < 5000; day += 1) {
    shell.now += 30_000;
    shell.bytes(Buffer.from('RSET\r\nNOOP\r\n'));
  }
  assert.equal(shell.closed, false);
  shell.bytes(Buffer.from('NOOP\r\n'.repeat(600)));
  assert.equal(shell.closed, true, 'a flood is still one');
  const stranger = new BareShell(settings('submission'));
  for (let n = 0; n < 126; n += 1) {
    stranger.now += 1000;
    stranger.bytes(Buffer.from('NOOP\r\n'));
  }
  assert.equal(stranger.closed, true, 'who has not logged in keeps nothing alive');
});

test('5321-aa/2: what is said to the end of data holds for every recipient', () => {
  const shell = loggedIn();
  const begin =
    'MAIL FROM:<alice@example.org>\r\nRCPT TO:<x@far.example>\r\nRCPT TO:<nobody@example.org>\r\n' +
    'RCPT TO:<bob@example.org>\r\nDATA\r\n';
  shell.bytes(Buffer.from(`${begin}From: bob@example.org\r\n\r\n.\r\n`));
  assert.match(shell.text, /354 [^\r]*\r\n550 5\.7\.1 [^\r]*\r\n$/);
  assert.equal(shell.accepted.length, 0, 'refused for one is refused for all');
  shell.bytes(Buffer.from(`${begin}From: alice@example.org\r\n\r\n.\r\n`));
  assert.match(shell.text, /354 [^\r]*\r\n250 2\.0\.0 queued as [^\r]*\r\n$/);
  assert.deepEqual(
    shell.accepted.map(({ envelope }) => envelope.recipients.map(({ forwardPath }) => forwardPath)),
    [['x@far.example', 'bob@example.org']],
    'those who heard 250 have it, all of them, and nobody else',
  );
});

test('E-D-2/3 5321-k: of a source route in the reverse-path the mailbox at its end is kept', () => {
  for (const role of ['mx', 'submission'] as const) {
    const shell = role === 'mx' ? new BareShell(settings('mx')) : loggedIn();
    if (role === 'mx') shell.bytes(Buffer.from('EHLO c\r\n'));
    const text =
      'MAIL FROM:<@a.example,@b.example:alice@example.org>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n' +
      'From: alice@example.org\r\n\r\n.\r\n';
    shell.bytes(Buffer.from(text));
    assert.deepEqual(
      shell.accepted.map(({ envelope }) => envelope.reversePath),
      ['alice@example.org'],
    );
  }
});

test('F-HDR-1 5321-e: a greeting name is kept for the record, in ASCII', () => {
  for (const [said, kept] of [
    ['J\\xfcrgen', 'J\\\\xfcrgen'],
    ['J\xfcrgen', 'J\\xFCrgen'],
    ['m\xc3\xbcller.example', 'm\\xC3\\xBCller.example'],
    ['[IPv6:fe80::1%wlan0]', '[IPv6:fe80::1%wlan0]'],
    ["alice's_-", "alice's_-"],
  ] as const) {
    const shell = new BareShell(settings('mx'));
    shell.bytes(Buffer.from(`EHLO ${said}\r\n`, 'latin1'));
    assert.equal(shell.session.view.ehlo, kept.replaceAll('\\\\', '\\x5C'));
  }
});

test('F-DOS-2/2: content that drips is waited for only so long', () => {
  const driver = authenticated();
  driver.line('MAIL FROM:<alice@example.org>');
  driver.feed({ type: 'verdict', question: 2, verdict: accepted });
  driver.line('RCPT TO:<x@far.example>');
  driver.feed({ type: 'verdict', question: 3, verdict: accepted });
  driver.line('DATA');
  for (let n = 1; n <= 60; n += 1)
    driver.feed({ type: 'bytes', bytes: Buffer.from('x') }, START + n * 10_000);
  const deadline = driver.session.deadline ?? Infinity;
  assert.ok(deadline < START + 620_000, 'an octet each ten seconds is not progress enough');
  assert.match(said(driver.feed({ type: 'timeout' }, deadline)), /^421/);
});

/** Octets that come one by one, each nine seconds, from the start on, until the session ends; when it did, ms. */
function drips(driver: Driver): number {
  for (let at = START; at < START + 3_600_000; at += 9_000) {
    const deadline = driver.session.deadline ?? Infinity;
    if (deadline <= at) {
      assert.match(said(driver.feed({ type: 'timeout' }, deadline)), /^421/);
      return deadline - START;
    }
    driver.feed({ type: 'bytes', bytes: Buffer.from('x') }, at);
  }
  return Infinity;
}

test('F-DOS-2/2: what is read to be thrown away is waited for less: a chunk without recipients, content past the limit', () => {
  const stranger = drive({}, 'mx');
  stranger.line('EHLO c');
  stranger.line('MAIL FROM:<x@far.example>');
  stranger.feed({ type: 'verdict', question: 1, verdict: accepted });
  const { messageOctetsMax } = settings('mx');
  stranger.line(`BDAT ${messageOctetsMax}`);
  assert.ok(drips(stranger) <= 31_000);

  const tooLarge = authenticated({ messageOctetsMax: 1000 });
  tooLarge.line('MAIL FROM:<alice@example.org>');
  tooLarge.feed({ type: 'verdict', question: 2, verdict: accepted });
  tooLarge.line('RCPT TO:<x@far.example>');
  tooLarge.feed({ type: 'verdict', question: 3, verdict: accepted });
  tooLarge.line('DATA');
  tooLarge.line('x'.repeat(900));
  tooLarge.line('x'.repeat(900));
  assert.ok(drips(tooLarge) <= 31_000);
});

test('EXT-CHUNK-a: a refused chunk that comes at a modem’s pace is read to its end', () => {
  const { messageOctetsMax } = settings('mx');
  const stranger = drive({}, 'mx');
  stranger.line('EHLO c');
  stranger.line('MAIL FROM:<x@far.example>');
  stranger.feed({ type: 'verdict', question: 1, verdict: accepted });
  stranger.line(`BDAT ${messageOctetsMax}`);
  const piece = Buffer.alloc(20_000, 'x');
  let at = START;
  let heard = '';
  for (let sent = 0; sent < messageOctetsMax; sent += piece.length) {
    at += 10_000;
    assert.ok((stranger.session.deadline ?? 0) > at);
    heard = said(stranger.feed({ type: 'bytes', bytes: piece }, at));
  }
  assert.match(heard, /^503/);
});

test('6409-5.3-a: a question that nobody answers is 451 after 110 seconds, and the late answer is ignored', () => {
  const driver = authenticated();
  driver.line('MAIL FROM:<alice@example.org>');
  assert.equal(driver.session.deadline, START + 110_000);
  assert.match(said(driver.feed({ type: 'timeout' }, START + 110_000)), /^451 4\.3\.0/);
  assert.deepEqual(driver.feed({ type: 'verdict', question: 2, verdict: accepted }, START + 111_000), []);
  assert.match(said(driver.line('RCPT TO:<x@far.example>', START + 112_000)), /^503/);
});

test('5321-m D-TR-1: the envelope holds each recipient once, where its mail goes, and is handed over with the message', () => {
  const { feed, line } = authenticated();
  line('MAIL FROM:<alice@example.org> RET=HDRS');
  feed({ type: 'verdict', question: 2, verdict: accepted });
  const rcpt = (question: number, path: string, forwardPath?: string): readonly SessionOutput[] => {
    const outputs = line(`RCPT TO:<${path}>`);
    feed({
      ...{ type: 'verdict', question, verdict: accepted },
      ...(forwardPath === undefined ? {} : { forwardPath }),
    });
    return outputs;
  };
  rcpt(3, 'postmaster', 'root@example.org');
  rcpt(4, 'x@far.example');
  rcpt(5, 'root@EXAMPLE.ORG');
  const [asked] = rcpt(6, 'y@far.example', 'y@far.example');
  const recipients = ['root@example.org', 'x@far.example', 'y@far.example'].map((forwardPath) => ({
    forwardPath,
  }));
  assert.ok(asked?.type === 'recipient' && asked.envelope.reversePath === 'alice@example.org');
  const [start] = line('DATA');
  assert.ok(start?.type === 'messageStart');
  assert.deepEqual(start.envelope, {
    ...{ reversePath: 'alice@example.org', body: '7BIT', smtputf8: false, ret: 'HDRS' },
    recipients,
  });
});

test('AUTH-ab: authentication that hangs is 454, not 535', () => {
  const driver = drive();
  driver.line('EHLO c');
  driver.line('STARTTLS');
  driver.feed({ type: 'tls', facts: { version: 'TLSv1.3', cipher: 'x' } });
  driver.line('EHLO c');
  driver.line(LOGIN);
  assert.match(said(driver.feed({ type: 'timeout' }, START + 110_000)), /^454 4\.7\.0/);
});

test('F-AUTH-1: a refusal that has to wait holds back its reply and everything after it', () => {
  const driver = drive();
  driver.line('EHLO c');
  driver.line('STARTTLS');
  driver.feed({ type: 'tls', facts: { version: 'TLSv1.3', cipher: 'x' } });
  driver.line('EHLO c');
  driver.line(`${LOGIN}\r\nNOOP`);
  const answer = { type: 'refused', refusal: refusal('authFailed', 'x'), notBeforeMs: 2000 } as const;
  assert.deepEqual(driver.feed({ type: 'authentication', question: 1, answer }), []);
  assert.equal(driver.session.deadline, START + 2000);
  assert.match(said(driver.feed({ type: 'timeout' }, START + 2000)), /^535 5\.7\.8[^]*250 2\.0\.0/);
});

test('5321-aj: drain lets an open question end, then says 421', () => {
  const driver = authenticated();
  driver.line('MAIL FROM:<alice@example.org>');
  assert.deepEqual(driver.feed({ type: 'drain' }), []);
  const outputs = driver.feed({ type: 'verdict', question: 2, verdict: accepted });
  assert.match(said(outputs), /^250 2\.1\.0[^]*421 4\.3\.2/);
  assert.ok(types(outputs).includes('abort') && types(outputs).includes('close'));
});

test('BCP134-3.1-f: a revoked principal hears 421 at the next quiet moment', () => {
  const driver = authenticated();
  assert.match(said(driver.feed({ type: 'revoked' })), /^421 4\.7\.0/);
  assert.equal(driver.session.closed, true);
  assert.deepEqual(driver.line('NOOP'), [], 'nothing is heard after the end');
});

test('F-DOS-7 EXT-PIPE-a: octets after a question are held, then reading pauses, and none is lost', () => {
  const driver = authenticated();
  driver.line('MAIL FROM:<alice@example.org>');
  const noops = Buffer.from('NOOP\r\n'.repeat(60));
  const outputs: SessionOutput[] = [];
  for (let n = 0; n < 200; n += 1) outputs.push(...driver.feed({ type: 'bytes', bytes: noops }));
  assert.deepEqual(types(outputs), ['pause']);
  const after = driver.feed({ type: 'verdict', question: 2, verdict: accepted });
  assert.ok(types(after).includes('resume') || types(after).includes('close'));
});

test('F-AUTH-8 AUTH-aj: a connection that ends inside an exchange leaves nothing, and the next begins again', () => {
  for (const start of ['AUTH PLAIN', 'AUTH LOGIN', 'AUTH LOGIN YWxpY2U=']) {
    const shell = new BareShell(settings('submission'));
    shell.bytes(Buffer.from('EHLO c\r\nSTARTTLS\r\n'));
    shell.tls();
    shell.bytes(Buffer.from(`EHLO c\r\n${start}\r\n`));
    assert.match(shell.text, /334 [^\r]*\r\n$/);
    shell.feed({ type: 'closed' });
    shell.bytes(Buffer.from('YWxpY2U=\r\nNOOP\r\n'));
    assert.equal(shell.session.view.login, undefined);
    assert.equal(shell.closed, true);
    assert.doesNotMatch(shell.text, /250 2\.0\.0/);
  }
});

test('TT-a TT-b AUTH-ac: the with value tells what succeeded', () => {
  const shell = new BareShell(settings('submission'));
  const send = (text: string): void => shell.bytes(Buffer.from(`${text}\r\n`));
  const message = (parameters: string): string => {
    send(`MAIL FROM:<alice@example.org>${parameters}\r\nRCPT TO:<x@far.example>\r\nDATA`);
    send('From: alice@example.org\r\n\r\nx\r\n.');
    return shell.accepted.at(-1)?.withProtocol ?? '';
  };
  send('EHLO c\r\nSTARTTLS');
  shell.tls();
  send(`EHLO c\r\n${LOGIN}`);
  assert.equal(message(' SMTPUTF8'), 'UTF8SMTPSA');
  assert.equal(message(''), 'ESMTPSA', 'the next transaction is for itself');

  const mx = new BareShell(settings('mx'));
  const toMx = (text: string): void => mx.bytes(Buffer.from(`${text}\r\n`));
  for (const [hello, expected] of [
    ['HELO c', 'SMTP'],
    ['EHLO c', 'ESMTP'],
  ] as const) {
    toMx(`${hello}\r\nMAIL FROM:<>\r\nRCPT TO:<alice@example.org>\r\nDATA`);
    toMx('x: y\r\n\r\n.');
    assert.equal(mx.accepted.at(-1)?.withProtocol, expected);
  }
});

test('5321-o EXT-LIM G-10: the recipient after the limit is 452, the others stay', () => {
  const shell = new BareShell(settings('mx', { recipientsMax: 100 }));
  shell.bytes(Buffer.from('EHLO c\r\nMAIL FROM:<>\r\n'));
  shell.text = '';
  shell.bytes(rcpts('alice', 101));
  const replies = shell.text.trimEnd().split('\r\n');
  assert.equal(replies.filter((reply) => reply.startsWith('250')).length, 100);
  assert.match(replies.at(-1) ?? '', /^452 4\.5\.3/);
  shell.bytes(Buffer.from('DATA\r\nx: y\r\n\r\n.\r\n'));
  assert.equal(shell.accepted[0]?.envelope.recipients.length, 100);
});

test('EXT-SIZE-b: a message over the limit is read to its end and refused; the session stays', () => {
  const shell = new BareShell(settings('mx', { messageOctetsMax: 1000 }));
  shell.bytes(Buffer.from('EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\n'));
  shell.text = '';
  shell.bytes(Buffer.from(`a: b\r\n\r\n${'x'.repeat(70)}\r\n`.repeat(20)));
  shell.bytes(Buffer.from('.\r\nNOOP\r\n'));
  assert.match(shell.text, /^552 5\.3\.4 [^\r]*1000 octets\r\n250 2\.0\.0/);
  assert.ok(shell.events.includes('abort'));
  assert.equal(shell.accepted.length, 0);
});

test('EXT-SIZE-a EXT-SIZE-b EXT-CHUNK-d: exactly the limit is taken, one octet more is not, by DATA, by BDAT and as declared', () => {
  const limit = 1000;
  const to = (more = ''): BareShell => {
    const shell = new BareShell(settings('mx', { messageOctetsMax: limit }));
    shell.bytes(Buffer.from(`EHLO c\r\nMAIL FROM:<>${more}\r\nRCPT TO:<alice@example.org>\r\n`));
    shell.text = '';
    return shell;
  };
  for (const [octets, reply] of [
    [limit, '250 2.0.0'],
    [limit + 1, '552 5.3.4'],
  ] as const) {
    const content = `${'x'.repeat(octets - 2)}\r\n`.replaceAll(/x{98}(?=x)/g, `${'x'.repeat(96)}\r\n`);
    assert.equal(content.length, octets);
    const byData = to();
    // A dot that is there for transparency is none of the message.
    byData.bytes(Buffer.from(`DATA\r\n.${content.replace('x', '.')}.\r\n`));
    assert.match(byData.text, new RegExp(`^354 [^\\r]*\\r\\n${reply}`), `DATA of ${octets}`);
    const inOne = to();
    inOne.bytes(Buffer.from(`BDAT ${octets} LAST\r\n${content}`));
    const chunkReply = octets > limit ? '552 5.3.4 Chunk exceeds' : reply;
    assert.ok(inOne.text.startsWith(chunkReply), `BDAT of ${octets}: ${inOne.text}`);
    const inTwo = to();
    inTwo.bytes(
      Buffer.from(`BDAT 500\r\n${content.slice(0, 500)}BDAT ${octets - 500} LAST\r\n${content.slice(500)}`),
    );
    assert.ok(inTwo.text.includes(`\r\n${chunkReply}`), `BDAT of ${octets} in two chunks: ${inTwo.text}`);
    const declared = to(` SIZE=${octets}`);
    declared.bytes(Buffer.from('DATA\r\n'));
    assert.equal(declared.text.slice(0, 3), octets > limit ? '503' : '354', `SIZE=${octets}`);
    for (const { accepted: messages } of [byData, inOne, inTwo])
      assert.deepEqual(
        messages.map(({ content: { length } }) => length),
        octets > limit ? [] : [limit],
      );
  }
});

test('EXT-SIZE-b: far over the limit nobody goes on reading', () => {
  const shell = new BareShell(settings('mx', { messageOctetsMax: 1000 }));
  shell.bytes(Buffer.from('EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\n'));
  shell.bytes(Buffer.from(`${'x'.repeat(70)}\r\n`.repeat(100)));
  assert.equal(shell.closed, true);
});

test('TLS-x F-STLS-3: a connection that ends inside DATA voids the transaction', () => {
  const shell = new BareShell(settings('mx'));
  shell.bytes(Buffer.from('EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\na: b\r\n'));
  shell.feed({ type: 'closed' });
  shell.bytes(Buffer.from('\r\n.\r\n'));
  assert.equal(shell.accepted.length, 0);
  assert.ok(shell.events.includes('abort'));
});

// What may be said when, in a few lines: the reference for random sequences (F-TX-1).
interface Model {
  hello: boolean;
  mail: boolean;
  recipients: number;
}

const moves = [
  'EHLO c',
  'MAIL FROM:<>',
  'RCPT TO:<alice@example.org>',
  'RCPT TO:<x@far.example>',
  'RSET',
  'NOOP',
  'DATA',
  'FOO',
  'EHLO',
] as const;

function expected(model: Model, move: (typeof moves)[number]): string {
  switch (move) {
    case 'EHLO c':
      Object.assign(model, { hello: true, mail: false, recipients: 0 });
      return '250';
    case 'EHLO':
      return '501';
    case 'MAIL FROM:<>':
      if (!model.hello || model.mail) return '503';
      Object.assign(model, { mail: true, recipients: 0 });
      return '250';
    case 'RCPT TO:<alice@example.org>':
      if (!model.mail) return '503';
      model.recipients += 1;
      return '250';
    case 'RCPT TO:<x@far.example>':
      return model.mail ? '550' : '503';
    case 'RSET':
      Object.assign(model, { mail: false, recipients: 0 });
      return '250';
    case 'NOOP':
      return '250';
    case 'FOO':
      return '500';
    case 'DATA':
      return model.mail ? (model.recipients > 0 ? '354' : '50') : '503';
  }
}

test('F-TX-1 5321-g 5321-i: random commands, one reply each, as the model says', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...moves), { maxLength: 40 }), (sequence) => {
      const shell = new BareShell(settings('mx', { errorsMax: { beforeAuth: 1000, afterAuth: 1000 } }));
      const stream = new ReplyStream();
      const model: Model = { hello: false, mail: false, recipients: 0 };
      let refusedAll = false;
      shell.text = '';
      for (const move of sequence) {
        const want = expected(model, move);
        shell.bytes(Buffer.from(`${move}\r\n`));
        stream.push(shell.text);
        shell.text = '';
        const reply = stream.take()?.at(-1) ?? '';
        refusedAll = want === '50';
        assert.ok(
          reply.startsWith(want) || (refusedAll && reply.startsWith('554')),
          `${move}: ${reply}, expected ${want}`,
        );
        if (want === '354') {
          const before = shell.accepted.length;
          shell.bytes(Buffer.from('a: b\r\n\r\n.\r\n'));
          stream.push(shell.text);
          shell.text = '';
          assert.match(stream.take()?.[0] ?? '', /^250 2\.0\.0 queued/);
          assert.equal(shell.accepted[before]?.envelope.recipients.length, model.recipients);
          Object.assign(model, { mail: false, recipients: 0 });
        }
        assert.equal(stream.rest, '', 'one reply for one command');
      }
    }),
    { seed: 20_261_124, numRuns: 1500 },
  );
});

test('F-SMUG-7 F-TX-7: any octets, in any pieces: no throw, the same replies as in one piece', () => {
  const word = fc.constantFrom(
    'EHLO c\r\n',
    'MAIL FROM:<>',
    'RCPT TO:<alice@example.org>',
    'DATA\r\n',
    'BDAT 5\r\n',
    'BDAT 3 LAST\r\n',
    '\r\n',
    '.\r\n',
    '\n',
    '\r',
    '\0',
    'a: b\r\n\r\n',
    ' ',
    '<"',
    '\u00fc',
    'AUTH PLAIN =\r\n',
    '*\r\n',
  );
  const piece = fc.oneof(
    word.map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 30 }),
      fc.constantFrom('submission' as const, 'mx' as const),
      (pieces, role) => {
        const [whole, cut] = [new BareShell(settings(role)), new BareShell(settings(role))];
        whole.bytes(Buffer.concat(pieces));
        for (const octet of Buffer.concat(pieces)) cut.bytes(Uint8Array.of(octet));
        assert.equal(cut.text, whole.text);
        assert.equal(cut.closed, whole.closed);
        assert.deepEqual(cut.accepted, whole.accepted);
      },
    ),
    { seed: 4711, numRuns: 1500 },
  );
});
