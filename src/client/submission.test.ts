// Messages over a connection: what goes on the wire, what each recipient hears, and what is never sent twice.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ADDRESS, failure, open, settled, world } from '../../test/fakes/client-world.ts';
import { BOB, brief, CHUNKING, host, lines, MESSAGE, one, said, send } from '../../test/fakes/one-server.ts';
import { CAPABILITIES, type HostScript } from '../../test/fakes/smtp-hosts.ts';
import type { EnvelopeInput } from './envelope.ts';
import type { MessageInput } from './message.ts';
import { type Submission, submit } from './submission.ts';

for (const capabilities of [CAPABILITIES, CHUNKING, ['AUTH PLAIN'], ['AUTH PLAIN', 'CHUNKING']])
  test(`EXT-PIPE-b EXT-CHUNK-a: a message arrives as it is with ${capabilities.join(' ')}`, async () => {
    for (const body of ['', '.', '..\r\n.a\r\n', 'a\r\n.\r\nb', `${'x'.repeat(900)}\r\n`.repeat(300)]) {
      const made = one({ capabilities: capabilities.map((word) => word.replace(/^SIZE.*/, 'SIZE')) });
      const message = `Subject: hi\r\n\r\n${body}`;
      const result = await send(made, message);
      assert.deepEqual(brief(result), ['accepted 250']);
      const [got] = host(made).accepted;
      assert.equal(got?.content, message.endsWith('\r\n') ? message : `${message}\r\n`);
      assert.deepEqual([got?.reversePath, got?.recipients], [ADDRESS, ['bob@x.example']]);
    }
  });

const roomy = (capabilities: readonly string[]): string[] =>
  capabilities.map((word) => word.replace(/^SIZE.*/, 'SIZE'));
const LARGE = MESSAGE + 'x\r\n'.repeat(50_000);

test('EXT-CHUNK-a EXT-PIPE-b: a large message goes by BDAT, when a recipient was accepted; a small one by DATA', async () => {
  const made = one({ capabilities: roomy(CHUNKING) });
  await send(made, LARGE);
  assert.match(said(made).join(), /^MAIL[^,]*,RCPT[^,]*,BDAT \d+ LAST,QUIT$/);
  await send(made);
  assert.match(said(made).join(), /,MAIL[^,]*,RCPT[^,]*,DATA,QUIT$/);
  const answer = (line: string): string | undefined => (line.startsWith('RCPT') ? '550 5.1.1 no' : undefined);
  const refusing = one({ capabilities: roomy(CHUNKING), answer });
  await failure(send(refusing, LARGE));
  assert.match(said(refusing).join(), /^MAIL[^,]*,RCPT[^,]*,RSET,QUIT$/);
});

test('EXT-CHUNK-b F-SMUG-3: who refuses a chunk hears no more on this connection, for it may not have been read', async () => {
  for (const reply of ['550 5.7.1 spam', '451 4.3.0 later', '502 5.5.1 what?']) {
    let chunks = 0;
    const made = one({
      capabilities: roomy(CHUNKING),
      answer: (line) => (line.startsWith('BDAT') && (chunks += 1) === 1 ? reply : undefined),
    });
    await using submission = await open(made, { port: 587 });
    const error = await failure(settled(made.clock, submission.submit(LARGE, BOB)));
    assert.deepEqual([error.kind, error.reply?.text], ['refused', reply]);
    assert.deepEqual(brief(await settled(made.clock, submission.submit(LARGE, BOB))), ['accepted 250']);
    assert.deepEqual([host(made).dials, host(made).accepted.length], [2, 1]);
  }
});

