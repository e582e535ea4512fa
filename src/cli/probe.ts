// `postern probe HOST`: does a submission server, ours or anybody's, and the network on the way to it, conform to RFC 5068?

import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Command } from 'commander';
import { SECOND } from '../base/duration.ts';
import { safe } from '../base/safe-text.ts';
import { waitingClock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { mailPlace } from '../platform/mail-place.ts';
import { systemRecords } from '../platform/record-lookup.ts';
import { htmlReport, junitReport, probe, type ProbeOptions, type ProbeReport } from '../probe/index.ts';
import type { Finding } from '../probe/report.ts';
import type { Expectation, ProbePort } from '../probe/target.ts';
import { parseMailbox } from '../protocol/wire/mailbox.ts';
import { CommandFailure } from './failure.ts';
import { wholeNumber } from './number.ts';
import { print, printJson, strong } from './output.ts';

const MARK_OCTETS = 16;
/** The clock of a file server may differ from ours. */
const MAIL_AGE_MAX = 600 * SECOND;

interface Options {
  readonly name?: string;
  readonly domain?: string;
  readonly starttlsPort: number;
  readonly tlsPort: number;
  readonly mx?: boolean;
  readonly control?: string;
  readonly expect?: readonly string[];
  readonly login?: string;
  readonly passwordFile?: string;
  readonly loopBack?: string;
  readonly loopBackMail?: string;
  readonly loopBackWait: number;
  readonly ca?: string;
  readonly json?: boolean;
  readonly junit?: boolean;
  readonly html?: string;
  readonly verbose?: boolean;
}

export function probeCommand(program: Command): void {
  program
    .command('probe <host>')
    .description('does a submission server, and the network on the way, conform to RFC 5068 (BCP 134)?')
    .option('--name <name>', 'what its certificate must be for; default: HOST')
    .option('--domain <name>', 'whose mail it takes in; default: HOST without its first label')
    .option(
      '--starttls-port <port>',
      'its port with STARTTLS',
      (text) => wholeNumber(text, '--starttls-port'),
      587,
    )
    .option(
      '--tls-port <port>',
      'its port with TLS from the start',
      (text) => wholeNumber(text, '--tls-port'),
      465,
    )
    .option('--mx', 'look at port 25 too, as the listener for incoming mail')
    .option(
      '--expect <what...>',
      'what is known of the server: name=NAME, certificate=SHA256, ehlo=KEYWORD; anything else there is interception',
    )
    .option(
      '--control <host:port>',
      'where a connection must work if there is a network at all; default: HOST:443',
    )
    .option(
      '--login <login>',
      'log in as this account where a check needs it; the password is in --password-file',
    )
    .option('--password-file <file>', 'its first line')
    .option(
      '--loop-back <address>',
      'with --login: send one message there, a mailbox of your own, and look at it',
    )
    .option(
      '--loop-back-mail <path>',
      'where it is delivered: a Maildir, a directory of messages, an mbox file',
    )
    .option(
      '--loop-back-wait <seconds>',
      'how long it is looked for there',
      (text) => wholeNumber(text, '--loop-back-wait'),
      30,
    )
    .option('--ca <file>', 'trust these certificates too (PEM)')
    .option('--verbose', 'show what is fine, and what was said')
    .option('--json', 'print JSON: all findings, causes and transcripts')
    .option('--junit', 'print JUnit XML')
    .option('--html <file>', 'write one HTML page')
    .addHelpText(
      'after',
      '\nExamples:\n  postern probe mail.example.org\n  postern probe 127.0.0.1 --name mail.example.org --ca cert.pem --html report.html\n\nNo message is sent but the one of --loop-back. Exit codes: 0 conformant, 1 not, 2 usage, 3 could not tell.',
    )
    .action((host: string, options: Options) => run(host, options));
}

async function run(host: string, options: Options): Promise<void> {
  const result = await probe(optionsOf(host, options), { clock: waitingClock, records: systemRecords() });
  if (!result.ok) throw new CommandFailure(result.error, 3);
  const report = result.value;
  if (options.html !== undefined) writeFileSync(options.html, htmlReport(report));
  if (options.json === true) printJson(report);
  else if (options.junit === true) print(junitReport(report).trimEnd());
  else show(report, options.verbose === true);
  if (report.exitCode !== 0) throw new CommandFailure(`${host}: ${report.verdict}`, report.exitCode);
}

function optionsOf(host: string, options: Options): ProbeOptions {
  const { name, domain, starttlsPort, tlsPort, mx, ca } = options;
  const ports: readonly ProbePort[] = [
    { port: starttlsPort, kind: 'starttls' },
    { port: tlsPort, kind: 'implicit' },
    ...(mx === true ? [{ port: 25, kind: 'mx' as const }] : []),
  ];
  const machine = hostname();
  return {
    ...{ host, ports },
    ...(name === undefined ? {} : { name }),
    ...(domain === undefined ? {} : { domain }),
    ...(machine.includes('.') ? { ehloName: machine } : {}),
    ...(ca === undefined ? {} : { ca: fileText(ca) }),
    ...controlOf(options.control),
    ...(options.expect === undefined ? {} : { expected: expectationOf(options.expect) }),
    ...loginOf(options),
    ...loopBackOf(options),
  };
}

function fileText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandFailure(error instanceof Error ? error.message : String(error), 2);
  }
}

