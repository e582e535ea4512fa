// `postern send` in the place of /usr/sbin/sendmail: real programs call it, a real server takes what they send.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  delivered,
  eventually,
  HANGING_MS,
  lacking,
  PASSWORD,
  startServer,
  type TestServer,
} from './server.ts';

const login = 'alice@example.org';
let server: TestServer;
let sendmail: string;
let seen = 0;

before(async () => {
  server = await startServer();
  const { directory, submission, certificate } = server;
  mkdirSync(join(directory, 'config/postern'), { recursive: true });
  configure(`host: localhost\nport: ${submission}\naddress: ${login}\npasswordFile: password\nca: ${certificate}
aliases:\n  root: ${login}\n`);
  writeFileSync(join(directory, 'config/postern/password'), `${PASSWORD}\n`, { mode: 0o600 });
  sendmail = join(directory, 'sendmail');
  symlinkSync(join(import.meta.dirname, '../../bin/postern'), sendmail);
});
after(async () => {
  await server[Symbol.asyncDispose]();
});

function configure(text: string): void {
  writeFileSync(join(server.directory, 'config/postern/send.yaml'), text, { mode: 0o600 });
}

function run(
  program: string,
  args: readonly string[],
  input = '',
  more: Readonly<Record<string, string>> = {},
) {
  const { directory } = server;
  const env = {
    ...{ PATH: `${dirname(process.execPath)}:${process.env['PATH']}`, HOME: directory },
    ...{ XDG_CONFIG_HOME: join(directory, 'config'), ...more },
  };
  const result = spawnSync(program, args, { input, encoding: 'utf8', timeout: HANGING_MS, env });
  return { status: result.status, output: `${result.stdout}${result.stderr}${result.error?.message ?? ''}` };
}

function good(program: string, args: readonly string[], input = ''): string {
  const { status, output } = run(program, args, input);
  assert.equal(status, 0, `${program}: ${output}`);
  return output;
}

/** The next message in the outbox. */
async function next(): Promise<string> {
  const files = await eventually('delivery', 10, () => {
    const all = delivered(server.outbox);
    return all.length > seen && all;
  });
  seen += 1;
  return files.at(-1)?.bytes.toString('utf8') ?? '';
}

const MESSAGE = `From: ${login}\nTo: x@far.example\nSubject: a test\n\n.hello\n`;

test('BCP134-3.1-c: git send-email submits its patches', { skip: lacking('git') }, async () => {
  const repository = join(server.directory, 'repository');
  mkdirSync(repository);
  const git = (...args: readonly string[]): string =>
    good('git', ['-C', repository, '-c', `user.email=${login}`, '-c', 'user.name=Älice', ...args]);
  git('init', '-q');
  writeFileSync(join(repository, 'a'), 'a\n.\nb\n');
  git('add', 'a');
  git('commit', '-q', '-m', 'Add a');
  git('format-patch', '-q', '--root', '-o', repository);
  git(
    ...['send-email', '--quiet', '--confirm=never', `--sendmail-cmd=${sendmail}`, '--envelope-sender=auto'],
    ...[`--from=Älice <${login}>`, '--to=x@far.example', join(repository, '0001-Add-a.patch')],
  );
  const copy = await next();
  assert.match(copy, /^Return-Path: <alice@example\.org>\r\n/);
  assert.match(copy, /with ESMTPSA/);
  assert.match(copy, /\r\n\+a\r\n\+\.\r\n\+b\r\n/);
});

test('BCP134-3.1-c: s-nail sends with it as its mta', { skip: lacking('s-nail') }, async () => {
  const args = ['-:/', '-Sv15-compat=yes', `-Smta=${sendmail}`, `-Sfrom=${login}`, '-Ssendwait'];
  good('s-nail', [...args, '-s', 'from s-nail', '-b', 'secret@far.example', 'x@far.example'], 'hello\n');
  const copy = await next();
  assert.match(copy, /\r\nSubject: from s-nail\r\n/);
  assert.doesNotMatch(copy, /secret@far\.example|^Bcc/im);
});

test('BCP134-3.1-c: mutt sends with it', { skip: lacking('mutt') }, async () => {
  const set = [
    `set sendmail="${sendmail} -oem -oi"`,
    'set use_envelope_from',
    `set from=${login}`,
    'unset record',
  ];
  good(
    'mutt',
    ['-n', '-F', '/dev/null', ...set.flatMap((one) => ['-e', one]), '-s', 'from mutt', '--', 'x@far.example'],
    'hi\n',
  );
  assert.match(await next(), /\r\nSubject: from mutt\r\n/);
});

