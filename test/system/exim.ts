// An Exim of our own as a submission server: its own directory, a port with STARTTLS and one with TLS from the start on loopback. What it takes stays
// in its queue, where the test reads it. Debian's Exim excludes Debian's Postfix, so it is not installed: scripts/install-system-packages.sh lays its
// files down beside.

import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '../../src/cli/certificate.ts';
import { eventually, PASSWORD } from './server.ts';
import { freePort } from '../free-port.ts';

export const EXIM = '/opt/postern-test/exim4/usr/sbin/exim4';

export interface Exim {
  readonly starttls: number;
  readonly implicit: number;
  /** PEM, for `msa.example.org`. */
  readonly certificate: string;
  /** The content of each message that was taken, in no order. */
  messages(): readonly string[];
  stop(): Promise<void>;
}

export interface EximOptions {
  /** Main options: lines that replace those of the same name. */
  readonly main?: readonly string[];
  /** Statements of the ACLs for MAIL, RCPT and DATA. */
  readonly mail?: readonly string[];
  readonly recipient?: readonly string[];
  readonly data?: readonly string[];
  readonly authenticators?: readonly string[];
}

/** What the probe's own advice for Exim comes to. */
const good = {
  main: [
    'auth_advertise_hosts = ${if def:tls_in_cipher {*}{}}',
    'tls_require_ciphers = NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-AES-256-CBC:-AES-128-CBC',
    'dsn_advertise_hosts = *',
    'acl_smtp_data = on_data',
  ],
  mail: [
    'deny !authenticated = *',
    '     message = 530 5.7.0 Authentication required',
    'deny !condition = ${if eqi{$sender_address}{$authenticated_id}}',
    'accept',
  ],
  recipient: ['accept authenticated = *', 'deny'],
  // Else it takes what goes round in a loop, and sends it back.
  data: ['deny condition = ${if >{$received_count}{30}}', '     message = 554 5.4.6 Too many hops', 'accept'],
  authenticators: [
    'plain:',
    '  driver = plaintext',
    '  public_name = PLAIN',
    '  server_prompts = :',
    `  server_condition = \${if and{{eq{$auth2}{alice@example.org}}{eq{$auth3}{${PASSWORD}}}}}`,
    '  server_set_id = $auth2',
    '  server_advertise_condition = ${if def:tls_in_cipher}',
  ],
} as const;

export async function startExim(options: EximOptions = {}): Promise<Exim> {
  const [starttls, implicit] = [await freePort(), await freePort()];
  const directory = mkdtempSync(join(tmpdir(), 'postern-exim-'));
  chmodSync(directory, 0o755);
  const at = (name: string): string => join(directory, name);
  const [uid, gid] = ['-u', '-g'].map((kind) =>
    Number(spawnSync('id', [kind, 'Debian-exim'], { encoding: 'utf8' }).stdout.trim()),
  ) as [number, number];
  for (const name of ['spool', 'log']) {
    mkdirSync(at(name));
    chownSync(at(name), uid, gid);
  }
  const { cert, key } = await makeCertificate(['msa.example.org'], ['127.0.0.1']);
  for (const [name, text] of [
    ['cert.pem', cert],
    ['key.pem', key],
  ] as const) {
    writeFileSync(at(name), text, { mode: 0o400 });
    chownSync(at(name), uid, gid);
  }
  writeFileSync(at('exim.conf'), configuration(at, [starttls, implicit], { ...good, ...options }));
  const child = spawn(EXIM, ['-bdf', '-C', at('exim.conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (data) => (errors += String(data)));
  for (const port of [starttls, implicit])
    await eventually('Exim listening', 20, () => {
      if (child.exitCode !== null) throw new Error(`Exim ended: ${errors}`);
      return spawnSync('bash', ['-c', `</dev/tcp/127.0.0.1/${port}`]).status === 0;
    });
  return {
    ...{ starttls, implicit, certificate: cert },
    messages: () => contentsIn(at('spool/input')),
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function configuration(
  at: (name: string) => string,
  [starttls, implicit]: readonly [number, number],
  { main, mail, recipient, data, authenticators }: Required<EximOptions>,
): string {
  const replaced = new Set(main.map((line) => line.split(' = ')[0]));
  const kept = good.main.filter((line) => !replaced.has(line.split(' = ')[0]));
  return `primary_hostname = msa.example.org
exim_path = ${EXIM}
spool_directory = ${at('spool')}
log_file_path = ${at('log')}/%slog
pid_file_path = ${at('exim.pid')}
keep_environment =
helo_lookup_domains =
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${starttls} : ${implicit}
tls_on_connect_ports = ${implicit}
tls_advertise_hosts = *
tls_certificate = ${at('cert.pem')}
tls_privatekey = ${at('key.pem')}
queue_only = true
acl_smtp_mail = on_mail
acl_smtp_rcpt = on_recipient
${[...kept, ...main].join('\n')}

begin acl
on_mail:
  ${mail.join('\n  ')}
on_recipient:
  ${recipient.join('\n  ')}
on_data:
  ${data.join('\n  ')}

begin authenticators
${authenticators.join('\n')}
`;
}

/** `ID-D` files: a line with the id, then the body. The header stands in `ID-H`. */
function contentsIn(input: string): readonly string[] {
  let names: string[];
  try {
    names = readdirSync(input, { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith('-D'))
    .map((name) => join(input, name))
    .map((file) => readFileSync(file.replace(/D$/, 'H'), 'latin1') + readFileSync(file, 'latin1'));
}