test('6409-8-c/2 EXT-DSN-b EXT-UTF8-b EXT-SIZE-b: extensions are used where they are offered, and only as far as the message needs', async () => {
  const envelope: EnvelopeInput = {
    ...{ reversePath: 'alice@example.org', ret: 'HDRS', envelopeId: 'id 7' },
    recipients: [
      {
        ...{ forwardPath: 'bob@x.example', notify: ['SUCCESS', 'FAILURE'] },
        originalRecipient: { addressType: 'rfc822', address: 'b+c@x.example' },
      },
    ],
  };
  const all = one({});
  await send(all, 'Subject: grüß\n\nhä\n', envelope);
  assert.deepEqual(said(all).slice(0, 2), [
    'MAIL FROM:<alice@example.org> SIZE=24 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=id+207',
    'RCPT TO:<bob@x.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b+2Bc@x.example',
  ]);
  const none = one({ capabilities: ['AUTH PLAIN'] });
  await send(none, MESSAGE, envelope);
  assert.deepEqual(said(none).slice(0, 3), [
    'MAIL FROM:<alice@example.org>',
    'RCPT TO:<bob@x.example>',
    'DATA',
  ]);
  const latin = one({});
  await send(latin, Buffer.from('Subject: gr\xfc\xdf\n\nh\xe4\n', 'latin1'));
  assert.equal(said(latin)[0], 'MAIL FROM:<alice@example.org> SIZE=21 BODY=8BITMIME');
});

for (const [why, message, envelope, without] of [
  ['UTF-8 in the header', 'Subject: grüß\n\nx\n', BOB, 'SMTPUTF8'],
  ['a UTF-8 address', MESSAGE, { ...BOB, recipients: ['bücher@x.example'] }, 'SMTPUTF8'],
  ['8-bit content', 'Subject: x\n\nhä\n', BOB, '8BITMIME'],
  ['more than the server takes', `${MESSAGE}${'x\r\n'.repeat(400_000)}`, BOB, 'none'],
] as const)
  test(`EXT-8BIT EXT-UTF8-b EXT-SIZE-b: ${why} is told before anything of it is sent`, async () => {
    const made = one({ capabilities: CAPABILITIES.filter((word) => word !== without) });
    const error = await failure(send(made, message, envelope));
    assert.deepEqual([error.kind, error.retry], ['notSupported', 'otherServer']);
    assert.doesNotMatch(said(made).join(), /MAIL/);
  });

test('F-TX-1 5321-an: each recipient has its own outcome; some refused is no error, all refused is', async () => {
  const replies: Readonly<Record<string, string>> = {
    'never@x.example': '550 5.1.1 nobody',
    'later@x.example': '450 4.2.1 busy',
  };
  const script: HostScript = { answer: (line) => replies[/^RCPT TO:<(.*)>/.exec(line)?.[1] ?? ''] };
  const some = await send(one(script), MESSAGE, {
    ...BOB,
    recipients: ['never@x.example', 'bob@x.example', 'later@x.example'],
  });
  assert.deepEqual(brief(some), ['never 550', 'accepted 250', 'later 450']);
  assert.deepEqual([some.accepted.length, some.refused.length, some.unknown.length], [1, 2, 0]);
  const error = await failure(send(one(script), MESSAGE, { ...BOB, recipients: Object.keys(replies) }));
  assert.deepEqual([error.kind, error.retry, error.recipients.length], ['refused', 'later', 2]);
  assert.equal(error.enhancedStatus, '5.1.1');
});

const refusals: readonly [string, string, 'never' | 'later', RegExp][] = [
  ['MAIL', '550 5.7.1 not yours', 'never', /belongs to it/],
  ['MAIL', '451 4.7.1 slow down', 'later', /later/],
  ['DATA', '554 5.5.1 no', 'never', /answer/],
  ['END', '554 5.7.1 spam', 'never', /login/],
  ['END', '552 5.3.4 too large', 'never', /answer/],
  ['END', '452 4.3.1 disk full', 'later', /later/],
];
for (const [command, reply, retry, nextStep] of refusals)
  test(`5321-an G-9: ${command} answered ${reply} is ${retry}, with the server's reply and a next step`, async () => {
    for (const capabilities of command === 'DATA' ? [CAPABILITIES] : [CAPABILITIES, CHUNKING]) {
      const made = one({ capabilities, answer: (line) => (line.startsWith(command) ? reply : undefined) });
      const error = await failure(send(made));
      assert.deepEqual([error.kind, error.retry, error.reply?.text], ['refused', retry, reply]);
      assert.match(error.nextStep, nextStep);
      assert.deepEqual(made.network.dialled, ['msa:587'], 'never again after MAIL (C-ORD-4)');
    }
  });