test('BCP134-3.1-c: PHP’s mail() sends with it', { skip: lacking('php') }, async () => {
  const script = `exit(mail('x@far.example', 'from PHP', "a\\n.\\nb\\n", "From: ${login}\\r\\nBcc: y@far.example", '-f${login}') ? 0 : 1);`;
  good('php', ['-d', `sendmail_path=${sendmail} -t -i`, '-r', script]);
  const copy = await next();
  assert.match(copy, /\r\n\r\na\r\n\.\r\nb\r\n/);
  assert.doesNotMatch(copy, /Bcc/);
});

const cronOutput = 'Subject: Cron <root@box> backup\nContent-Type: text/plain; charset=UTF-8\n\ndone\n';
const crons: readonly (readonly [which: string, args: readonly string[], message: string])[] = [
  [
    'cron of Debian',
    ['-i', '-FCronDaemon', '-B8BITMIME', '-oem', 'root'],
    `From: root (Cron Daemon)\nTo: root\n${cronOutput}`,
  ],
  [
    'cronie',
    ['-FCronDaemon', '-i', '-odi', '-oem', '-oi', '-t', '-f', 'root'],
    `From: "(Cron Daemon)" <root>\nTo: root\n${cronOutput}`,
  ],
  ['a script', ['root'], 'the disk is full\n'],
];
for (const [which, args, message] of crons)
  test(`BCP134-3.1-c: what ${which} pipes into sendmail comes from the account`, async () => {
    good(sendmail, args, message);
    const copy = await next();
    assert.match(copy, /^Return-Path: <alice@example\.org>\r\n/);
    assert.match(copy, /\r\nFrom: .*alice@example\.org/);
  });

const exits: readonly (readonly [why: string, code: number, args: readonly string[], message: string])[] = [
  ['no recipient', 64, [], MESSAGE],
  ['a daemon', 64, ['-bd'], ''],
  ['no address', 65, ['x@@far.example'], MESSAGE],
  ['a NUL octet', 65, ['x@far.example'], `${MESSAGE}\0`],
  ['a sender that is not the login’s', 77, ['-f', 'bob@example.org', 'x@far.example'], MESSAGE],
  ['an author that is not the login’s', 77, ['x@far.example'], MESSAGE.replace(login, 'bob@example.org')],
];
for (const [why, code, args, message] of exits)
  test(`sysexits: ${why} is ${code}`, () => {
    const { status, output } = run(sendmail, args, message);
    assert.equal(status, code, output);
    assert.match(output, /^postern send: [^\n]+\n$/, `one clear line: ${output}`);
  });

test('C-ORD-13 F-HDR-2 F-HDR-4 D-PR-5: whatever a hostile program gives, nothing leaves but what it may say, and it hears one clear line', async () => {
  const resent = 'Resent-Date: Thu, 1 Jan 2026 00:00:00 +0000\n';
  const many = (name: string) => Array.from({ length: 5001 }, (_, at) => `${name}${at}`).join(',');
  const hostile: readonly (readonly [code: number, args: readonly string[], message: string])[] = [
    [65, ['x@far.example\r\nRCPT TO:<y@far.example>'], MESSAGE],
    [65, [`-f${login}>\r\nRCPT TO:<y@far.example`, 'x@far.example'], MESSAGE],
    [65, ['-f', `\u001b[2J${login}`, 'x@far.example'], MESSAGE],
    [67, ['--', '-oQ/tmp'], MESSAGE],
    [67, ['|/bin/sh'], MESSAGE],
    [64, ['-Va\r\nRCPT TO:<y@far.example>', 'x@far.example'], MESSAGE],
    [64, ['--\u001b[2J\nforged'], MESSAGE],
    [65, ['-t'], `${'X-A: b\n'.repeat(1001)}${MESSAGE}`],
    [65, ['-t'], `X-A: ${'b'.repeat(70_000)}\n${MESSAGE}`],
    [65, ['-t'], `To: x@far.example\nno field\nBcc: secret@far.example\n\nhi\n`],
    [65, ['-t'], `Resent-From: ${login}\n${MESSAGE}`],
    [65, ['-t'], `To: ${many('a')}\nCc: ${many('b')}\n\nhi\n`],
    [77, ['-t'], `Resent-From: bob@example.org\n${resent}Resent-To: x@far.example\n${MESSAGE}`],
    [77, ['-t'], MESSAGE.replace('From:', 'Sender: bob@example.org\nFrom:')],
  ];
  for (const [code, args, message] of hostile) {
    const { status, output } = run(sendmail, args, message);
    assert.equal(status, code, `${JSON.stringify(args)}: ${output}`);
    assert.match(output, /^postern send: [^\p{Cc}]+\n$/u, JSON.stringify(args));
  }
  const evil = 'Subject: x\r.\rMAIL FROM:<bob@example.org>\n.\nRCPT TO:<y@far.example>\nDATA\n';
  good(
    sendmail,
    ['-ti', '-FEve\r\nBcc: y@far.example', '-oQ/tmp', '-X/tmp/log', '-C/tmp/evil'],
    `To: x@far.example\nbCc: secret@far.example,\n\thidden@far.example\n${evil}`,
  );
  const copy = await next();
  assert.match(copy, /\r\nFrom: "Eve Bcc: y@far\.example" <alice@example\.org>\r\n/);
  assert.match(copy, /\r\n\r\n\.\r\nMAIL FROM:<bob@example\.org>\r\n\.\r\nRCPT TO/);
  assert.doesNotMatch(copy, /secret|hidden|^bcc:/im);
});

