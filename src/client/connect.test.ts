// Which failures lead to the next server and which end the search, and that no credentials are ever said outside a verified session.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ADDRESS,
  failure,
  open,
  PASSWORD,
  settled,
  type World,
  world,
} from '../../test/fakes/client-world.ts';
import type { FakeNetwork, HostScript } from '../../test/fakes/smtp-hosts.ts';
import type { SubmissionError } from './errors.ts';
import { processMemory } from './memory.ts';
import { connectionLevel, type AttemptOutcome } from './server.ts';
import { openSubmission, type Submission } from './submission.ts';

const heard = ({ hosts }: FakeNetwork): string =>
  Object.values(hosts)
    .flatMap((host) => host.heard.map(({ line }) => line))
    .join('\n');

function assertNothingSecret(network: FakeNetwork): void {
  for (const host of Object.values(network.hosts))
    for (const { line, secured } of host.heard)
      assert.ok(secured || /^(EHLO \[127\.0\.0\.1\]|STARTTLS|QUIT)$/.test(line), `in clear: ${line}`);
}

const causes: readonly {
  readonly why: string;
  readonly script: HostScript;
  readonly outcome: AttemptOutcome;
  readonly kind?: SubmissionError['kind'];
  readonly retry?: SubmissionError['retry'];
}[] = [
  { why: 'refused', script: { dial: 'ECONNREFUSED' }, outcome: 'refused' },
  { why: 'no answer', script: { dial: 'ETIMEDOUT' }, outcome: 'timeout' },
  { why: 'no way there', script: { dial: 'ENETUNREACH' }, outcome: 'unreachable' },
  { why: 'no such name', script: { dial: 'ENOTFOUND' }, outcome: 'nameNotFound' },
  { why: 'silence instead of a greeting', script: { greeting: null }, outcome: 'noGreeting' },
  { why: 'hung up before the greeting', script: { greeting: 'close' }, outcome: 'noGreeting' },
  {
    ...{ why: 'hung up after EHLO', outcome: 'closedBeforeTls' },
    script: { answer: (line) => (line.startsWith('EHLO') ? 'close' : undefined) },
  },
  {
    ...{ why: 'no STARTTLS', outcome: 'noStartTls', kind: 'tls' },
    script: { implicit: true, capabilities: ['AUTH PLAIN'] },
  },
  {
    ...{ why: 'STARTTLS refused', outcome: 'noStartTls', kind: 'tls' },
    script: { answer: (line) => (line === 'STARTTLS' ? '454 4.7.0 not now' : undefined) },
  },
  { why: 'reset in the handshake', script: { tls: 'closed' }, outcome: 'closedBeforeTls' },
  { why: 'silence in the handshake', script: { tls: 'never' }, outcome: 'closedBeforeTls' },
  {
    ...{ why: 'certificate', outcome: 'certificate', kind: 'certificate', retry: 'never' },
    script: { tls: 'certificate' },
  },
  { why: 'TLS too old', script: { tls: 'protocol' }, outcome: 'tls', kind: 'tls', retry: 'otherServer' },
  {
    ...{ why: 'busy', outcome: 'unavailable', kind: 'unavailable', retry: 'later' },
    script: { greeting: '421 4.3.2 too many' },
  },
  {
    ...{ why: 'no service', outcome: 'unavailable', kind: 'unavailable', retry: 'otherServer' },
    script: { greeting: '554 5.3.2 no service' },
  },
  {
    ...{ why: 'not SMTP', outcome: 'unavailable', kind: 'unavailable', retry: 'later' },
    script: { greeting: 'HTTP/1.1 400 Bad Request' },
  },
  {
    ...{ why: 'wrong password', outcome: 'authentication', kind: 'authentication', retry: 'never' },
    script: { answer: (line) => (line.startsWith('AUTH') ? '535 5.7.8 no' : undefined) },
  },
  {
    ...{ why: 'no AUTH', outcome: 'authentication', kind: 'authentication', retry: 'never' },
    script: { capabilities: ['PIPELINING'] },
  },
  {
    ...{ why: 'AUTH not now', outcome: 'unavailable', kind: 'unavailable', retry: 'later' },
    script: { answer: (line) => (line.startsWith('AUTH') ? '454 4.7.0 later' : undefined) },
  },
];

