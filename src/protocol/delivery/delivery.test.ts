// The client side of SMTP and LMTP against scripted servers: what is sent, what is believed, whose fault a failure is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ALL, brief, Script, smtp, transaction } from '../../../test/fakes/delivery-script.ts';
import type { DeliveryTransaction } from './ports.ts';
import { ReplyReader } from './reply-reader.ts';

test('E-Q-5/1 EXT-PIPE-b: one copy for several recipients, in one group, each reply to its command by counting', () => {
  const script = new Script(smtp)
    .server('220 far.example')
    .hello(ALL)
    .deliver(transaction(['a@x.example', 'b@x.example', 'c@x.example']));
  assert.equal(
    script.sent,
    'MAIL FROM:<alice@example.org> SIZE=500 BODY=7BIT\r\nRCPT TO:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nRCPT TO:<c@x.example>\r\nDATA\r\n',
  );
  script.server('250 ok', '250 ok', '550 5.1.1 no', '450 4.2.1 later', '354 go');
  assert.ok(script.types.includes('content'));
  script.input({ type: 'contentSent' }).server('250 2.0.0 queued');
  assert.deepEqual(script.results.map(brief), ['accepted 250', 'refused 550', 'refused 450']);
});

test('EXT-PIPE-a2/2 EXT-PIPE-b: a 354 after every recipient was refused gets an empty end and nothing of the message', () => {
  const script = new Script(smtp)
    .server('220 x')
    .hello(ALL)
    .deliver(transaction(['a@x.example']));
  script.sent = '';
  script.server('250 ok', '550 no', '354 go');
  assert.equal(script.sent, '.\r\n');
  assert.ok(!script.types.includes('content'));
  script.server('554 no valid recipients');
  assert.deepEqual(script.results.map(brief), ['refused 550']);
});

test('E-Q-6 5321-an: MAIL refused is the reason of every recipient, and the connection goes on', () => {
  const script = new Script(smtp)
    .server('220 x')
    .hello(ALL)
    .deliver(transaction(['a@x.example', 'b@x.example']));
  script.server('550 5.7.1 not you', '503 no', '503 no', '503 no');
  assert.match(script.sent, /RSET\r\n$/);
  script.server('250 ok');
  assert.deepEqual(script.results.map(brief), ['refused 550', 'refused 550']);
  assert.equal(script.session.closed, false);
  script.deliver(transaction(['a@x.example'])).server('250', '250', '354');
  assert.ok(script.types.includes('content'));
});

test('E-S-2: a server that says 421 is asked for nothing more, also if it lingers', () => {
  for (const capabilities of [ALL, '8BITMIME']) {
    const script = new Script(smtp)
      .server('220 x')
      .hello(capabilities)
      .deliver(transaction(['a@x.example']));
    script.server('421 4.3.2 enough for one connection');
    if (capabilities === ALL) script.server('503 no', '503 no');
    assert.doesNotMatch(script.sent, /RSET/);
    assert.deepEqual(script.fates, ['refused 421']);
    assert.equal(script.session.closed, true);
  }
  const atRcpt = new Script(smtp)
    .server('220 x')
    .hello('8BITMIME')
    .deliver(transaction(['a@x.example', 'b@x.example', 'c@x.example']));
  atRcpt.server('250 ok').server('250 ok').server('421 4.7.0 enough');
  assert.doesNotMatch(atRcpt.sent, /RCPT TO:<c|DATA|RSET/);
  assert.deepEqual(atRcpt.fates, ['undecided 4.4.2, refused 421, undecided 4.4.2']);
  const amid = new Script(smtp)
    .server('220 x')
    .hello(ALL)
    .deliver(transaction(['a@x.example', 'b@x.example']));
  amid.server('250 ok', '250 ok', '421 4.7.0 enough', '354 go').input({ type: 'contentSent' });
  assert.equal(amid.session.takesMore, false, 'nothing may follow');
  assert.deepEqual(amid.server('250 2.0.0 kept').fates, ['accepted 250, refused 421']);
  assert.equal(amid.session.closed, true);
  const atTheEnd = new Script(smtp)
    .server('220 x')
    .hello(ALL)
    .deliver(transaction(['a@x.example']));
  atTheEnd.server('250 ok', '250 ok', '354 go').input({ type: 'contentSent' }).server('421 4.3.0 not now');
  assert.deepEqual(atTheEnd.fates, ['refused 421']);
  assert.equal(atTheEnd.session.closed, true);
});

