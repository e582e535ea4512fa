// A Dovecot of our own as a submission server: a port with STARTTLS and one with TLS from the start, before a next hop of ours that takes everything
// and keeps it. It listens on 127.0.0.2, because Dovecot takes a connection from its own address for a secure one.

import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '../../src/cli/certificate.ts';
import { eventually, PASSWORD } from './server.ts';
import { freePort } from '../free-port.ts';

export const SUBMISSIOND = '/usr/lib/dovecot/submission';

export interface DovecotSubmission {
  readonly address: string;
  readonly starttls: number;
  readonly implicit: number;
  /** PEM, for `msa.example.org`. */
  readonly certificate: string;
  /** Where its log stands, while it runs. */
  readonly log: string;
  messages(): readonly string[];
  stop(): Promise<void>;
}

/** What the probe's own advice for Dovecot comes to. */
const good = [
  'ssl = required',
  'disable_plaintext_auth = yes',
  'auth_mechanisms = plain login',
  'ssl_min_protocol = TLSv1.2',
  'ssl_cipher_list = ECDHE+AESGCM:ECDHE+CHACHA20',
  'submission_backend_capabilities = 8BITMIME DSN',
];

/** `extra`: settings that come last, and so win. */
export async function startDovecotSubmission(extra: readonly string[] = []): Promise<DovecotSubmission> {
  const [starttls, implicit] = [await freePort(), await freePort()];
  const hop = await startHop();
  const directory = mkdtempSync(join(tmpdir(), 'postern-submissiond-'));
  chmodSync(directory, 0o755);
  const at = (name: string): string => join(directory, name);
  const { cert, key } = await makeCertificate(['msa.example.org'], ['127.0.0.2']);
  writeFileSync(at('cert.pem'), cert);
  writeFileSync(at('key.pem'), key, { mode: 0o600 });
  writeFileSync(at('users'), `alice@example.org:{PLAIN}${PASSWORD}:65534:65534::${at('home')}::\n`, {
    mode: 0o644,
  });
  writeFileSync(at('dovecot.conf'), configuration(at, { starttls, implicit, hop: hop.port }, extra));
  const child = spawn('/usr/sbin/dovecot', ['-F', '-c', at('dovecot.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (data) => (errors += String(data)));
  for (const port of [starttls, implicit])
    await eventually('Dovecot listening', 20, () => {
      if (child.exitCode !== null) throw new Error(`dovecot ended: ${errors}`);
      return spawnSync('bash', ['-c', `</dev/tcp/127.0.0.2/${port}`]).status === 0;
    });
  return {
    ...{ address: '127.0.0.2', starttls, implicit, certificate: cert, log: at('log') },
    messages: () => hop.messages,
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
      hop.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function configuration(
  at: (name: string) => string,
  ports: { readonly starttls: number; readonly implicit: number; readonly hop: number },
  extra: readonly string[],
): string {
  return `protocols = submission
listen = 127.0.0.2
hostname = msa.example.org
base_dir = ${at('run')}
log_path = ${at('log')}
default_internal_user = dovecot
default_login_user = dovenull
first_valid_uid = 1
mail_location = maildir:${at('mail')}/%n
ssl_cert = <${at('cert.pem')}
ssl_key = <${at('key.pem')}
submission_relay_host = 127.0.0.1
submission_relay_port = ${ports.hop}
passdb {
  driver = passwd-file
  args = ${at('users')}
}
userdb {
  driver = passwd-file
  args = ${at('users')}
}
service submission-login {
  inet_listener submission {
    port = ${ports.starttls}
  }
  inet_listener submissions {
    port = ${ports.implicit}
    ssl = yes
  }
}
# Whoever errs is not made to wait here: the probe errs on purpose.
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
${[...good, ...extra].join('\n')}
`;
}

const RECEIVED_MAX = 100;

interface Hop {
  readonly port: number;
  readonly messages: readonly string[];
  stop(): void;
}

/** The smallest server that takes everything but what goes round in a loop. */
async function startHop(): Promise<Hop> {
  const messages: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.write('220 hop.example.org ESMTP\r\n');
    let text = '';
    let inData = false;
    socket.setEncoding('latin1').on('data', (data: string) => {
      text += data;
      for (;;) {
        const end = inData ? '\r\n.\r\n' : '\r\n';
        const at = text.indexOf(end);
        if (at < 0) return;
        const part = text.slice(0, at);
        text = text.slice(at + end.length);
        const loops = inData && part.split('\r\nReceived: ').length > RECEIVED_MAX;
        if (inData && !loops) messages.push(part.replaceAll(/^\.\./gm, '.'));
        socket.write(
          loops ? '554 5.4.6 mail loop\r\n' : replyTo(inData ? '.' : part.slice(0, 4).toUpperCase()),
        );
        inData = !inData && /^DATA/i.test(part);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A Dovecot that does not start ends the test, not this.
  server.unref();
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    ...{ port: address.port, messages },
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function replyTo(verb: string): string {
  if (verb === 'EHLO') return '250-hop.example.org\r\n250-8BITMIME\r\n250-DSN\r\n250 ENHANCEDSTATUSCODES\r\n';
  if (verb === 'DATA') return '354 go on\r\n';
  return verb === 'QUIT' ? '221 2.0.0 bye\r\n' : '250 2.0.0 ok\r\n';
}
