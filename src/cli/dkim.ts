// `postern dkim`: a new key to sign with. It writes the key and says what to put into the configuration and into the DNS; it changes neither,
// because a key must be published before it signs.

import { createPrivateKey, generateKeyPair } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { failureInWords } from '../base/failure-words.ts';
import { dkimRecord } from '../message/dkim/record.ts';
import { dkimRecords, zoneLine } from '../onboarding/dns-records.ts';
import { type ConfigOption, loadForCommand } from './context.ts';
import { CommandFailure } from './failure.ts';
import { print, printJson } from './output.ts';

interface DkimOptions extends ConfigOption {
  readonly domain?: string;
  readonly selector: string;
  readonly type: string;
  readonly out?: string;
  readonly json?: boolean;
}

export type DkimKeyType = 'rsa' | 'ed25519';

const SELECTOR = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

export function dkimCommand(program: Command): void {
  program
    .command('dkim')
    .description(
      'makes a key to sign mail with, and prints its DNS record and its place in the configuration',
    )
    .option('--domain <name>', 'one of our domains; may be left out if there is one')
    .requiredOption('--selector <name>', 'a name for the key that the domain has not used before')
    .option('--type <type>', 'rsa (2048 bits, which every receiver knows) or ed25519', 'rsa')
    .option('--out <file>', 'where to write the key; default: beside the configuration')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  postern dkim --selector s2027\n  postern dkim --domain example.org --selector ed2027 --type ed25519\n\nTo change keys: make a new one, publish its record, wait until `postern dns --check` finds it, add it to `dkim:`, take the old one out of\n`dkim:`, and a week later its record out of the DNS.',
    )
    .action((_options: unknown, command: Command) => run(command.optsWithGlobals<DkimOptions>()));
}

async function run(options: DkimOptions): Promise<void> {
  const { config, file } = loadForCommand(options);
  const domain =
    options.domain?.toLowerCase() ?? (config.domains.length === 1 ? config.domains[0] : undefined);
  if (domain === undefined || !config.domains.includes(domain))
    throw new CommandFailure(`--domain must be one of our domains: ${config.domains.join(', ')}`, 2);
  const selector = options.selector.toLowerCase();
  if (!SELECTOR.test(selector))
    throw new CommandFailure('--selector is one word of letters, digits and hyphens, 63 at most', 2);
  if (config.dkim.some((key) => key.domain === domain && key.selector === selector))
    throw new CommandFailure(`${selector} of ${domain} is in use: a new key needs a new selector`, 2);
  if (options.type !== 'rsa' && options.type !== 'ed25519')
    throw new CommandFailure('--type is rsa or ed25519', 2);

  const key = resolve(options.out ?? join(dirname(file), `dkim-${domain}-${selector}.pem`));
  const record = dkimRecord(createPrivateKey(await makeDkimKey(key, options.type)));
  letServerRead(key, file);
  const [wanted] = dkimRecords([{ domain, selector, record }]);
  if (options.json === true) printJson({ domain, selector, key, record, name: wanted?.name });
  else
    print(
      [
        `wrote ${key}`,
        '\n1. Publish this record, and wait until it can be seen:\n',
        wanted === undefined ? '' : zoneLine(wanted),
        `\n2. Then add the key to ${file} and \`postern reload\`:\n`,
        `dkim:\n  - { domain: ${domain}, selector: ${selector}, key: ${key} }`,
      ].join('\n'),
    );
}

/** As `init --user` does: a key of root's gets the group that may read the configuration, or its directory. */
function letServerRead(key: string, config: string): void {
  if (process.getuid?.() !== 0) return;
  const gid = [config, dirname(config)].map((path) => statSync(path).gid).find((group) => group !== 0);
  if (gid === undefined) return;
  chownSync(key, 0, gid);
  chmodSync(key, 0o640);
}

/** Writes a new key that only its owner may read, and never over another; its PEM text. */
export async function makeDkimKey(file: string, type: DkimKeyType): Promise<string> {
  const make = promisify(generateKeyPair);
  const { privateKey } = type === 'rsa' ? await make('rsa', { modulusLength: 2048 }) : await make('ed25519');
  const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, pem, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const why = failureInWords(error);
    throw new CommandFailure(`the key was not written: ${why}. Say another --selector or --out.`);
  }
  return pem;
}