test('E-S-2: without PIPELINING one command at a time', () => {
  const script = new Script(smtp)
    .server('220 x')
    .hello('8BITMIME')
    .deliver(transaction(['a@x.example', 'b@x.example']));
  assert.equal(script.sent, 'MAIL FROM:<alice@example.org> BODY=7BIT\r\n');
  script
    .server('250 ok')
    .server('250 ok')
    .server('550 no')
    .server('354 go')
    .input({ type: 'contentSent' })
    .server('451 4.3.0 later');
  assert.deepEqual(script.results.map(brief), ['refused 451', 'refused 550']);
});

test('E-M-1: LMTP says LHLO and takes one reply for each recipient, in order', () => {
  const script = new Script({ ...smtp, protocol: 'lmtp', tls: 'none' }).server('220 x');
  assert.equal(script.sent, 'LHLO msa.example.org\r\n');
  script.hello(ALL).deliver(transaction(['a@x.example', 'b@x.example', 'c@x.example']));
  script
    .server('250', '250', '250', '250', '354')
    .input({ type: 'contentSent' })
    .server('250 2.1.5 a', '552 5.2.2 full');
  assert.ok(!script.types.includes('result'), 'the third reply is missing');
  script.server('451 4.2.1 busy');
  assert.deepEqual(script.results.map(brief), ['accepted 250', 'refused 552', 'refused 451']);
});

test('EXT-DSN-b: report wishes are passed on to hops that know them, and to no others', () => {
  const wish = {
    forwardPath: 'a@x.example',
    notify: ['SUCCESS', 'DELAY'] as const,
    originalRecipient: { addressType: 'rfc822', address: 'a+b@x.example' },
  };
  const request = transaction([wish], { ret: 'HDRS', envelopeId: 'Q 1' });
  const knows = new Script(smtp).server('220 x').hello(ALL).deliver(request);
  assert.match(
    knows.sent,
    /RET=HDRS ENVID=Q\+201\r\nRCPT TO:<a@x\.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a\+2Bb@x\.example\r\n/,
  );
  knows.server('250', '250', '354').input({ type: 'contentSent' }).server('250');
  assert.equal(knows.results[0]?.type === 'accepted' && knows.results[0].reportsPassedOn, true);
  const plain = new Script(smtp).server('220 x').hello('PIPELINING').deliver(request);
  assert.doesNotMatch(plain.sent, /NOTIFY|ORCPT|RET=|ENVID/);
  plain.server('250', '250', '354').input({ type: 'contentSent' }).server('250');
  assert.equal(plain.results[0]?.type === 'accepted' && plain.results[0].reportsPassedOn, false);
});

test("EXT-8BIT EXT-UTF8-b 6409-8.4 6409-8-c/3 E-C-1: what a hop can't take is failed, never re-encoded", () => {
  const statusFor = (capabilities: string, request: DeliveryTransaction): string => {
    const script = new Script(smtp).server('220 x').hello(capabilities).deliver(request);
    assert.equal(script.sent, '', 'nothing was sent');
    return script.results
      .map((result) => (result.type === 'undecided' && result.permanent ? result.status : brief(result)))
      .join();
  };
  assert.equal(statusFor('PIPELINING', transaction(['a@x.example'], {}, { body8bit: true })), '5.6.3');
  assert.equal(statusFor('8BITMIME', transaction(['ü@x.example'], { smtputf8: true })), '5.6.7');
  assert.equal(
    statusFor('8BITMIME', transaction(['a@x.example'], { smtputf8: true }, { headerUtf8: true })),
    '5.6.9',
  );
  assert.equal(statusFor('SIZE 100', transaction(['a@x.example'])), '5.3.4');
  const asciiOnly = new Script(smtp)
    .server('220 x')
    .hello('8BITMIME')
    .deliver(transaction(['a@x.example'], { smtputf8: true }));
  assert.match(asciiOnly.sent, /^MAIL FROM/, 'SMTPUTF8 that nothing needs stops nothing');
});