function controlOf(text: string | undefined): Pick<ProbeOptions, 'control'> {
  if (text === undefined) return {};
  const [, host = '', port] = /^\[?([^\]]+?)\]?(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (host === '') throw new CommandFailure('--control is HOST or HOST:PORT', 2);
  return { control: { host, port: Number(port ?? 443) } };
}

function expectationOf(words: readonly string[]): Expectation {
  const all = (key: string): readonly string[] =>
    words.filter((word) => word.startsWith(`${key}=`)).map((word) => word.slice(key.length + 1));
  const odd = words.find((word) => !/^(?:name|certificate|ehlo)=./.test(word));
  if (odd !== undefined)
    throw new CommandFailure(`--expect ${odd}: say name=NAME, certificate=SHA256 or ehlo=KEYWORD`, 2);
  const [names, certificates, ehlo] = [all('name'), all('certificate'), all('ehlo')];
  return {
    ...(names[0] === undefined ? {} : { name: names[0] }),
    ...(certificates.length === 0
      ? {}
      : { certificates: certificates.map((hash) => hash.replaceAll(':', '').toLowerCase()) }),
    ...(ehlo.length === 0 ? {} : { ehlo }),
  };
}

function loginOf({ login, passwordFile }: Options): Pick<ProbeOptions, 'login'> {
  if (login === undefined) return {};
  if (passwordFile === undefined) throw new CommandFailure('--login needs --password-file', 2);
  return { login: { user: login, password: fileText(passwordFile).split('\n')[0] ?? '' } };
}

function loopBackOf({
  login,
  loopBack,
  loopBackMail,
  loopBackWait,
}: Options): Pick<ProbeOptions, 'loopBack'> {
  if (loopBack === undefined) {
    if (loopBackMail !== undefined) throw new CommandFailure('--loop-back-mail needs --loop-back', 2);
    return {};
  }
  if (login === undefined) throw new CommandFailure('--loop-back needs --login and --password-file', 2);
  if (!parseMailbox(loopBack).ok) throw new CommandFailure(`--loop-back ${loopBack}: that is no address`, 2);
  const mark = Buffer.from(systemEntropy().bytes(MARK_OCTETS)).toString('hex');
  const place =
    loopBackMail === undefined ? undefined : mailPlace(loopBackMail, waitingClock.now() - MAIL_AGE_MAX);
  return {
    loopBack: {
      ...{ to: loopBack, mark, waitMs: loopBackWait * SECOND },
      ...(place === undefined ? {} : { find: (wanted) => place.find(wanted) }),
    },
  };
}

const shown =
  (verbose: boolean) =>
  ({ verdict }: Finding): boolean =>
    verbose || verdict === 'fail' || verdict === 'unknown' || verdict === 'note';

function show(report: ProbeReport, verbose: boolean): void {
  for (const { role, verdict, because } of report.roles)
    print(`${strong(role.toUpperCase().padEnd(8))} ${verdict}: ${safe(because)}`);
  print('');
  for (const { port, family, state, because } of report.paths)
    print(`${String(port).padEnd(5)} IPv${family}  ${state.padEnd(12)} ${safe(because)}`);
  for (const { id, level, source, title, why, mend, findings } of report.checks) {
    const told = findings.filter(shown(verbose));
    if (told.length === 0) continue;
    print(`\n${strong(title)}  (${level}, ${source}; ${id})`);
    for (const { port, verdict, seen } of told)
      print(`  ${verdict.padEnd(7)} ${port === undefined ? '' : `${port}: `}${safe(seen)}`);
    if (!findings.some(({ verdict }) => verdict === 'fail')) continue;
    print(`  ${why}`);
    for (const [server, how] of Object.entries(mend)) print(`  ${server}: ${String(how)}`);
  }
  if (verbose)
    for (const { name, lines } of report.transcripts)
      print(
        [
          '',
          name,
          ...lines.map(({ by, text }) => `  ${{ client: 'C:', server: 'S:', note: '--' }[by]} ${safe(text)}`),
        ].join('\n'),
      );
  const passed = report.checks
    .flatMap(({ findings }) => findings)
    .filter(({ verdict }) => verdict === 'pass').length;
  print(
    `\n${passed} findings are as they should be${verbose ? '' : ' (--verbose shows them)'}; ${report.connections} connections, ${(report.durationMs / 1000).toFixed(1)} s`,
  );
}
