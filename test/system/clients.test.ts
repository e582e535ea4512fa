// Real mail clients submit on both ports; what arrives in the outbox has the body that was sent, octet for octet.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import nodemailer from 'nodemailer';
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
let seen = 0;

before(async () => {
  server = await startServer();
});
after(async () => {
  await server[Symbol.asyncDispose]();
});

const BODY = [
  'Grüße aus Köln – a line with UTF-8,',
  '.a line that begins with a dot',
  '..two dots',
  'trailing spaces   ',
  '',
  'last line',
  '',
].join('\r\n');

function message(subject: string): string {
  return [
    `From: Alice <${login}>`,
    'To: x@far.example',
    `Subject: ${subject}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    BODY,
  ].join('\r\n');
}

function execute(
  program: string,
  args: readonly string[],
  input = '',
  env: Readonly<Record<string, string>> = {},
): void {
  const result = spawnSync(program, args, {
    input,
    encoding: 'utf8',
    timeout: HANGING_MS,
    env: { ...process.env, ...env },
  });
  assert.equal(result.status, 0, `${program}: ${result.stdout}${result.stderr}`);
}

/** The next message in the outbox: its header and its body. */
async function next(): Promise<{ header: string; body: string }> {
  const files = await eventually('delivery', 10, () => {
    const all = delivered(server.outbox);
    return all.length > seen && all;
  });
  seen = files.length;
  const text = files.at(-1)?.bytes.toString('utf8') ?? '';
  const at = text.indexOf('\r\n\r\n');
  return { header: text.slice(0, at + 2), body: text.slice(at + 4) };
}

function assertOurs(header: string): void {
  assert.match(
    header,
    /^Return-Path: <[^>]*>\r\nReceived: from [0-9a-z]{16}\.client\.msa\.example\.org\r\n\tby msa\.example\.org with (UTF8)?E?SMTPSA/,
  );
  assert.doesNotMatch(header, /127\.0\.0\.1/);
}

const ports = [
  { name: '587', port: () => server.submission, implicit: false },
  { name: '465', port: () => server.submissions, implicit: true },
] as const;

for (const { name, port, implicit } of ports) {
  test(`BCP134-3.1-a TLS-i TLS-j 5321-x: curl submits on ${name}`, { skip: lacking('curl') }, async () => {
    const file = join(server.directory, 'curl.eml');
    writeFileSync(file, message('curl'));
    execute('curl', [
      ...[
        '-sS',
        '--url',
        `${implicit ? 'smtps' : 'smtp'}://localhost:${port()}`,
        '--ssl-reqd',
        '--cacert',
        server.certificate,
      ],
      ...['-u', `${login}:${PASSWORD}`, '--mail-from', login, '--mail-rcpt', 'x@far.example', '-T', file],
    ]);
    const { header, body } = await next();
    assertOurs(header);
    assert.equal(body, BODY);
  });

  test(`BCP134-3.1-a TLS-j: swaks submits on ${name}`, { skip: lacking('swaks') }, async () => {
    execute('swaks', [
      ...[
        '--server',
        '127.0.0.1',
        '--port',
        String(port()),
        implicit ? '--tls-on-connect' : '--tls',
        '--auth',
        'PLAIN',
      ],
      ...[
        '--auth-user',
        login,
        '--auth-password',
        PASSWORD,
        '--from',
        login,
        '--to',
        'x@far.example,y@far.example',
      ],
      ...['--data', message('swaks').replaceAll('\r\n', '\n'), '--suppress-data'],
    ]);
    const { header } = await next();
    assertOurs(header);
    assert.doesNotMatch(header, /\bfor </, 'two recipients: no `for` clause');
  });

  test(
    `BCP134-3.1-a AUTH-ah: msmtp submits on ${name} with AUTH LOGIN`,
    { skip: lacking('msmtp') },
    async () => {
      execute(
        'msmtp',
        [
          ...[
            '--host=localhost',
            `--port=${port()}`,
            '--tls=on',
            `--tls-starttls=${implicit ? 'off' : 'on'}`,
          ],
          ...[
            `--tls-trust-file=${server.certificate}`,
            '--auth=login',
            `--user=${login}`,
            `--passwordeval=echo ${PASSWORD}`,
          ],
          ...[`--from=${login}`, 'x@far.example'],
        ],
        message('msmtp'),
      );
      const { header, body } = await next();
      assertOurs(header);
      assert.equal(body, BODY);
    },
  );

  test(
    `BCP134-3.1-a: Python smtplib submits an attachment on ${name}`,
    { skip: lacking('python3') },
    async () => {
      const script = `
import smtplib, ssl, sys
from email.message import EmailMessage
port, implicit, ca, user, password = int(sys.argv[1]), sys.argv[2] == '1', sys.argv[3], sys.argv[4], sys.argv[5]
context = ssl.create_default_context(cafile=ca)
m = EmailMessage(); m['From'] = user; m['To'] = 'x@far.example'; m['Subject'] = 'Grüße'
m.set_content('see attachment'); m.add_attachment(bytes(range(256)) * 400, maintype='application', subtype='octet-stream', filename='all.bin')
s = smtplib.SMTP_SSL('localhost', port, context=context) if implicit else smtplib.SMTP('localhost', port)
if not implicit: s.starttls(context=context)
s.login(user, password); s.send_message(m); s.quit()
`;
      execute('python3', [
        '-c',
        script,
        String(port()),
        implicit ? '1' : '0',
        server.certificate,
        login,
        PASSWORD,
      ]);
      const { header, body } = await next();
      assertOurs(header);
      const encoded = /octet-stream[\s\S]*?\r\n\r\n([A-Za-z0-9+/=\r\n]+)\r\n--/.exec(body)?.[1] ?? '';
      const all = Buffer.from(encoded.replaceAll('\r\n', ''), 'base64');
      assert.deepEqual(
        all,
        Buffer.concat(
          Array.from({ length: 400 }, () => Buffer.from(Array.from({ length: 256 }, (_, n) => n))),
        ),
      );
    },
  );

  test(`BCP134-3.1-a EXT-UTF8-a: nodemailer submits on ${name}, UTF-8 addresses included`, async () => {
    const transport = nodemailer.createTransport({
      host: 'localhost',
      port: port(),
      secure: implicit,
      requireTLS: true,
      auth: { user: login, pass: PASSWORD },
      tls: { ca: readFileSync(server.certificate) },
    });
    const info = await transport.sendMail({
      from: login,
      to: 'jürgen@far.example',
      subject: 'Grüße',
      text: 'x\n',
    });
    assert.match(info.response, /^250 2\.0\.0 queued as [0-9A-Z]{26}$/);
    transport.close();
    const { header } = await next();
    assert.match(header, /with UTF8SMTPSA id [0-9A-Z]{26}/);
  });

  test(`BCP134-3.1-a: s-nail submits on ${name}`, { skip: lacking('s-nail') }, async () => {
    const url = `${implicit ? 'smtps' : 'smtp'}://${encodeURIComponent(login)}:${encodeURIComponent(PASSWORD)}@localhost:${port()}`;
    execute(
      's-nail',
      [
        ...[
          '-:/',
          '-Sv15-compat=yes',
          `-Smta=${url}`,
          '-Ssmtp-auth=plain',
          ...(implicit ? [] : ['-Ssmtp-use-starttls']),
        ],
        ...[
          `-Stls-ca-file=${server.certificate}`,
          '-Stls-verify=strict',
          `-Sfrom=${login}`,
          '-Ssendwait',
          '-s',
          's-nail',
          'x@far.example',
        ],
      ],
      'hello\n',
      { HOME: server.directory },
    );
    assertOurs((await next()).header);
  });

  test(
    `BCP134-3.1-a: git send-email submits on ${name}`,
    { skip: lacking('git') || gitSendEmailMissing() },
    async () => {
      const repository = join(server.directory, `repository-${name}`);
      mkdirSync(repository);
      const git = (...args: readonly string[]): void =>
        execute(
          'git',
          ['-C', repository, '-c', `user.email=${login}`, '-c', 'user.name=Alice', ...args],
          '',
          { HOME: server.directory },
        );
      git('init', '-q');
      writeFileSync(join(repository, 'a'), 'a\n');
      git('add', 'a');
      git('commit', '-q', '-m', 'Add a');
      git('format-patch', '-q', '--root', '-o', repository);
      git(
        ...[
          'send-email',
          '--quiet',
          '--confirm=never',
          `--smtp-server=localhost`,
          `--smtp-server-port=${port()}`,
        ],
        ...[
          `--smtp-encryption=${implicit ? 'ssl' : 'tls'}`,
          `--smtp-ssl-cert-path=${server.certificate}`,
          `--smtp-user=${login}`,
          `--smtp-pass=${PASSWORD}`,
        ],
        ...[`--from=Alice <${login}>`, '--to=x@far.example', join(repository, '0001-Add-a.patch')],
      );
      const { header, body } = await next();
      assertOurs(header);
      assert.match(body, /^\+a\r$/m);
    },
  );
}

test('BCP134-3.1-h D-TR-1: every one of them is traced back from the delivered file', () => {
  for (const { name } of delivered(server.outbox)) {
    const traced = server.postern(['trace', join(server.outbox, name), '--json']);
    assert.equal(traced.status, 0, traced.stderr);
    assert.match(traced.stdout, /alice@example\.org/);
  }
});

function gitSendEmailMissing(): string | false {
  const usage = spawnSync('git', ['send-email', '-h'], { encoding: 'utf8' });
  return `${usage.stdout}${usage.stderr}`.includes('Composing')
    ? false
    : 'not installed: git-email (scripts/install-system-packages.sh installs it)';
}