test('EXT-UTF8-b: an address that needs SMTPUTF8 fails alone, the other recipients have the message', () => {
  for (const protocol of ['smtp', 'lmtp'] as const)
    for (const capabilities of ['8BITMIME,PIPELINING', '8BITMIME']) {
      const script = new Script({ ...smtp, protocol, tls: 'none' }).server('220 x').hello(capabilities);
      script.deliver(transaction(['ünal@x.example', 'plain@x.example', 'zoë@x.example'], { smtputf8: true }));
      script.server('250 ok').server('250 ok').server('354 go').input({ type: 'contentSent' });
      script.server('250 2.0.0 kept');
      assert.match(script.sent, /^MAIL FROM:<alice@example\.org>(?! .*SMTPUTF8)/);
      assert.deepEqual(script.sent.match(/RCPT TO:<[^>]*>/g), ['RCPT TO:<plain@x.example>']);
      assert.deepEqual(script.fates, ['undecided 5.6.7, accepted 250, undecided 5.6.7']);
      assert.equal(script.session.takesMore, true);
    }
  const refused = new Script(smtp).server('220 x').hello('8BITMIME,PIPELINING');
  refused.deliver(transaction(['ünal@x.example', 'plain@x.example'], { smtputf8: true }));
  refused.server('250 ok', '550 5.1.1 no', '503 no');
  assert.deepEqual(refused.server('250').fates, ['undecided 5.6.7, refused 550']);
  const takes = new Script(smtp).server('220 x').hello(ALL);
  takes.deliver(transaction(['ünal@x.example', 'plain@x.example'], { smtputf8: true }));
  assert.match(
    takes.sent,
    /SMTPUTF8\r\nRCPT TO:<ünal@x\.example>\r\nRCPT TO:<plain@x\.example>\r\nDATA\r\n$/,
  );
});

test('EXT-UTF8-b EXT-UTF8-d: where the domain alone is not ASCII, it goes out as A-labels and needs no SMTPUTF8', () => {
  for (const protocol of ['smtp', 'lmtp'] as const) {
    const script = new Script({ ...smtp, protocol, tls: 'none' }).server('220 x').hello('PIPELINING');
    script.deliver(
      transaction(['uta@müller.test', 'tom@Bücher.EXAMPLE', 'Plain@Case.Example', 'postmaster'], {
        ...{ reversePath: 'ada@müller.test', smtputf8: true },
      }),
    );
    assert.deepEqual(script.sent.split('\r\n'), [
      'MAIL FROM:<ada@xn--mller-kva.test>',
      'RCPT TO:<uta@xn--mller-kva.test>',
      'RCPT TO:<tom@xn--bcher-kva.example>',
      'RCPT TO:<Plain@Case.Example>',
      'RCPT TO:<postmaster>',
      ...['DATA', ''],
    ]);
  }
  const sender = new Script(smtp).server('220 x').hello('8BITMIME');
  sender.deliver(transaction(['a@x.example', 'b@x.example'], { reversePath: 'ädä@müller.test' }));
  assert.deepEqual([sender.sent, sender.fates], ['', ['undecided 5.6.7, undecided 5.6.7']]);
});

test('TLS-h F-STLS-2 E-T-1: octets in clear after the reply to STARTTLS end the connection', () => {
  const script = new Script(smtp).server('220 x').hello('STARTTLS');
  assert.match(script.sent, /STARTTLS\r\n$/);
  script.server('220 go', '250-fake', '250 AUTH PLAIN');
  assert.ok(!script.types.includes('startTls'));
  assert.ok(script.types.includes('hostFailed'));
});

