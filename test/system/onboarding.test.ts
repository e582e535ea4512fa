// Onboarding with the real programs: documents from a running server against their schemas, DNS records against a real name server.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { complaint, pagesOnPaper, PHONE_WIDTH, seenOnPhone } from './page.ts';
import { eventually, lacking, PASSWORD, startServer, type TestServer } from './server.ts';
import { freePort } from '../free-port.ts';

const fixtures = join(import.meta.dirname, '../fixtures');

interface Reply {
  readonly status: number;
  readonly body: string;
}

function fetchFrom(
  server: TestServer,
  port: number,
  host: string,
  path: string,
  body?: string,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request({
      ...{ host: '127.0.0.1', port, path, method: body === undefined ? 'GET' : 'POST', agent: false },
      ...{ headers: { host }, servername: 'msa.example.org', ca: readFileSync(server.certificate) },
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    sent.end(body);
  });
}

function valid(program: string, args: readonly string[], input: string): void {
  const result = spawnSync(program, args, { input, encoding: 'utf8' });
  assert.equal(result.status, 0, `${result.stderr}\n${input}`);
}

const xmllint = (schema: string, text: string): void =>
  valid('xmllint', ['--noout', '--nonet', '--relaxng', join(fixtures, schema), '-'], text);

const onboarding = [
  'onboarding:',
  '  displayName: Ann & <Bob>',
  '  imap: { host: imap.example.org }',
  '  help: https://example.org/help',
  '  mtaSts: { mx: [mx.example.org] }',
];

test(
  'C-AC-1 C-AD-1 C-MC-1 BCP134-3.2-h: the documents of a running server validate, and private HTTP serves none of them',
  { skip: lacking('xmllint', 'python3') },
  async () => {
    const web = await freePort();
    const extra = [`web: { port: ${web}, address: 127.0.0.1 }`, ...onboarding].join('\n');
    await using server = await startServer({ extra });
    const get = (host: string, path: string, body?: string): Promise<Reply> =>
      fetchFrom(server, web, host, path, body);
    const config = await get(
      'autoconfig.example.org',
      '/mail/config-v1.1.xml?emailaddress=alice@example.org',
    );
    assert.equal(config.status, 200);
    xmllint('autoconfig.rng', config.body);
    const post = (address: string): Promise<Reply> =>
      get(
        'autodiscover.example.org',
        '/autodiscover/autodiscover.xml',
        `<Autodiscover><Request><EMailAddress>${address}</EMailAddress></Request></Autodiscover>`,
      );
    for (const address of ['alice@example.org', 'nobody@example.org', 'x@far.example', '&x;'])
      xmllint('autodiscover.rng', (await post(address)).body);
    const profile = await get('msa.example.org', '/apple.mobileconfig?emailaddress=alice@example.org');
    const script =
      'import plistlib,sys; d=plistlib.loads(sys.stdin.buffer.read()); a=d["PayloadContent"][0]; ' +
      'assert a["EmailAddress"]=="alice@example.org" and a["OutgoingMailServerUseSSL"] is True and a["PayloadType"]=="com.apple.mail.managed"';
    valid('python3', ['-c', script], profile.body);
    assert.match((await get('mta-sts.example.org', '/.well-known/mta-sts.txt')).body, /^version: STSv1\r\n/);
    const inside = await fetch(`http://127.0.0.1:${server.http}/mail/config-v1.1.xml`);
    assert.equal(inside.status, 404);
    assert.equal((await get('msa.example.org', '/metrics')).status, 404);
    const sheet = server.postern(['dns', '--sheet', 'alice@example.org']);
    assert.match(sheet.stdout, /User name: +alice@example\.org/);
  },
);

test(
  'BCP134-3.2-h: the sheet of a user is readable at the width of a phone, fits on one sheet of paper, and a browser has nothing to complain of',
  { skip: lacking('chromium') },
  async () => {
    const longest = `${'a'.repeat(64)}@example.org`;
    await using server = await startServer({ autostart: false, extra: onboarding.join('\n') });
    for (const login of ['alice@example.org', longest]) {
      const added = server.postern(['account', 'add', login, '--password-stdin'], `${PASSWORD}\n`);
      assert.equal(added.status, 0, added.stderr);
      const page = join(server.directory, 'sheet.html');
      const written = server.postern(['dns', '--sheet', login, '--html', page]);
      assert.equal(written.status, 0, written.stderr);
      const { width, found, log } = seenOnPhone(page, 'dl dt');
      assert.ok(width > 0 && width <= PHONE_WIDTH, `as wide as ${width}: ${log.slice(-500)}`);
      // Incoming, outgoing on 465 and on 587, with five rows each.
      assert.equal(found, 15);
      assert.doesNotMatch(log, complaint);
      assert.equal(pagesOnPaper(page), 1);
    }
  },
);

test(
  'C-SRV-7 TLS-t: what `postern dns` prints, a real name server serves and `--check` finds right; what is taken out is missing',
  { skip: lacking('unbound') },
  async () => {
    await using server = await startServer({
      autostart: false,
      extra: ['web: { port: 9443 }', 'postmaster: postmaster@example.org', ...onboarding].join('\n'),
    });
    const printed = server.postern(['dns', '--tlsa']);
    assert.equal(printed.status, 0, printed.stderr);
    const zone = printed.stdout.split('\n').filter((line) => line !== '' && !line.startsWith(';'));
    assert.match(printed.stdout, /IN TLSA 3 1 1 [0-9a-f]{64}/);
    const port = await freePort();
    const check = async (records: readonly string[], ...args: string[]) => {
      const file = join(server.directory, 'unbound.conf');
      const data = [...records, 'msa.example.org. 3600 IN A 192.0.2.1'];
      writeFileSync(
        file,
        [
          'server:',
          `  interface: 127.0.0.1@${port}`,
          '  do-daemonize: no\n  use-syslog: no\n  username: ""\n  chroot: ""\n  pidfile: ""\n  module-config: "iterator"\n  do-not-query-localhost: no',
          `  directory: "${server.directory}"`,
          '  local-zone: "example.org." static',
          ...data.map((line) => `  local-data: '${line}'`),
          'remote-control:\n  control-enable: no',
        ].join('\n'),
      );
      const child = spawn('/usr/sbin/unbound', ['-d', '-c', file], { stdio: 'ignore' });
      const gone = new Promise((resolve) => child.once('exit', resolve));
      try {
        const command = ['dns', '--check', '--server', `127.0.0.1:${port}`, ...args];
        return await eventually('the name server', 20, () => {
          const result = server.postern(command);
          return result.status !== 3 && result;
        });
      } finally {
        child.kill('SIGTERM');
        await gone;
      }
    };
    const whole = await check(zone, '--tlsa');
    assert.equal(whole.status, 0, whole.stdout + whole.stderr);
    const less = await check(zone.filter((line) => !line.startsWith('_submission._tcp')));
    assert.equal(less.status, 1, less.stdout);
    assert.match(less.stdout, /missing +_submission\._tcp\.example\.org\. SRV/);
    assert.match(less.stderr, /^postern: 1 of \d+ records are missing or different/);
    const silent = server.postern(['dns', '--check', '--server', `127.0.0.1:${await freePort()}`]);
    assert.equal(silent.status, 3, silent.stdout);
  },
);
