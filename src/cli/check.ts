// `postern check`: is this configuration right and safe? Checks everything, then reports it; non-zero if it must not be served.

import { readFileSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import { reasonInWords } from '../base/failure-words.ts';
import { numberOf } from '../base/number-of.ts';
import { isIP } from '../base/network.ts';
import { ConfigError, findConfig } from '../config/find.ts';
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { serves } from '../config/roles.ts';
import { unreadable } from '../config/unreadable.ts';
import { checkRecords } from '../onboarding/dns-check.ts';
import { dkimRecords, dmarcReportRecords } from '../onboarding/dns-records.ts';
import { asUser } from '../platform/as-user.ts';
import { hasAddress } from '../platform/network.ts';
import { systemClock } from '../platform/clock.ts';
import { systemRecords } from '../platform/record-lookup.ts';
import { readDkimKeys } from '../server/dkim-keys.ts';
import { planOf } from '../server/plan-of-config.ts';
import { checkCertificates, checkPolicy } from '../server/start-checks.ts';
import { tlsContexts } from '../server/tls-contexts.ts';
import { engineOf } from '../store/engine-choice.ts';
import { judgeStore } from './check-store.ts';
import { accountWarnings, certificateWarnings } from './check-warnings.ts';
import type { ConfigOption } from './context.ts';
import { CommandFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import { type RoleOption, roleOption, withRoles } from './roles.ts';
import { spfNote } from '../onboarding/spf-note.ts';

interface CheckOptions extends ConfigOption, RoleOption {
  readonly json?: boolean;
  readonly dns: boolean;
}

export function checkCommand(program: Command): void {
  program
    .command('check')
    .description(
      'validates the configuration, tests the policy against hostile probes, looks at certificates, names and the store',
    )
    .addOption(roleOption())
    .option('--json', 'print JSON')
    .option('--no-dns', 'do not look up names')
    .addHelpText('after', '\nExample:\n  postern check -c /etc/postern/postern.yaml')
    .action(async (options: CheckOptions, command: Command) => {
      const { config } = command.optsWithGlobals<ConfigOption>();
      const file = findConfig(config, process.env);
      const { problems, warnings, store } = await judge(file, options);
      if (options.json === true) printJson({ file, store, problems, warnings });
      else {
        for (const warning of warnings) print(`warning: ${warning}`);
        for (const problem of problems) print(`problem: ${problem}`);
        if (store !== undefined) print(`store: ${store}`);
        if (problems.length === 0)
          print(
            `${file} is good: the policy refuses every hostile probe${warnings.length === 0 ? '' : `, with ${numberOf(warnings.length, 'warning')}`}`,
          );
      }
      if (problems.length > 0)
        throw new CommandFailure(
          `${numberOf(problems.length, 'problem')}: this configuration must not be served`,
        );
    });
}

interface Judgement {
  /** Where it would be kept; absent: the configuration does not tell. */
  readonly store?: string;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** What the file says comes first: the rest depends on what it means. */
async function judge(file: string, options: CheckOptions): Promise<Judgement> {
  let loaded: LoadedConfig;
  try {
    loaded = withRoles(loadConfig(file), options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: error.problems, warnings: [] };
  }
  const problems = [...checkPolicy(loaded), ...asServer(loaded, () => planProblems(loaded))];
  if (problems.length > 0) return { problems, warnings: [] };
  const certificates = checkCertificates(loaded, systemClock.now());
  const { store, ...kept } = await judgeStore(loaded);
  const warnings = [
    ...certificates.warnings,
    ...(certificates.problems.length === 0 ? certificateWarnings(loaded) : []),
    ...kept.warnings,
    ...(kept.problems.length === 0 ? await accountWarnings(loaded) : []),
    ...(serves(loaded, 'relay') ? [spfNote(loaded.config) ?? []].flat() : []),
    ...(options.dns ? await nameWarnings(loaded) : []),
  ];
  return { store, problems: kept.problems, warnings };
}

/** Root can read everything: what counts is what the server's user, the owner of the data, may read. */
function asServer(loaded: LoadedConfig, look: () => readonly string[]): readonly string[] {
  const uid = statSync(loaded.path(loaded.config.data), { throwIfNoEntry: false })?.uid ?? 0;
  return process.getuid?.() === 0 && uid !== 0
    ? asUser(uid, () => [...configProblems(loaded), ...look()])
    : look();
}

function configProblems({ file }: LoadedConfig): readonly string[] {
  try {
    readFileSync(file);
    return [];
  } catch (error) {
    return [`${file}: ${unreadable(error)}`];
  }
}

/** Files, URLs, keys that fit their certificates. */
function planProblems(loaded: LoadedConfig): readonly string[] {
  try {
    engineOf(loaded);
    const plan = planOf(loaded, { environment: process.env, fronts: 1, ticketKeys: new Uint8Array(48) });
    if (plan.certificates.length > 0) tlsContexts(plan.certificates, plan.ticketKeys);
    return [];
  } catch (error) {
    return [reasonInWords(error)];
  }
}

async function nameWarnings(loaded: LoadedConfig): Promise<readonly string[]> {
  const { config } = loaded;
  const names = [config.hostname];
  for (const url of serves(loaded, 'relay') ? [config.relay.smarthost ?? []].flat() : [])
    if (URL.canParse(url)) names.push(new URL(url).hostname.replace(/^\[|\]$/g, ''));
  const found = await Promise.all(
    names
      .filter((name) => isIP(name) === 0)
      .map(async (name) =>
        (await hasAddress(name)) ? undefined : `${name} has no address in the DNS as this machine sees it`,
      ),
  );
  return [...found.filter((warning) => warning !== undefined), ...(await recordWarnings(loaded))];
}

/** A signature that nobody can verify does more harm than none; reports that are not wanted are not sent. */
async function recordWarnings(loaded: LoadedConfig): Promise<readonly string[]> {
  const { domains, postmaster } = loaded.config;
  const wanted = [...dkimRecords(readDkimKeys(loaded)), ...dmarcReportRecords(domains, postmaster)];
  const checked = await checkRecords(wanted, systemRecords());
  return checked.flatMap(({ record, verdict, because }) =>
    verdict === 'right'
      ? []
      : `${record.name} TXT is ${verdict === 'unknown' ? 'not known' : verdict}${because === undefined ? '' : `: ${because}`}; \`postern dns\` prints it`,
  );
}
