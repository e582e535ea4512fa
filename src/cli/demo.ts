// `npm start` on a fresh checkout: makes ./var with everything in it, serves it, and prints three lines to copy: submit, look, trace, and a link to open: the console.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { parse } from 'yaml';
import { loadConfig } from '../config/load.ts';
import { ownUserName } from '../platform/own-user.ts';
import { proveBindable } from '../platform/listen.ts';
import { addFirstAccount } from './first-account.ts';
import { writeInitialFiles } from './init.ts';
import { print } from './output.ts';
import { serveUntilStopped } from './serve.ts';

const DOMAIN = 'postern.test';
const LOOPBACK = '127.0.0.1';
const LOGIN = `alice@${DOMAIN}`;
const RECIPIENT = 'bob@example.net';

export function demoCommand(program: Command): void {
  program
    .command('demo', { hidden: true })
    .description('first try: makes ./var and serves it')
    .action(async () => {
      const directory = resolve('var');
      const config = join(directory, 'postern.yaml');
      if (!existsSync(config)) await makeFirstTry(directory);
      const loaded = loadConfig(config);
      const [submission] = loaded.config.listeners;
      await serveUntilStopped(() => loaded, {
        async whenReady(server) {
          const link = loaded.config.console === 'off' ? undefined : await server.consoleLink(ownUserName());
          printLines(directory, submission?.port ?? 587, link);
        },
        trusted: readFileSync(join(directory, 'cert.pem'), 'utf8'),
      });
    });
}

async function makeFirstTry(directory: string): Promise<void> {
  const isFree = await portsAreFree([587, 465, 8587, 8588]);
  // A user who tries Postern out has not decided to open a port to others: that takes an edit of the file.
  const where = { address: LOOPBACK };
  const [submission, submissions, http, face] = isFree ? [587, 465, 8587, 8588] : [5587, 5465, 9587, 9588];
  const config = await writeInitialFiles({
    ...{
      target: directory,
      hostname: `mail.${DOMAIN}`,
      domains: [DOMAIN],
      relay: { files: join(directory, 'outbox') },
      data: join(directory, 'data'),
      quiet: true,
    },
    extra: {
      listeners: [
        { port: submission, ...where, role: 'submission', tls: 'starttls' },
        { port: submissions, ...where, role: 'submission', tls: 'implicit' },
      ],
      http: { address: LOOPBACK, port: http },
      console: { address: LOOPBACK, port: face },
    },
  });
  const { password } = await addFirstAccount(config, LOGIN);
  writeFileSync(join(directory, 'first-account.txt'), `${LOGIN}\n${password}\n`, { mode: 0o600 });
  writeFileSync(join(directory, 'hello.eml'), helloMessage(), { mode: 0o600 });
}

/** All of them or none: half a demo helps nobody. */
async function portsAreFree(ports: readonly number[]): Promise<boolean> {
  try {
    await proveBindable(ports.map((port) => ({ port, address: LOOPBACK, what: 'demo' })));
    return true;
  } catch {
    return false;
  }
}

function helloMessage(): string {
  return [
    `From: Alice <${LOGIN}>`,
    `To: <${RECIPIENT}>`,
    'Subject: Hello through Postern',
    '',
    'It works.',
    '',
  ].join('\r\n');
}

function printLines(directory: string, port: number, link: string | undefined): void {
  const [login = '', password = ''] = readFileSync(join(directory, 'first-account.txt'), 'utf8').split('\n');
  const ca = parse(readFileSync(join(directory, 'postern.yaml'), 'utf8')) as { tls: { cert: string } };
  print('');
  print(`Account ${login}, app password ${password} (kept in ${join(directory, 'first-account.txt')})`);
  print('Submit a message, look at what was delivered, and ask who sent it:');
  print('');
  print(
    `curl --ssl-reqd --cacert ${ca.tls.cert} --url smtp://127.0.0.1:${port} --user ${login}:${password} --mail-from ${login} --mail-rcpt ${RECIPIENT} -T ${join(directory, 'hello.eml')}`,
  );
  print(`cat ${join(directory, 'outbox')}/*.eml`);
  print(`bin/postern trace ${RECIPIENT}`);
  if (link !== undefined) {
    print('');
    print('Open the console (once, within ten minutes; `bin/postern console link` makes another link):');
    print('');
    print(link);
  }
  print('');
}
