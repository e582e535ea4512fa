// `postern status`: is the server running, and is it well? For people as text, for programs as JSON; the exit code says it to both.

import type { Command } from 'commander';
import { numberOf } from '../base/number-of.ts';
import { safe, safeLines } from '../base/safe-text.ts';
import { time } from '../base/time.ts';
import { ConfigError, findConfig } from '../config/find.ts';
import { loadConfig } from '../config/load.ts';
import type { Role } from '../config/roles.ts';
import type { Health } from '../http/pages/health.ts';
import type { LearnedLimits } from '../relay/carriers.ts';
import { differenceInWords } from '../server/alike.ts';
import type { ShownNode } from '../server/cluster.ts';
import { isReady, type ReadyLook } from '../server/readiness.ts';
import type { SelfTestStatus } from '../server/self-test.ts';
import type { ConfigOption } from './context.ts';
import { CommandFailure } from './failure.ts';
import { print, printJson, strong } from './output.ts';
import { running } from './reload.ts';

/** What a running server says of itself. */
export interface ServerStatus extends Health {
  readonly hostname: string;
  readonly pid: number;
  readonly roles: readonly Role[];
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly selfTest: SelfTestStatus;
  readonly ready: readonly ReadyLook[];
  readonly learned?: readonly LearnedLimits[];
}

export function statusCommand(program: Command): void {
  program
    .command('status')
    .description('is the server running, and is it well?')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  postern status\n  postern status --json\n\n0 it is well, 1 it has a problem or does not run, 3 it could not be asked.',
    )
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const status = (await (await running(command.optsWithGlobals())).status()) as ServerStatus;
      if (json === true) printJson(status);
      else print(statusText(status));
      warnOfFile(command.optsWithGlobals());
      const { problems } = status;
      if (problems.length > 0)
        throw new CommandFailure(`the server has ${numberOf(problems.length, 'problem')}`);
    });
}

/** The reasons are in the words of others: safe to show. */
export function statusText(status: ServerStatus): string {
  const { hostname, pid, roles, startedAt, queue, trail, selfTest, ready, problems, warnings } = status;
  const { learned = [], nodes = [], differences = [] } = status;
  const tested = selfTest.at === undefined ? '' : ` (${time(selfTest.at)})`;
  return [
    `${strong(hostname)} runs as process ${pid} since ${time(startedAt)}`,
    ...(queue === undefined
      ? []
      : [
          `queue: ${numberOf(queue.messages, 'message')}${queue.limit === 'none' ? '' : `, the limit is ${queue.limit}`}`,
        ]),
    ...(trail === undefined
      ? []
      : [`trail: ${numberOf(trail.events, 'event')}, last link ${trail.lastLink}`]),
    `self-test: ${selfTest.verdict}${tested}`,
    ...selfTest.findings.map((finding) => `  ${finding}`),
    `roles: ${roles.join(', ')}`,
    readyLine(ready),
    ...learned.map(learnedLine),
    ...nodes.map(nodeLine),
    ...differences.map((one) => `configured differently: ${differenceInWords(one)}`),
    ...problems.map((problem) => `${strong('problem')}: ${problem}`),
    ...warnings.map((warning) => `warning: ${warning}`),
    ...(problems.length === 0 ? ['it is well'] : []),
  ]
    .map(safe)
    .join('\n');
}

function nodeLine({ node, state, leaseLeftMs, isThis, roles, version }: ShownNode): string {
  const seconds = Math.round(Math.abs(leaseLeftMs) / 1000);
  const told = [
    ...(state === 'alive'
      ? [`alive, its lease ends in ${seconds} s`]
      : state === 'stopped'
        ? [`stopped ${seconds} s ago`]
        : [`${state}, its lease ended ${seconds} s ago`]),
    ...(roles === undefined ? [] : [roles.join(' ')]),
    ...(version === undefined ? [] : [version]),
  ];
  return `node ${strong(node)}${isThis === true ? ' (this one)' : ''}: ${told.join(', ')}`;
}

function learnedLine({ route, connections, messages }: LearnedLimits): string {
  const takes = [
    ...(connections === undefined ? [] : [numberOf(connections, 'connection')]),
    ...(messages === undefined ? [] : [`${numberOf(messages, 'message')} over one connection`]),
  ];
  return `next hop ${route} takes no more than ${takes.join(', ')}`;
}

/** The server goes on with the configuration that it has read, but would not start again with the file. */
function warnOfFile({ config }: ConfigOption): void {
  try {
    loadConfig(findConfig(config, process.env));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(
      `postern: ${safeLines(error.message)}\npostern: the server runs on with what it read before\n`,
    );
  }
}

function readyLine(looks: readonly ReadyLook[]): string {
  if (isReady(looks)) return 'ready for new connections';
  const unmet = looks.flatMap(({ name, because }) => (because === undefined ? [] : `${name}: ${because}`));
  return `not ready for new connections: ${unmet.join('; ')}`;
}