for (const { why, script, outcome, kind = 'unreachable', retry } of causes)
  test(`C-ORD-4 C-ORD-7 BCP134-3.2-f: ${why} on 587`, async () => {
    const made = world({ 'msa:587': script, 'msa:465': { implicit: true } });
    const opened = open(made);
    if (connectionLevel.has(outcome)) {
      const submission = await opened;
      assert.deepEqual(
        submission.server.attempts.map((one) => [one.port, one.outcome]),
        [
          [587, outcome],
          [465, 'used'],
        ],
      );
      await submission.close();
    } else {
      const error = await failure(opened);
      assert.deepEqual(
        error.attempts.map((one) => [one.port, one.outcome]),
        [[587, outcome]],
      );
      assert.equal(error.kind, kind);
      assert.deepEqual(made.network.dialled, ['msa:587'], 'no other port is tried');
    }
    assertNothingSecret(made.network);
    const alone = world({ 'msa:587': script });
    const error = await failure(open(alone, { port: 587 }));
    assert.equal(error.kind, kind);
    assert.equal(error.retry, retry ?? error.retry);
    if (outcome !== 'authentication' && why !== 'AUTH not now')
      assert.doesNotMatch(heard(alone.network), /AUTH|MAIL/);
  });

test('C-ORD-5 BCP134-3.2-g: both ports open: 587 is used and nothing is said to 465; never two at once', async () => {
  const made = world({ 'msa:587': {}, 'msa:465': { implicit: true } });
  await using submission = await open(made);
  assert.equal(submission.server.candidate.port, 587);
  assert.deepEqual(made.network.dialled, ['msa:587']);
  const many = world({
    ...{ 'smtp.example.org:587': { dial: 'ETIMEDOUT' }, 'smtp.example.org:465': { greeting: null } },
    ...{ 'mail.example.org:587': {}, 'mail.example.org:465': {} },
  });
  await using found = await settled(
    many.clock,
    openSubmission({ address: ADDRESS, password: PASSWORD, ports: many.ports }),
  );
  assert.equal(found.server.candidate.host, 'mail.example.org');
  assert.equal(many.network.together, 1);
});

test('C-ORD-4: all ports closed is one error that lists them, and says to try later', async () => {
  const made = world({ 'msa:587': { dial: 'ECONNREFUSED' }, 'msa:465': { dial: 'ETIMEDOUT' } });
  const error = await failure(open(made));
  assert.deepEqual([error.kind, error.retry], ['unreachable', 'later']);
  assert.match(error.message, /msa:587 refused, msa:465 timeout/);
});

test('C-ORD-5 C-SRV-5: what worked is used again without asking the DNS; when it fails it is looked for again', async () => {
  const zone = {
    '_submissions._tcp.example.org': ['0 1 465 a.example.org.', '1 1 465 b.example.org.'],
  };
  const scripts: Record<string, HostScript> = {
    'a.example.org:465': { implicit: true },
    'b.example.org:465': { implicit: true },
  };
  const memory = processMemory();
  const use = async (made: World): Promise<Submission> => {
    const submission = await settled(
      made.clock,
      openSubmission({ address: ADDRESS, password: PASSWORD, memory, ports: made.ports }),
    );
    await submission.close();
    return submission;
  };
  const first = world(scripts, zone);
  await use(first);
  assert.equal(first.asked.length, 2);
  const second = world(scripts, zone);
  for (let round = 0; round < 5; round += 1)
    assert.equal((await use(second)).server.candidate.source, 'remembered');
  assert.deepEqual(second.asked, [], 'the DNS is not asked on every connection');
  const gone = world({ ...scripts, 'a.example.org:465': { dial: 'ECONNREFUSED' } }, zone);
  const submission = await use(gone);
  assert.deepEqual(gone.network.dialled, ['a.example.org:465', 'a.example.org:465', 'b.example.org:465']);
  assert.deepEqual([submission.server.candidate.host, gone.asked.length], ['b.example.org', 2]);
  const after = await memory.recall(ADDRESS);
  assert.deepEqual([after?.candidate.host, after?.isPreferred], ['b.example.org', false]);
});

test('C-ORD-4 C-ORD-5: a remembered server with a bad certificate or a refused login is not replaced by another', async () => {
  for (const script of [
    { tls: 'certificate' as const },
    { answer: (line: string) => (line.startsWith('AUTH') ? '535 no' : undefined) },
  ]) {
    const memory = processMemory();
    const good = world({ 'msa:587': {} });
    await (await open(good, { memory })).close();
    const made = world({ 'msa:587': script, 'msa:465': { implicit: true } });
    await failure(open(made, { memory }));
    assert.deepEqual(made.network.dialled, ['msa:587']);
    assert.notEqual(await memory.recall(`${ADDRESS} at msa`), undefined, 'what is known stays known');
  }
});

const foreign = { '_submissions._tcp.example.org': ['0 1 465 mail.evil.example.'] };