test('sysexits: where nobody reads what is told, the message is sent all the same, and the code says what became of it', async () => {
  const rc = join(server.directory, 'rc');
  const ends: readonly (readonly [code: number, args: string])[] = [
    [64, '-bd'],
    [65, 'x@@far.example'],
    [0, '-v x@far.example'],
  ];
  for (const [code, args] of ends)
    for (const end of ['2>/dev/full', '2>&1 | true']) {
      good('sh', ['-c', `{ sleep 0.1; ${sendmail} ${args}; echo $? >${rc}; } ${end}`], MESSAGE);
      assert.equal(readFileSync(rc, 'utf8'), `${code}\n`, `${args} ${end}`);
      if (code === 0) assert.match(await next(), /\r\n\.hello\r\n$/);
    }
});

test('sysexits: configuration 78, wrong password 77, nobody there 75, an untrusted server 76', () => {
  const { submission, certificate } = server;
  const base = `host: localhost\nport: ${submission}\naddress: ${login}\nca: ${certificate}\n`;
  const cases: readonly (readonly [code: number, config: string])[] = [
    [78, 'hots: localhost\n'],
    [78, `${base}passwordFile: none\n`],
    [77, `${base}password: wrong\n`],
    [75, `${base.replace(String(submission), '1')}password: x\n`],
    [76, `${base.replace(/ca:.*\n/, '')}password: ${PASSWORD}\n`],
  ];
  for (const [code, text] of cases) {
    const path = join(server.directory, 'other.yaml');
    writeFileSync(path, text, { mode: 0o600 });
    const { status, output } = run(sendmail, ['x@far.example'], MESSAGE, { POSTERN_SEND_CONFIG: path });
    assert.equal(status, code, output);
    assert.match(output, /^postern send: [^\n]+\n$/);
  }
});

test('C-ORD-12: what some recipients accepted is sent to them; the others are named, and nobody is told to try again', async () => {
  const { status, output } = run(sendmail, ['x@far.example', 'nobody@example.org'], MESSAGE);
  assert.equal(status, 67, output);
  assert.match(
    output,
    /^postern send: nobody@example\.org: 550 5\.1\.1 .*\npostern send: 1 of 2 recipients were not accepted\n$/,
  );
  assert.match(await next(), /for <x@far\.example>/);
});

test('C-ORD-10: the dialog is shown on request, without the secret', async () => {
  const output = good(sendmail, ['-v', 'x@far.example'], MESSAGE);
  assert.match(output, /^C: AUTH PLAIN \(hidden\)$/m);
  assert.match(output, /^S: 250 2\.0\.0 queued as \w+$/m);
  assert.ok(
    !output.includes(PASSWORD) && !output.includes(Buffer.from(PASSWORD).toString('base64').slice(4, 20)),
  );
  assert.match(await next(), /\r\n\.hello\r\n$/);
});