test('TLS-h F-STLS-2: half a reply after the 220 is not completed by what comes inside TLS, wherever it was cut', () => {
  for (const half of ['2', '250', '250-', '250-fake\r\n', '250-fake\r\n250 AUTH', '\r\n', '250 x\r']) {
    const together = new Script(smtp).server('220 x').hello('STARTTLS').octets(`220 go\r\n${half}`);
    assert.ok(!together.types.includes('startTls'), `${half}: no handshake`);
    assert.deepEqual(together.types.slice(-2), ['hostFailed', 'close'], half);
    const apart = new Script(smtp).server('220 x').hello('STARTTLS').server('220 go').octets(half);
    apart.sent = '';
    apart.input({ type: 'tls', facts: { version: 'TLSv1.3', cipher: 'x' } });
    assert.deepEqual(apart.types.slice(-2), ['hostFailed', 'close'], `${half}, read before the handshake`);
    assert.equal(apart.sent, '', 'nothing is said inside TLS to whoever spoke in front of it');
  }
});

test('TLS-b E-T-1: after TLS it greets again and believes only what is said then', () => {
  const script = new Script(smtp).server('220 x').hello('STARTTLS,DSN').server('220 go');
  assert.ok(script.types.includes('startTls'));
  script.input({ type: 'tls', facts: { version: 'TLSv1.3', cipher: 'x' } }).hello('PIPELINING');
  script.deliver(transaction([{ forwardPath: 'a@x.example', notify: ['NEVER'] }]));
  assert.doesNotMatch(script.sent, /NOTIFY/);
});

test("F-STLS-2 TLS-g2: STARTTLS that is required and not offered is the host's failure", () => {
  const script = new Script({ ...smtp, tls: 'required' }).server('220 x').hello('PIPELINING');
  assert.ok(script.types.includes('hostFailed'));
  assert.ok(!script.types.includes('ready'));
});

test('E-S-1 AUTH-x AUTH-w: credentials go inside TLS only, and MAIL says AUTH=<>', () => {
  const auth = { user: 'relay', password: 'secret' };
  const clear = new Script({ ...smtp, tls: 'none', auth }).server('220 x').hello('AUTH PLAIN');
  assert.doesNotMatch(clear.sent, /AUTH/);
  assert.ok(clear.types.includes('hostFailed'));
  const script = new Script({ ...smtp, tls: 'implicit', auth }).input({
    type: 'tls',
    facts: { version: 'TLSv1.3', cipher: 'x' },
  });
  script.server('220 x').hello('AUTH LOGIN PLAIN,PIPELINING');
  assert.match(
    script.sent,
    new RegExp(`AUTH PLAIN ${Buffer.from('\0relay\0secret').toString('base64')}\r\n$`),
  );
  script.server('235 ok').deliver(transaction(['a@x.example']));
  assert.match(script.sent, /^MAIL FROM:<alice@example\.org> AUTH=<>\r\n/);
});

test("F-STLS-2 TLS-g2: STARTTLS that is required and refused is the host's failure, nothing goes in clear", () => {
  for (const no of ['454 not now', '502 no', '250 ok']) {
    const script = new Script({ ...smtp, tls: 'required' }).server('220 x').hello('STARTTLS');
    script.server(no);
    assert.ok(script.types.includes('hostFailed'), no);
    assert.ok(!script.types.includes('ready'), no);
  }
});

test('AUTH-z AUTH-w: whatever the client said in AUTH=, a hop that knows us hears <>, and one that does not hears nothing', () => {
  const auth = { user: 'relay', password: 'secret' };
  for (const said of [undefined, '<>', 'alice@example.org', 'ceo@example.org']) {
    const request = transaction(['a@x.example'], said === undefined ? {} : { authParameter: said });
    const known = new Script({ ...smtp, tls: 'implicit', auth })
      .input({ type: 'tls', facts: { version: 'TLSv1.3', cipher: 'x' } })
      .server('220 x')
      .hello('AUTH PLAIN,PIPELINING')
      .server('235 ok')
      .deliver(request);
    assert.match(known.sent, /^MAIL FROM:<alice@example\.org> AUTH=<>\r\n/);
    const unknown = new Script(smtp).server('220 x').hello('AUTH PLAIN,PIPELINING').deliver(request);
    assert.match(unknown.sent, /^MAIL FROM:<alice@example\.org>\r\n/);
  }
});