test('C-SRV-3: a server outside the domain gets nothing until somebody confirms it', async () => {
  const made = world({ 'mail.evil.example:465': { implicit: true } }, foreign);
  const options = { address: ADDRESS, password: PASSWORD, ports: made.ports };
  const error = await failure(settled(made.clock, openSubmission(options)));
  assert.deepEqual([error.kind, error.retry], ['confirmationNeeded', 'never']);
  assert.match(error.message, /evil\.example/);
  assert.deepEqual(made.network.dialled, []);
  const asked: string[] = [];
  const memory = processMemory();
  const confirm = ({ foreignDomain = '' }: { readonly foreignDomain?: string }): boolean =>
    asked.push(foreignDomain) > 0;
  for (let round = 0; round < 2; round += 1)
    await (await settled(made.clock, openSubmission({ ...options, memory, confirm }))).close();
  assert.deepEqual(asked, ['evil.example'], 'a confirmation is remembered with the server');
});

test('C-SRV-3: with another server in the domain the foreign one is passed over', async () => {
  const zone = {
    '_submissions._tcp.example.org': [...foreign['_submissions._tcp.example.org'], '1 1 465 in.example.org.'],
  };
  const made = world({ 'in.example.org:465': { implicit: true } }, zone);
  await using submission = await settled(
    made.clock,
    openSubmission({ address: ADDRESS, password: PASSWORD, ports: made.ports }),
  );
  assert.deepEqual(
    submission.server.attempts.map(({ outcome }) => outcome),
    ['notConfirmed', 'used'],
  );
});

test('C-SRV-4: what the certificate is compared with reaches the handshake', async () => {
  const zone = { '_submission._tcp.example.org': ['0 1 587 in.example.org.'] };
  const made = world({ 'in.example.org:587': {} }, zone);
  await using _ = await settled(
    made.clock,
    openSubmission({ address: ADDRESS, password: PASSWORD, ports: made.ports }),
  );
  assert.deepEqual(made.network.hosts['in.example.org:587']?.identities, {
    dns: ['in.example.org', 'example.org'],
    srv: ['_submission.example.org'],
  });
});

const plain = (login: string): string =>
  `AUTH PLAIN ${Buffer.from(`\0${login}\0${PASSWORD}`).toString('base64')}`;

test('C-SRV-6: a login that was not given is guessed: the whole address, then its local part', async () => {
  const made = world({
    'msa:587': {
      answer: (line) => (line.startsWith('AUTH') && line !== plain('alice') ? '535 5.7.8 no' : undefined),
    },
  });
  await using submission = await open(made, { port: 587 });
  assert.equal(submission.server.login, 'alice');
  const lines = heard(made.network).split('\n');
  assert.deepEqual(lines.slice(3), [plain(ADDRESS), plain('alice')]);
  const wrong = world({
    'msa:587': { answer: (line) => (line.startsWith('AUTH') ? '535 5.7.8 no' : undefined) },
  });
  await failure(open(wrong, { port: 587 }));
  assert.equal(heard(wrong.network).match(/^AUTH/gm)?.length, 2, 'one failure to see, two tries');
  const said = world({
    'msa:587': { answer: (line) => (line.startsWith('AUTH') ? '535 5.7.8 no' : undefined) },
  });
  await failure(open(said, { port: 587, login: 'al' }));
  assert.deepEqual(
    heard(said.network).match(/^AUTH.*$/gm),
    [plain('al')],
    'a login that was given is not guessed',
  );
});

const mechanismCases: readonly {
  readonly offered: string;
  readonly replies: Readonly<Record<string, string>>;
  readonly used: readonly string[];
  readonly kind?: SubmissionError['kind'];
}[] = [
  { offered: 'AUTH LOGIN PLAIN CRAM-MD5', replies: {}, used: ['PLAIN'] },
  {
    offered: 'AUTH PLAIN LOGIN',
    replies: { PLAIN: '535 5.7.8 no' },
    used: ['PLAIN'],
    kind: 'authentication',
  },
  {
    offered: 'AUTH PLAIN LOGIN',
    replies: { PLAIN: '534 5.7.9 too weak', LOGIN: '535 no' },
    used: ['PLAIN', 'LOGIN'],
    kind: 'authentication',
  },
  {
    offered: 'AUTH PLAIN LOGIN',
    replies: { PLAIN: '432 4.7.12 a transition', LOGIN: '535 no' },
    used: ['PLAIN', 'LOGIN'],
    kind: 'authentication',
  },
  {
    offered: 'AUTH PLAIN LOGIN',
    replies: { PLAIN: '504 5.5.4 what?', LOGIN: '535 no' },
    used: ['PLAIN', 'LOGIN'],
    kind: 'authentication',
  },
  {
    offered: 'AUTH PLAIN LOGIN',
    replies: { PLAIN: '454 4.7.0 later' },
    used: ['PLAIN'],
    kind: 'unavailable',
  },
  { offered: 'AUTH CRAM-MD5 XOAUTH2', replies: {}, used: [], kind: 'authentication' },
];