const recipients = (count: number): string[] => Array.from({ length: count }, (_, at) => `r${at}@x.example`);

for (const [code, offers] of [
  ['452 4.5.3', ''],
  ['552 5.5.3', ''],
  ['452 4.5.3', 'LIMITS RCPTMAX=100'],
])
  test(`C-ORD-12 EXT-LIM: 250 recipients where ${offers} ${code} comes after 100 go in three transactions`, async () => {
    let inTransaction = 0;
    const made = one({
      capabilities: [...CHUNKING, ...(offers === '' ? [] : [offers ?? ''])],
      answer(line) {
        if (line.startsWith('MAIL')) inTransaction = 0;
        if (!line.startsWith('RCPT')) return undefined;
        inTransaction += 1;
        return inTransaction > 100 ? `${code} too many` : undefined;
      },
    });
    const result = await send(made, MESSAGE, { ...BOB, recipients: recipients(250) });
    assert.equal(result.accepted.length, 250);
    assert.deepEqual(
      host(made).accepted.map((transaction) => transaction.recipients.length),
      [100, 100, 50],
    );
    const rcpts = lines(made).filter((line) => line.startsWith('RCPT')).length;
    assert.equal(rcpts, offers === '' ? 250 + 150 + 50 : 250, 'a limit that is announced is kept');
  });

test('C-ORD-12: recipients that are never taken do not keep it busy for ever; a message refused once is not sent to the rest', async () => {
  const full = one({ answer: (line) => (line.startsWith('RCPT') ? '452 4.5.3 no' : undefined) });
  const error = await failure(send(full, MESSAGE, { ...BOB, recipients: recipients(5) }));
  assert.deepEqual([error.kind, error.retry], ['refused', 'later']);
  assert.equal(lines(full).filter((line) => line.startsWith('RCPT')).length, 5);
  const spam = one({
    capabilities: [...CHUNKING, 'LIMITS RCPTMAX=2'],
    answer: (line) => (line === 'END' ? '554 5.7.1 spam' : undefined),
  });
  const refused = await failure(send(spam, MESSAGE, { ...BOB, recipients: recipients(5) }));
  assert.deepEqual([refused.kind, refused.retry], ['refused', 'never']);
  assert.equal(refused.recipients.length, 5);
  assert.equal(lines(spam).filter((line) => line.startsWith('MAIL')).length, 1);
});

