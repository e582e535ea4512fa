// A Dovecot of our own as LMTP target: one port on loopback, a Maildir for each user of example.org.

import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newIn } from './maildir.ts';
import { eventually } from './server.ts';
import { freePort } from '../free-port.ts';

export interface Dovecot {
  readonly port: number;
  mailbox(name: string): readonly Buffer[];
  stop(): Promise<void>;
}

export async function startDovecot(): Promise<Dovecot> {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'postern-dovecot-'));
  chmodSync(directory, 0o755);
  const mail = join(directory, 'mail');
  mkdirSync(mail);
  const [uid, gid] = ['-u', '-g'].map((kind) =>
    Number(spawnSync('id', [kind, 'dovecot'], { encoding: 'utf8' }).stdout.trim()),
  ) as [number, number];
  chownSync(mail, uid, gid);
  // Only alice has a mailbox: everybody else is refused by Dovecot itself.
  writeFileSync(
    join(directory, 'users'),
    `alice@example.org:{PLAIN}x:${uid}:${gid}::${join(mail, 'alice')}::\n`,
  );
  const config = join(directory, 'dovecot.conf');
  writeFileSync(config, lmtpConfiguration(directory, mail, port));
  const child = spawn('/usr/sbin/dovecot', ['-F', '-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (data) => (errors += String(data)));
  await eventually('Dovecot listening', 20, () => {
    if (child.exitCode !== null) throw new Error(`dovecot ended: ${errors}`);
    return spawnSync('bash', ['-c', `</dev/tcp/127.0.0.1/${port}`]).status === 0;
  });
  return {
    port,
    mailbox: (name) => newIn(join(mail, name)),
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function lmtpConfiguration(directory: string, mail: string, port: number): string {
  return `protocols = lmtp
base_dir = ${join(directory, 'run')}
log_path = ${join(directory, 'log')}
ssl = no
default_internal_user = dovecot
default_login_user = dovenull
first_valid_uid = 1
mail_location = maildir:${mail}/%n
passdb {
  driver = passwd-file
  args = ${join(directory, 'users')}
}
userdb {
  driver = passwd-file
  args = ${join(directory, 'users')}
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${port}
  }
}
protocol lmtp {
  postmaster_address = postmaster@example.org
}
`;
}
