// `postern init`: a commented configuration, a certificate and the first account, ready to be served.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { hostname as machineName } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { commentedConfig } from '../config/document.ts';
import { makeCertificate } from './certificate.ts';
import { makeDkimKey } from './dkim.ts';
import { CommandFailure } from './failure.ts';
import { addFirstAccount } from './first-account.ts';
import { handOver, ownerOf } from './init-owner.ts';
import { print } from './output.ts';
import { spfNote } from '../onboarding/spf-note.ts';

interface InitOptions {
  readonly hostname?: string;
  readonly domain?: readonly string[];
  readonly smarthost?: string;
  readonly account: string | false;
  readonly dkim: boolean;
  readonly data?: string;
  readonly user?: string;
}

export function initCommand(program: Command): void {
  program
    .command('init [directory]')
    .description(
      'writes postern.yaml and a self-signed certificate, adds a first account; overwrites nothing',
    )
    .option('--hostname <name>', 'name of this server, e.g. mail.example.org')
    .option('--domain <name...>', 'our domains')
    .option('--data <directory>', 'where everything is kept; default DIRECTORY/data')
    .option('--account <name>', 'name of the first account', 'admin')
    .option('--no-account', 'add no account')
    .option('--no-dkim', 'make no keys to sign with')
    .option('--user <name>', 'user that the server runs as: gets the data, and may read the rest (as root)')
    .option('--smarthost <url>', 'where mail goes, e.g. smtp://mta.internal:25')
    .addHelpText(
      'after',
      '\nExample:\n  postern init /etc/postern --hostname mail.example.org --domain example.org --smarthost smtp://mta.internal:25',
    )
    .action(async (directory: string | undefined, options: InitOptions) => {
      const target = resolve(directory ?? '.');
      const hostname = options.hostname ?? machineName();
      if (!hostname.includes('.'))
        throw new CommandFailure(`"${hostname}" is no full name: say --hostname mail.example.org`, 2);
      const domains = options.domain ?? [hostname.slice(hostname.indexOf('.') + 1)];
      const data = resolve(options.data ?? join(target, 'data'));
      const owner = ownerOf(options.user);
      const isNew = !existsSync(target);
      const relay =
        options.smarthost === undefined
          ? { files: join(owner === undefined ? target : data, 'outbox') }
          : { smarthost: options.smarthost };
      const dkim = options.dkim ? await makeDkimKeys(target, domains) : [];
      const config = await writeInitialFiles({
        ...{ target, hostname, domains, relay },
        extra: { dkim },
        data,
      });
      if (options.account !== false) {
        const name = options.account.includes('@') ? options.account : `${options.account}@${domains[0]}`;
        const { login, password } = await addFirstAccount(config, name);
        print(`added ${login}, app password (shown once): ${password}`);
      }
      if (owner !== undefined) {
        const made = ['cert.pem', 'key.pem'].map((name) => join(target, name));
        const files = [config, ...made, ...dkim.map(({ key }) => key)];
        await handOver({ files, data, directory: isNew ? target : undefined }, owner);
      }
      print(
        [
          '\nNext:',
          `  postern check -c ${config}`,
          `  postern serve -c ${config}`,
          `  postern dns -c ${config}            the records to publish; --check looks whether they are`,
          `  postern dns -c ${config} --sheet LOGIN   what a user enters in the mail program`,
        ].join('\n'),
      );
      if (dkim.length > 0)
        print(
          'Mail is signed (DKIM) from the first one on: publish the keys that `postern dns` prints before it goes out, for receivers mistrust a signature whose key they do not find.',
        );
      if (options.smarthost === undefined)
        print('Mail goes into files until you set `relay: { smarthost: … }`.');
      const note = spfNote({ relay, onboarding: {} });
      if (note !== undefined) print(`SPF: ${note}`);
    });
}

const FIRST_SELECTOR = 'postern1';

async function makeDkimKeys(target: string, domains: readonly string[]) {
  if (existsSync(join(target, 'postern.yaml'))) return [];
  return Promise.all(
    domains.map(async (domain) => {
      const key = join(target, `dkim-${domain}-${FIRST_SELECTOR}.pem`);
      if (!existsSync(key)) await makeDkimKey(key, 'rsa');
      return { domain, selector: FIRST_SELECTOR, key };
    }),
  );
}

export interface InitialFiles {
  readonly target: string;
  readonly hostname: string;
  readonly domains: readonly string[];
  readonly relay: Readonly<Record<string, string>>;
  readonly data: string;
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly quiet?: boolean;
}

/** Absolute paths, so that the file may be used from anywhere. */
export async function writeInitialFiles({
  target,
  hostname,
  domains,
  relay,
  data,
  extra = {},
  quiet = false,
}: InitialFiles): Promise<string> {
  const config = join(target, 'postern.yaml');
  if (existsSync(config)) throw new CommandFailure(`${config} exists already and is left alone`);
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const [cert, key] = [join(target, 'cert.pem'), join(target, 'key.pem')];
  if (!existsSync(cert) && !existsSync(key)) {
    const made = await makeCertificate([hostname, 'localhost'], ['127.0.0.1', '::1']);
    writeFileSync(cert, made.cert, { mode: 0o644 });
    writeFileSync(key, made.key, { mode: 0o600 });
  }
  writeFileSync(config, commentedConfig({ hostname, domains, data, tls: { cert, key }, relay, ...extra }), {
    mode: 0o640,
  });
  if (!quiet) print(`wrote ${config}, ${cert}, ${key}`);
  return config;
}
