// `postern dns`: the records to publish, whether they are published, and a user's settings on one page.

import { createHash, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { safe } from '../base/safe-text.ts';
import { table } from '../base/table.ts';
import type { LoadedConfig } from '../config/load.ts';
import { type CheckedRecord, checkRecords } from '../onboarding/dns-check.ts';
import { type WantedRecord, wantedRecords, zoneLine } from '../onboarding/dns-records.ts';
import { sheetHtml, sheetOf, sheetText } from '../onboarding/sheet.ts';
import { type RecordSource, systemRecords } from '../platform/record-lookup.ts';
import { readDkimKeys } from '../server/dkim-keys.ts';
import { readCertificates } from '../server/plan-of-config.ts';
import { pairsOfFallback } from '../server/tls-contexts.ts';
import { type ConfigOption, loadForCommand, withStore } from './context.ts';
import { CommandFailure } from './failure.ts';
import { identityOf } from '../administration/identities.ts';
import { onboardingOf } from '../onboarding/of-config.ts';
import { spfNote } from '../onboarding/spf-note.ts';
import { print, printJson, strong } from './output.ts';

interface DnsCommandOptions extends ConfigOption {
  readonly domain?: readonly string[];
  readonly check?: boolean;
  readonly server?: string;
  readonly table?: boolean;
  readonly tlsa?: boolean;
  readonly sheet?: string;
  readonly html?: string;
  readonly json?: boolean;
}

export function dnsCommand(program: Command): void {
  program
    .command('dns')
    .description('the DNS records to publish for our domains, a check of them, and the settings of a user')
    .option('--domain <name...>', 'only these of our domains')
    .option('--check', 'ask the DNS what is published')
    .option('--server <address>', 'the name server to ask: IP, IP:PORT or [IP6]:PORT')
    .option('--table', 'print a table with what each record is for')
    .option('--tlsa', 'TLSA records too: only for a zone that is signed with DNSSEC')
    .option('--sheet <login>', 'the settings of this account, for its user')
    .option('--html <file>', 'with --sheet: write one HTML file')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  postern dns > postern.zone\n  postern dns --check --server 192.0.2.53\n  postern dns --sheet alice@example.org --html alice.html\n\nWith --check: 0 all needed records are right, 1 some are missing or different, 3 the DNS did not answer.',
    )
    .action((_options: unknown, command: Command) => run(command.optsWithGlobals<DnsCommandOptions>()));
}

async function run(options: DnsCommandOptions): Promise<void> {
  if (options.sheet !== undefined) return printSheet(options, options.sheet);
  if (options.html !== undefined) throw new CommandFailure('--html goes with --sheet LOGIN', 2);
  const loaded = loadForCommand(options);
  const records = recordsOf(loaded, options);
  // Not among the records: what is printed may be a zone file.
  const note = spfNote(loaded.config);
  if (note !== undefined) process.stderr.write(`postern: ${safe(note)}\n`);
  if (options.check === true) return check(records, options);
  if (options.json === true) printJson(records);
  else if (options.table === true)
    print(
      table([
        ['NAME', 'TYPE', 'DATA', 'WITHOUT IT'],
        ...records.map(({ name, type, data, consequence }) => [
          name,
          type,
          data === '' ? '(the addresses of this server)' : data,
          consequence,
        ]),
      ]),
    );
  else print(records.map(zoneLine).join('\n'));
}

function recordsOf(loaded: LoadedConfig, options: DnsCommandOptions): readonly WantedRecord[] {
  const { config } = loaded;
  const settings = onboardingOf(config);
  const foreign = options.domain?.find((name) => !config.domains.includes(name.toLowerCase()));
  if (foreign !== undefined)
    throw new CommandFailure(`${foreign} is none of our domains: ${config.domains.join(', ')}`, 2);
  const domains = options.domain?.map((name) => name.toLowerCase()) ?? settings.domains;
  const { spf } = config.onboarding;
  const { postmaster } = config;
  return wantedRecords(
    { ...settings, domains },
    {
      web: config.web !== undefined,
      dkim: readDkimKeys(loaded),
      ...(spf === undefined ? {} : { spf }),
      ...(postmaster === undefined ? {} : { postmaster }),
      ...(options.tlsa === true ? { publicKeyHashes: publicKeyHashes(loaded) } : {}),
    },
  );
}

/** RFC 6698 section 2.1: selector 1, matching type 1; of two kinds of key both, for clients get either. */
function publicKeyHashes(loaded: LoadedConfig): readonly string[] {
  const pairs = readCertificates(loaded);
  if (pairs.length === 0) throw new CommandFailure('--tlsa needs a certificate: `tls:` names none', 2);
  return pairsOfFallback(pairs).map(({ cert }) => {
    const key = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
    return createHash('sha256').update(key).digest('hex');
  });
}

function sourceOf(server: string | undefined): RecordSource {
  try {
    return systemRecords(server);
  } catch {
    throw new CommandFailure(`--server ${server ?? ''} is no IP, IP:PORT or [IP6]:PORT`, 2);
  }
}

async function check(records: readonly WantedRecord[], options: DnsCommandOptions): Promise<void> {
  const checked = await checkRecords(records, sourceOf(options.server));
  if (options.json === true) printJson(checked.map(({ record, ...rest }) => ({ ...record, ...rest })));
  else for (const one of checked) print(told(one));
  const bad = checked.filter(
    ({ record, verdict }) => record.isNeeded && (verdict === 'missing' || verdict === 'different'),
  );
  if (bad.length > 0)
    throw new CommandFailure(
      `${bad.length} of ${checked.length} records are missing or different; \`postern dns\` prints them as they should be`,
    );
  const silent = checked.filter(({ verdict }) => verdict === 'unknown');
  if (silent.length > 0)
    throw new CommandFailure(`${silent.length} of ${checked.length} records could not be looked up`, 3);
}

function told({ record, verdict, found, because }: CheckedRecord): string {
  const head = `${strong(verdict.padEnd(9))} ${record.name} ${record.type}`;
  if (verdict === 'right') return `${head}  ${safe(found.join(', '))}`;
  return [
    `${head}${because === undefined ? '' : `: ${because}`}`,
    ...(found.length === 0 ? [] : [`          found:  ${safe(found.join(', '))}`]),
    ...(record.data === '' ? [] : [`          wanted: ${record.data}`]),
    ...(verdict === 'unknown' ? [] : [`          ${record.consequence}`]),
  ].join('\n');
}

async function printSheet(options: DnsCommandOptions, login: string): Promise<void> {
  const sheet = await withStore(options, async ({ lookups, loaded: { config } }) => {
    const identity = await identityOf({ lookups, config: () => config }, login);
    return sheetOf(onboardingOf(config), identity.login);
  });
  if (options.html !== undefined) {
    writeFileSync(options.html, sheetHtml(sheet));
    print(`wrote ${options.html}`);
  } else if (options.json === true) printJson(sheet);
  else print(sheetText(sheet));
}
