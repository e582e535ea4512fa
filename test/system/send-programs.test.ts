// Programs that are at their worst: what they really pipe into sendmail, and those that speak SMTP to it (`-bs`).

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
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
const MAILER = '/usr/share/php/Symfony/Component/Mailer/autoload.php';
let server: TestServer;
let sendmail: string;
let seen = 0;

before(async () => {
  server = await startServer();
  const { directory, submission, certificate } = server;
  mkdirSync(join(directory, 'config/postern'), { recursive: true });
  const file = `host: localhost\nport: ${submission}\naddress: ${login}\npasswordFile: password\nca: ${certificate}
aliases:\n  root: ${login}\n`;
  writeFileSync(join(directory, 'config/postern/send.yaml'), file, { mode: 0o600 });
  writeFileSync(join(directory, 'config/postern/password'), `${PASSWORD}\n`, { mode: 0o600 });
  sendmail = join(directory, 'sendmail');
  symlinkSync(join(import.meta.dirname, '../../bin/postern'), sendmail);
});
after(async () => {
  await server[Symbol.asyncDispose]();
});

function run(program: string, args: readonly string[], input: string | Uint8Array = '') {
  const { directory } = server;
  const env = {
    ...{ PATH: `${dirname(process.execPath)}:${process.env['PATH']}`, HOME: directory },
    ...{ XDG_CONFIG_HOME: join(directory, 'config'), LANG: 'C.UTF-8' },
  };
  const result = spawnSync(program, args, { input, encoding: 'utf8', timeout: HANGING_MS, env });
  return { status: result.status, output: `${result.stdout}${result.stderr}${result.error?.message ?? ''}` };
}

function good(program: string, args: readonly string[], input: string | Uint8Array = ''): string {
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

const unquoted = (text: string): string =>
  Buffer.from(
    text
      .replaceAll('=\r\n', '')
      .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString();

test('5322-d BCP134-3.1-c: a cron job that prints a line of 1,200 octets is read as it was printed', async () => {
  const line = `Größe: ${'x'.repeat(1200)} =`;
  good(
    sendmail,
    ['-i', '-FCronDaemon', '-B8BITMIME', '-oem', 'root'],
    `From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@box> backup\nContent-Type: text/plain; charset=UTF-8\n\n${line}\n`,
  );
  const copy = await next();
  assert.match(copy, /\r\nContent-Transfer-Encoding: quoted-printable\r\n/);
  assert.ok(unquoted(copy).endsWith(`\r\n\r\n${line}\r\n`), copy);
});

test('BCP134-3.1-c: GNU mailutils sends with it', { skip: lacking('mail.mailutils') }, async () => {
  good(
    'mail.mailutils',
    [
      '-E',
      `set sendmail="sendmail:${sendmail}"`,
      '-s',
      'from mailutils',
      '-a',
      `From: ${login}`,
      'x@far.example',
    ],
    'hello\n',
  );
  assert.match(await next(), /\r\nSubject: from mailutils\r\n/);
});

const SMTP = 'EHLO box\r\nMAIL FROM:<alice@example.org>\r\nRCPT TO:<x@far.example>\r\n';
const MESSAGE = 'To: x@far.example\r\nSubject: over a pipe\r\n\r\n..dot\r\n.\r\n';

test('BCP134-3.1-c: SMTP on standard input goes the way of every message', async () => {
  const output = good(sendmail, ['-bs'], `${SMTP}DATA\r\n${MESSAGE}QUIT\r\n`);
  assert.match(output, /\r\n250 2\.0\.0 queued as <[0-9a-z]{26}@example\.org>\r\n221 /);
  const copy = await next();
  assert.match(copy, /^Return-Path: <alice@example\.org>\r\n/);
  assert.match(copy, /with ESMTPSA/);
  assert.match(copy, /\r\nFrom: alice@example\.org\r\n/);
  assert.match(copy, /\r\n\r\n\.dot\r\n$/);
});

test('5321-i: a pipe that ends in the middle of a message is told, and the exit code says so', () => {
  for (const part of ['', 'DATA\r\nTo: x@far.example\r\n']) {
    const { status, output } = run(sendmail, ['-bs'], `${SMTP}${part}`);
    assert.equal(status, 65, output);
    assert.match(
      output,
      /postern send: the input ended [^:]*in the middle of a message: that one was not sent/,
    );
  }
  good(sendmail, ['-bs'], SMTP.slice(0, SMTP.indexOf('MAIL')));
});

test('C-ORD-12: over a pipe too who was refused is named, never by a code that means to try again', async () => {
  const some = `${SMTP}RCPT TO:<nobody@example.org>\r\nDATA\r\n${MESSAGE}`;
  const none = 'MAIL FROM:<bob@example.org>\r\nRCPT TO:<x@far.example>\r\nDATA\r\n';
  const output = good(sendmail, ['-bs'], `${some}${none}${MESSAGE}QUIT\r\n`);
  assert.match(
    output,
    /\r\n550-5\.1\.1 sent, but not to all: 1 of 2 .*\r\n550 5\.1\.1 nobody@example\.org: 550 5\.1\.1 /,
  );
  assert.match(output, /\r\n550 5\.7\.1 the server refused the reverse-path: [^\r]+\r\n221 /);
  assert.match(await next(), /for <x@far\.example>/);
});

test('sysexits: what keeps a session from beginning stands in place of the greeting', () => {
  const { status, output } = run(sendmail, ['-bs', '-C/none'], '');
  assert.equal(status, 0, output);
  writeFileSync(join(server.directory, 'bad.yaml'), 'hots: x\n', { mode: 0o600 });
  const bad = run(sendmail.replace(/sendmail$/, 'postern'), [], '');
  assert.notEqual(bad.status, 0);
  const main = join(import.meta.dirname, '../../bin/postern');
  const refused = run(main, ['send', '-bs', '-C', join(server.directory, 'bad.yaml')], 'QUIT\r\n');
  assert.equal(refused.status, 78);
  assert.match(refused.output, /^554 [^\r]*unknown key "hots"[^\r]*\r\npostern send: /);
});

test(
  'BCP134-3.1-c: Symfony Mailer sends with it by its default, `sendmail -bs`, several messages in one session',
  { skip: existsSync(MAILER) ? false : 'php-symfony-mailer is not installed' },
  async () => {
    const script = `require '${MAILER}';
      use Symfony\\Component\\Mailer\\{Mailer, Transport}; use Symfony\\Component\\Mime\\Email;
      $mailer = new Mailer(Transport::fromDsn('sendmail://default?command=' . urlencode('${'${SENDMAIL}'} -bs')));
      foreach ([1, 2] as $n) $mailer->send((new Email())->from('Älice <${login}>')->to('x@far.example')->bcc('secret@far.example')
        ->subject("Störung $n")->text("ä\\n.\\nend\\n")->html('<p>' . str_repeat('x', 2000) . '</p>'));
      try { $mailer->send((new Email())->from('bob@example.org')->to('x@far.example')->text('no')); echo 'sent'; }
      catch (Exception $e) { echo 'refused: ', $e->getMessage(); }`.replace('${SENDMAIL}', sendmail);
    const output = good('php', ['-r', script]);
    assert.match(output, /refused: .*550/s);
    const copies = await eventually('both', 10, () => {
      const all = delivered(server.outbox).map(({ bytes }) => bytes.toString());
      return all.filter((text) => /\r\nSubject: =\?utf-8\?Q\?St=C3=B6rung/.test(text)).length >= 2 && all;
    });
    for (const copy of copies) assert.doesNotMatch(copy, /^bcc|secret@/im);
  },
);