test("E-S-1: AUTH refused is the host's failure, never a bounce", () => {
  const script = new Script({ ...smtp, tls: 'implicit', auth: { user: 'u', password: 'p' } }).input({
    type: 'tls',
    facts: { version: 'TLSv1.3', cipher: 'x' },
  });
  script.server('220 x').hello('AUTH PLAIN').server('535 5.7.8 no');
  const failed = script.outputs.find(({ type }) => type === 'hostFailed');
  assert.equal(failed?.type === 'hostFailed' && failed.status, '4.7.8');
});

test("E-R-4 G-7: a greeting of 554 or 521 is the host's failure", () => {
  for (const greeting of ['554 no', '521 no mail here', '421 busy'])
    assert.ok(new Script(smtp).server(greeting).types.includes('hostFailed'));
});

test('E-S-2 E-Q-3: a connection that breaks in the transaction leaves everything undecided; after the end it may be delivered twice', () => {
  const before = new Script(smtp)
    .server('220 x')
    .hello(ALL)
    .deliver(transaction(['a@x.example']))
    .server('250')
    .input({ type: 'closed' });
  assert.deepEqual(before.results.map(brief), ['undecided 4.4.2']);
  const after = new Script(smtp)
    .server('220 x')
    .hello(ALL)
    .deliver(transaction(['a@x.example']))
    .server('250', '250', '354')
    .input({ type: 'contentSent' });
  assert.equal(after.session.deadline, 600_000, 'ten minutes for the final reply');
  after.now = 600_000;
  after.input({ type: 'timeout' });
  const result = after.outputs.findLast(({ type }) => type === 'result');
  assert.equal(result?.type === 'result' && result.replyLost, true);
});

test('E-S-2: a server that refuses in the middle of the content is believed, and nothing more is sent', () => {
  const script = new Script(smtp)
    .server('220 x')
    .hello(ALL)
    .deliver(transaction(['a@x.example', 'b@x.example']));
  script.server('250', '250', '550 no', '354 go').server('552 5.3.4 too large');
  assert.deepEqual(script.results.map(brief), ['refused 552', 'refused 550']);
  assert.equal(script.session.closed, true);
  assert.deepEqual(script.session.receive({ type: 'contentSent' }, 0), []);
});

test('F-TX-8 F-HDR-6 E-D-4: replies are bounded and cleaned, whatever the server says', () => {
  const reader = new ReplyReader();
  const { replies } = reader.push(Buffer.from('550-x\r\n550 Bcc: evil\u00fc\u001b[31m\r\n'));
  assert.deepEqual(
    replies.map(({ text }) => text),
    ['550 x Bcc: evil???[31m'],
  );
  assert.notEqual(
    new ReplyReader().push(Buffer.from('250-x\r\n'.repeat(300))).broken,
    undefined,
    'a reply without end',
  );
  assert.notEqual(new ReplyReader().push(Buffer.alloc(10_000, 'x')).broken, undefined, 'a line without end');
  assert.notEqual(new ReplyReader().push(Buffer.from('250-a\r\n550 b\r\n')).broken, undefined, 'two codes');
  assert.notEqual(new ReplyReader().push(Buffer.from('hello\r\n')).broken, undefined, 'no reply');
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (pieces) => {
      const script = new Script(smtp);
      for (const piece of pieces) script.input({ type: 'bytes', bytes: Buffer.from(piece) });
      assert.doesNotMatch(script.sent, /MAIL|AUTH/);
    }),
    { seed: 5, numRuns: 300 },
  );
});

test('EXT-IANA: keywords of the future change nothing', () => {
  const script = new Script(smtp)
    .server('220 x')
    .hello('X-NEW a b c,UTF8SMTP,PIPELINING')
    .deliver(transaction(['a@x.example']));
  assert.equal(script.sent, 'MAIL FROM:<alice@example.org>\r\nRCPT TO:<a@x.example>\r\nDATA\r\n');
});