async function* stream(...pieces: readonly (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  for (const piece of pieces) yield await Promise.resolve(piece);
}
const BLOCK = 'some words in a line\n'.repeat(20_000);

test('C-ORD-15 F-SMUG-3: a stream is sent as it comes, whatever its pieces; a short one is a whole message', async () => {
  const made = one({ capabilities: CHUNKING });
  const result = await send(made, stream('Subject: x\r', '\n\r', '\n.\n', BLOCK, '\r', BLOCK));
  assert.deepEqual(brief(result), ['accepted 250']);
  assert.equal(
    host(made).accepted[0]?.content,
    `Subject: x\r\n\r\n.\r\n${(BLOCK + '\n' + BLOCK).replaceAll('\n', '\r\n')}`,
  );
  assert.match(said(made)[0] ?? '', /^MAIL FROM:<alice@example\.org> BODY=8BITMIME$/);
  const short = one({ capabilities: CHUNKING });
  await send(short, stream('Subject: x\n', '\nbody'));
  assert.match(said(short)[0] ?? '', /SIZE=20/);
});

test('C-ORD-12: a stream that can be made again is sent as often as needed, another once', async () => {
  let inTransaction = 0;
  const script: HostScript = {
    answer(line) {
      if (line.startsWith('MAIL')) inTransaction = 0;
      return line.startsWith('RCPT') && (inTransaction += 1) > 2 ? '452 4.5.3 too many' : undefined;
    },
  };
  const envelope = { ...BOB, recipients: recipients(5) };
  const again = await send(one(script), () => stream('Subject: x\n\n', BLOCK, BLOCK), envelope);
  assert.equal(again.accepted.length, 5);
  const once = await send(one(script), stream('Subject: x\n\n', BLOCK, BLOCK), envelope);
  assert.deepEqual(brief(once), ['accepted 250', 'accepted 250', 'later 452', 'later 452', 'later 452']);
});

test('E-C-2: a stream that breaks, or holds what can’t be sent, is never accepted in part', async () => {
  async function* broken(): AsyncGenerator<string> {
    yield `Subject: x\n\n${BLOCK}`;
    yield await Promise.resolve(BLOCK);
    throw new Error('the disk is gone');
  }
  const cases: readonly [MessageInput, HostScript, RegExp][] = [
    [broken(), {}, /the disk is gone/],
    [stream(`Subject: x\n\n${BLOCK}`, BLOCK, 'NUL: \0'), {}, /NUL/],
    [stream(`Subject: x\n\n${BLOCK}`, BLOCK, 'hä'), { capabilities: ['AUTH PLAIN'] }, /8BITMIME/],
    [stream(`Subject: x\n\n${BLOCK}`, 7 as unknown as string), {}, /text or octets/],
  ];
  for (const [message, script, because] of cases) {
    const made = one(script);
    const error = await failure(send(made, message));
    assert.match(error.message, because);
    assert.equal(error.kind, 'badInput');
    assert.deepEqual(host(made).accepted, []);
  }
});

test('C-ORD-4: an aborted message says whether it may be accepted; others on the connection go on', async () => {
  const held = one({ answer: (line) => (line === 'END' ? 'silence' : undefined) });
  await using submission = await open(held, { port: 587 });
  const controller = new AbortController();
  const first = failure(submission.submit(MESSAGE, BOB, { signal: controller.signal }));
  const queued = new AbortController();
  const second = failure(submission.submit(MESSAGE + 'x\r\n'.repeat(30_000), BOB, { signal: queued.signal }));
  for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  queued.abort();
  controller.abort();
  assert.match((await first).message, /may have been accepted/);
  assert.match((await second).message, /was not accepted/);
  const early = one({ answer: (line) => (line.startsWith('MAIL') ? 'silence' : undefined) });
  const waiting = new AbortController();
  const opened = await open(early, { port: 587 });
  const third = failure(opened.submit(MESSAGE, BOB, { signal: waiting.signal }));
  for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  waiting.abort();
  assert.match((await third).message, /was not accepted/);
  await opened.close();
  assert.equal(early.network.open, 0);
});

/** Every place where input could reach a command line. */
const places: readonly ((text: string) => Promise<unknown>)[] = [
  (text) => quick({ ...BOB, reversePath: text }),
  (text) => quick({ ...BOB, reversePath: `a${text}@example.org` }),
  (text) => quick({ ...BOB, reversePath: `"a${text}"@example.org` }),
  (text) => quick({ ...BOB, recipients: [`a@example.org${text}`] }),
  (text) => quick({ ...BOB, recipients: [{ forwardPath: `a@[${text}]` }] }),
  (text) => quick({ ...BOB, envelopeId: `x${text}` }),
  (text) => quick({ ...BOB, ret: `FULL${text}` as 'FULL' }),
  (text) =>
    quick({ ...BOB, recipients: [{ forwardPath: 'a@x.example', notify: [`NEVER${text}` as 'NEVER'] }] }),
  (text) => quick({ ...BOB, recipients: [original('rfc822', `a${text}`)] }),
  (text) => quick({ ...BOB, recipients: [original(`rfc822${text}`, 'a')] }),
  (text) => quick({ ...BOB, recipients: [original('utf-8', `ä${text}`)] }),
  (text) => quick(BOB, { ehloName: `me${text}` }),
  (text) => quick(BOB, { login: `al${text}` }),
  (text) => quick(BOB, { password: `pw${text}` }),
  (text) => quick(BOB, { host: `msa${text}` }),
  (text) => quick(BOB, { address: `alice@example.org${text}` }),
];
const original = (addressType: string, address: string) => ({
  ...{ forwardPath: 'a@x.example', originalRecipient: { addressType, address } },
});
let net = one({});

async function quick(envelope: EnvelopeInput, options: object = {}): Promise<unknown> {
  net = one({});
  const all = { host: 'msa', port: 587, password: 'pw', ports: net.ports, ...options };
  return await settled(net.clock, submit(MESSAGE, envelope, all));
}

test('C-ORD-13 F-HDR-2 F-HDR-3: CR, LF, NUL and other controls in any input are refused, and nothing is sent', async () => {
  const control = fc.constantFrom('\r', '\n', '\0', '\r\n', '\x7f', '\x1b');
  const around = fc.string({ maxLength: 5 });
  const property = fc.asyncProperty(
    fc.nat(places.length - 1),
    around,
    control,
    around,
    async (at, one, nasty, two) => {
      const place = places[at] ?? assert.fail();
      const text = `${one}${nasty}${two}`;
      const error = await failure(place(text));
      assert.equal(error.kind, 'badInput');
      assert.equal(error.retry, 'never');
      assert.deepEqual(net.network.dialled, []);
      assert.doesNotMatch(error.message, /[\r\n\0]/, 'nor into a log');
    },
  );
  await fc.assert(property, { numRuns: 150 });
});

test('C-ORD-13 F-HDR-2: whatever text is given, what is sent is one line for each command and nothing else', async () => {
  const any = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(' SIZE=1', '> AUTH=<', '\\', '"', '@'),
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(places.length - 1), any, async (at, text) => {
      await places[at]?.(text).catch(() => undefined);
      const heard = lines(net).filter((line) => !/^(EHLO|STARTTLS|AUTH|QUIT)/.test(line));
      if (heard.length === 0) return;
      assert.equal(heard.length, 3, heard.join('|'));
      for (const line of heard) assert.match(line, /^(MAIL FROM:<[^\r\n\0]*>|RCPT TO:<[^\r\n\0]*>|DATA)/);
    }),
    { numRuns: 150 },
  );
});

