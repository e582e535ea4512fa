// A Postfix of our own: its own directories, one port on loopback, mail for far.example kept in a Maildir. Needs root, as Postfix does.

import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newIn } from './maildir.ts';
import { eventually } from './server.ts';
import { freePort } from '../free-port.ts';

export interface Postfix {
  readonly port: number;
  /** Messages of a mailbox at far.example, oldest first. */
  mailbox(name: string): readonly Buffer[];
  stop(): void;
  start(): Promise<void>;
}

function idOf(kind: '-u' | '-g', name: string): number {
  return Number(spawnSync('id', [kind, name], { encoding: 'utf8' }).stdout.trim());
}

export async function startPostfix(extra: readonly string[] = [], wantedPort = 0): Promise<Postfix> {
  const port = wantedPort === 0 ? await freePort() : wantedPort;
  const directory = mkdtempSync(join(tmpdir(), 'postern-postfix-'));
  chmodSync(directory, 0o755);
  const [config, queue, data, mail] = ['etc', 'queue', 'data', 'mail'].map((name) =>
    join(directory, name),
  ) as [string, string, string, string];
  for (const path of [config, queue, data, mail]) mkdirSync(path);
  const owner = { uid: idOf('-u', 'postfix'), gid: idOf('-g', 'postfix') };
  for (const path of [data, mail]) chownSync(path, owner.uid, owner.gid);
  writeFileSync(join(config, 'main.cf'), mainCf(directory, owner, extra));
  writeFileSync(join(config, 'master.cf'), masterCf(port));
  const control = (action: string): void => {
    const result = spawnSync('postfix', ['-c', config, action], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
    });
    if (result.status !== 0)
      throw new Error(`postfix ${action}: ${result.stdout}${result.stderr}${logOf(directory)}`);
  };
  async function start(): Promise<void> {
    control('start');
    await eventually(
      'Postfix listening',
      20,
      () => spawnSync('bash', ['-c', `</dev/tcp/127.0.0.1/${port}`]).status === 0,
    );
  }
  await start();
  return {
    port,
    mailbox: (name) => newIn(join(mail, name)),
    start,
    stop() {
      control('stop');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function logOf(directory: string): string {
  try {
    return readFileSync(join(directory, 'log'), 'utf8');
  } catch {
    return '';
  }
}

function mainCf(
  directory: string,
  { uid, gid }: { readonly uid: number; readonly gid: number },
  extra: readonly string[],
): string {
  return [
    'compatibility_level = 3.6',
    `queue_directory = ${join(directory, 'queue')}`,
    `data_directory = ${join(directory, 'data')}`,
    'command_directory = /usr/sbin',
    'daemon_directory = /usr/lib/postfix/sbin',
    'mail_owner = postfix',
    'setgid_group = postdrop',
    'myhostname = mta.far.example',
    'mydestination =',
    'inet_interfaces = 127.0.0.1',
    'inet_protocols = ipv4',
    'mynetworks = 127.0.0.0/8',
    'smtpd_recipient_restrictions = reject_unlisted_recipient, permit_mynetworks, reject',
    'virtual_mailbox_domains = far.example',
    `virtual_mailbox_base = ${join(directory, 'mail')}`,
    `virtual_mailbox_maps = inline:{ x@far.example=x/, y@far.example=y/, alice@example.org=alice/ }`,
    `virtual_uid_maps = static:${uid}`,
    `virtual_gid_maps = static:${gid}`,
    'virtual_minimum_uid = 10',
    'maillog_file_prefixes = /tmp',
    `maillog_file = ${join(directory, 'log')}`,
    'smtputf8_enable = yes',
    ...extra,
    '',
  ].join('\n');
}

function masterCf(port: number): string {
  return [
    `127.0.0.1:${port} inet n - n - - smtpd`,
    'pickup unix n - n 60 1 pickup',
    'cleanup unix n - n - 0 cleanup',
    'qmgr unix n - n 300 1 qmgr',
    'tlsmgr unix - - n 1000? 1 tlsmgr',
    'rewrite unix - - n - - trivial-rewrite',
    'bounce unix - - n - 0 bounce',
    'defer unix - - n - 0 bounce',
    'trace unix - - n - 0 bounce',
    'verify unix - - n - 1 verify',
    'proxymap unix - - n - - proxymap',
    'error unix - - n - - error',
    'retry unix - - n - - error',
    'discard unix - - n - - discard',
    'virtual unix - n n - - virtual',
    'anvil unix - - n - 1 anvil',
    'scache unix - - n - 1 scache',
    'postlog unix-dgram n - n - 1 postlogd',
    '',
  ].join('\n');
}