for (const { offered, replies, used, kind } of mechanismCases)
  test(`C-ORD-10 AUTH-aj: ${offered}, ${JSON.stringify(replies)}`, async () => {
    const made = world({
      'msa:587': {
        capabilities: [offered],
        answer: (line) => replies[/^AUTH (\S+)/.exec(line)?.[1] ?? ''],
      },
    });
    const opened = open(made, { port: 587, login: 'al' });
    if (kind === undefined) await (await opened).close();
    else {
      const error = await failure(opened);
      assert.equal(error.kind, kind);
      // A password that may be right is not asked for again.
      assert.equal(/password/.test(error.nextStep), kind === 'authentication');
    }
    const tried = heard(made.network).match(/^AUTH \S+/gm) ?? [];
    assert.deepEqual(
      tried,
      used.map((name) => `AUTH ${name}`),
    );
  });

test('C-ORD-9 TLS-h: octets in clear after the 220 of STARTTLS end it, and what EHLO said before TLS is forgotten', async () => {
  const injected = world({
    'msa:587': {
      answer: (line) => (line === 'STARTTLS' ? '220 go\r\n250-fake\r\n250 AUTH PLAIN' : undefined),
    },
  });
  const error = await failure(open(injected, { port: 587 }));
  assert.notEqual(error.kind, 'authentication');
  assert.doesNotMatch(heard(injected.network), /AUTH/);
  const forgetting = world({
    'msa:587': {
      capabilities: ['DSN', 'LIMITS RCPTMAX=1', 'AUTH LOGIN'],
      securedCapabilities: ['AUTH PLAIN'],
    },
  });
  await using submission = await open(forgetting, { port: 587 });
  assert.deepEqual([...submission.server.capabilities.keys()], ['AUTH']);
  assert.equal(heard(forgetting.network).match(/^EHLO/gm)?.length, 2);
});

test('C-ORD-8 C-ORD-6 TLS-w: no option, known or made up, lets an invalid certificate pass', async () => {
  const options = {
    ...{ rejectUnauthorized: false, insecure: true, ignoreTLS: true, requireTLS: false, secure: false },
    ...{ continueOnCertError: true, verify: false, allowInternalTls: true },
  };
  const made = world({ 'msa:587': { tls: 'certificate' } });
  const error = await failure(open(made, { port: 587, ...options }));
  assert.equal(error.kind, 'certificate');
  assertNothingSecret(made.network);
});

test('C-ORD-11: the greeting may take five minutes where no other server is left, 30 seconds where one is', async () => {
  for (const [ports, waited] of [
    [{ port: 587 }, 300_000],
    [{}, 30_000],
  ] as const) {
    const made = world({ 'msa:587': { greeting: null }, 'msa:465': { implicit: true } });
    const opened = open(made, ports).then(
      (submission) => submission.close(),
      () => undefined,
    );
    await opened;
    assert.ok(made.clock.now() >= waited && made.clock.now() < waited + 5000, `${made.clock.now()} ms`);
  }
});

test('C-ORD-14 F-TX-8: a server that talks without end, or nonsense, is given up at the limits', async () => {
  for (const greeting of [
    '220-x\r\n'.repeat(1_000_000),
    'x'.repeat(8_000_000),
    '220-a\r\n250 b',
    '\u0000\u0001',
    '999 x',
    '220 ok\r\n250 and more',
  ]) {
    const made = world({ 'msa:587': { greeting } });
    const error = await failure(open(made, { port: 587 }));
    assert.ok(error.message.length < 2000);
    assertNothingSecret(made.network);
  }
  const blank = world({ 'msa:587': { answer: (line) => (line.startsWith('AUTH') ? '235    ' : undefined) } });
  await (await open(blank, { port: 587 })).close();
});

test('C-ORD-4: an aborted signal ends it at any stage, and leaves no connection', async () => {
  for (const script of [{ greeting: null }, { tls: 'never' as const }, { answer: () => 'silence' }]) {
    const made = world({ 'msa:587': script, 'msa:465': {} });
    const controller = new AbortController();
    const opened = openSubmission({
      ...{ host: 'msa', address: ADDRESS, password: PASSWORD, ports: made.ports },
      signal: controller.signal,
    });
    const error = failure(opened);
    for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    assert.equal((await error).kind, 'aborted');
    assert.deepEqual(made.network.dialled, ['msa:587']);
    assert.equal(made.network.open, 0);
  }
  const made = world({ 'msa:587': {} });
  const before = openSubmission({ host: 'msa', ports: made.ports, signal: AbortSignal.abort() });
  assert.equal((await failure(before)).kind, 'aborted');
  assert.deepEqual(made.network.dialled, []);
});