test('C-ORD-15 F-SMUG-1 F-SMUG-3: no content ends itself or begins a command, by DATA or BDAT, in any pieces', async () => {
  const nasty = fc.constantFrom(
    '\n.\n',
    '\r.\r',
    '\r\n.\r\n',
    '\n.\r\n',
    '\r\n.\n',
    '.',
    '\r',
    '\n',
    'MAIL FROM:<evil@x.example>\r\n',
    '\r\n',
    'a',
    'QUIT\r\n',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(nasty, { maxLength: 12 }),
      fc.boolean(),
      fc.boolean(),
      async (parts, chunking, streamed) => {
        const made = one({ capabilities: chunking ? CHUNKING : CAPABILITIES });
        const text = `Subject: x\r\n\r\n${parts.join('')}`;
        const long = `${text}\r\n${BLOCK.slice(0, 300_000)}`;
        const whole = chunking ? long : text;
        await send(
          made,
          streamed ? stream(...long.match(/[^]{1,3}|$/g)!.slice(0, 40), long.slice(120)) : whole,
        );
        const [got] = host(made).accepted;
        assert.equal(host(made).accepted.length, 1);
        const expected = (streamed ? long : whole).replaceAll(/\r+\n|\r+|\n/g, '\r\n');
        assert.equal(got?.content, expected.endsWith('\r\n') ? expected : `${expected}\r\n`);
        assert.equal(said(made).filter((line) => /^(MAIL|QUIT)/.test(line)).length, 2);
      },
    ),
    { numRuns: 100 },
  );
});

test('C-ORD-14 F-TX-8: replies without end inside a transaction end it; out of turn they count for nothing', async () => {
  for (const [command, reply] of [
    ['MAIL', '250-x\r\n'.repeat(1_000_000)],
    ['RCPT', 'y'.repeat(8_000_000)],
    ['DATA', '354 go\r\n250 done\r\n250 done'],
    ['END', '250-a\r\n251 b'],
  ] as const) {
    const made = one({ answer: (line) => (line.startsWith(command) ? reply : undefined) });
    const error = await failure(send(made));
    assert.ok(error.kind === 'interrupted' || error.kind === 'outcomeUnknown', error.kind);
  }
});

test('C-ORD-7 F-OPS-1: the transcript shows the dialog without credentials and without the message', async () => {
  for (const mechanism of ['PLAIN', 'LOGIN']) {
    const made = one({
      capabilities: [`AUTH ${mechanism}`],
      answer: (line) =>
        line === 'AUTH LOGIN'
          ? '334 VXNlcm5hbWU6'
          : /^[A-Za-z0-9+/=]+$/.test(line) && line.length > 8 && !/^(STARTTLS)$/.test(line)
            ? (loginSteps += 1) === 1
              ? '334 UGFzc3dvcmQ6'
              : '235 ok'
            : undefined,
    });
    let loginSteps = 0;
    const shown: string[] = [];
    const submission: Submission = await open(made, {
      port: 587,
      transcript: (direction, line) => shown.push(`${direction}: ${line}`),
    });
    await settled(made.clock, submission.submit('Subject: secret words\n\nbody words\n', BOB));
    await submission.close();
    const text = shown.join('\n');
    assert.match(text, /client: AUTH (PLAIN \(hidden\)|LOGIN\nserver: 334.*\nclient: \(hidden\))/);
    assert.match(text, /server: 220 fake ESMTP\n/);
    const secrets = [
      'correct horse',
      'secret words',
      'body words',
      Buffer.from('correct horse').toString('base64'),
      Buffer.from(`\0${ADDRESS}\0correct horse`).toString('base64'),
    ];
    for (const secret of secrets) assert.ok(!text.includes(secret), secret);
  }
});

test('C-ORD-3: `submit` finds the server of the reverse-path by itself, and says goodbye', async () => {
  const made = world(
    { 'msa.example.org:465': { implicit: true } },
    { '_submissions._tcp.example.org': ['0 1 465 msa.example.org.'] },
  );
  const result = await settled(made.clock, submit(MESSAGE, BOB, { password: 'x', ports: made.ports }));
  assert.deepEqual(brief(result), ['accepted 250']);
  assert.equal(made.network.hosts['msa.example.org:465']?.heard.at(-1)?.line, 'QUIT');
  assert.equal(made.network.open, 0);
});

test('C-ORD-13: an envelope without recipients, an empty message, a closed submission are told by name', async () => {
  assert.match((await failure(quick({ ...BOB, recipients: [] }))).message, /no recipient/);
  assert.match((await failure(send(one({}), ''))).message, /empty/);
  assert.match((await failure(send(one({}), 'a\0b'))).message, /NUL/);
  assert.match((await failure(quick(BOB, { password: '' }))).message, /password is missing/);
  const made = one({});
  const submission = await open(made, { port: 587 });
  await submission.close();
  assert.match((await failure(submission.submit(MESSAGE, BOB))).message, /closed/);
});

test('EXT-UTF8-b: an address that the server can not take fails alone; an internationalized domain needs no SMTPUTF8', async () => {
  const made = one({ capabilities: ['AUTH PLAIN', 'PIPELINING'] });
  const recipients = ['ünal@x.example', 'uta@müller.example', 'bob@x.example'];
  const result = await send(made, MESSAGE, { reversePath: ADDRESS, recipients });
  assert.deepEqual(
    result.recipients.map(({ type, forwardPath }) => [type, forwardPath]),
    [
      ['refused', 'ünal@x.example'],
      ['accepted', 'uta@müller.example'],
      ['accepted', 'bob@x.example'],
    ],
  );
  assert.deepEqual(host(made).accepted[0]?.recipients, ['uta@xn--mller-kva.example', 'bob@x.example']);
  const [refused] = result.refused;
  assert.match(refused?.problem ?? '', /UTF-8 address of the recipient \(SMTPUTF8\)/);

  // In transactions of their own, by the limit of the server, they say nothing about each other.
  const few = one({ capabilities: ['AUTH PLAIN', 'PIPELINING', 'LIMITS RCPTMAX=1'] });
  const apart = await send(few, MESSAGE, { reversePath: ADDRESS, recipients });
  assert.deepEqual(
    apart.recipients.map(({ type }) => type),
    ['refused', 'accepted', 'accepted'],
  );
});
