// The queue of `postern send` as its user sees it: --list, --flush, --remove. Who changes it holds its lock, which ends with the process.

import { time, print, printJson, safe, table } from './output.ts';
import type { SendArguments } from './send-arguments.ts';
import { type Environment, loadSendConfig, type SendConfig } from './send-config.ts';
import { exitOfFlush, flush } from './send-flush.ts';
import { openCarrier, queueDirectoryOf, spoolOf } from './send-parts.ts';
import type { Spool, Stored } from './send-spool.ts';
import { EX, SendFailure, type SysExit } from './sysexits.ts';

type Tell = (line: string) => void;

/** Rejects with `SendFailure`. */
export async function manageQueue(
  given: SendArguments,
  environment: Environment,
  tell: Tell,
): Promise<SysExit> {
  const config = await loadSendConfig(given.config, environment);
  const spool = await spoolOf(config, environment);
  if (given.mode === 'list') return list(spool, given.json);
  const known = await spool.ids();
  const named = given.recipients.map((id) => id.toUpperCase());
  const unknown = named.find((id) => !known.includes(id));
  if (unknown !== undefined) throw new SendFailure(EX.DATAERR, `${unknown} is not in the queue`);
  if (known.length === 0) return EX.OK;
  const unlock = await lockQueue(config, environment);
  try {
    if (given.mode === 'remove') return await remove(spool, named);
    return await flushAll(spool, config, environment, given.verbose, named, tell);
  } finally {
    unlock();
  }
}

async function lockQueue(config: SendConfig, environment: Environment): Promise<() => void> {
  const { lockDirectory, StoreLocked } = await import('../store/sqlite/open.ts');
  try {
    return lockDirectory(queueDirectoryOf(config, environment));
  } catch (error) {
    if (!(error instanceof StoreLocked)) throw error;
    throw new SendFailure(EX.TEMPFAIL, 'the queue is being flushed already');
  }
}

async function flushAll(
  spool: Spool,
  config: SendConfig,
  environment: Environment,
  verbose: boolean,
  named: readonly string[],
  tell: Tell,
): Promise<SysExit> {
  const carrier = await openCarrier(config, environment, verbose);
  try {
    const report = await flush(spool, carrier, named.length === 0 ? undefined : named);
    const { sent, waiting, failed, damaged, stopped } = report;
    if (stopped !== undefined) tell(stopped.message);
    if (waiting + failed + damaged > 0)
      tell(
        `${sent} sent, ${waiting} wait, ${failed} were refused for good${damaged > 0 ? `, ${damaged} files are damaged` : ''}: postern send --list says why`,
      );
    return exitOfFlush(report);
  } finally {
    await carrier.close();
  }
}

async function remove(spool: Spool, ids: readonly string[]): Promise<SysExit> {
  if (ids.length === 0)
    throw new SendFailure(EX.USAGE, '--remove needs the ids of messages (--help shows how)');
  for (const id of ids) await spool.remove(id);
  await spool.sync();
  return EX.OK;
}

async function list(spool: Spool, asJson: boolean): Promise<SysExit> {
  const read: Stored[] = [];
  const damaged: string[] = [];
  for (const id of await spool.ids()) {
    const stored = await spool.read(id);
    if (stored === 'damaged') damaged.push(id);
    else if (stored !== 'gone') read.push({ ...stored, content: new Uint8Array(0) });
  }
  if (asJson) printJson({ messages: read.map(({ id, envelope }) => ({ id, ...envelope })), damaged });
  else {
    const rows = read.flatMap(rowsOf);
    if (rows.length > 0) print(table(rows));
    for (const id of damaged) print(`${id}  damaged: it stays until it is removed`);
  }
  return EX.OK;
}

/** One for each recipient, since each has its own fate. */
function rowsOf({ id, envelope }: Stored): readonly (readonly string[])[] {
  const { queuedAt, octets, reversePath, recipients, failed, problem, tries } = envelope;
  const head = [id, time(queuedAt), String(octets), safe(`<${reversePath}>`)];
  return [
    ...recipients.map((one) => [
      ...head,
      safe(`<${one}>`),
      problem === undefined ? 'waits' : `waits, tried ${tries} times: ${safe(problem)}`,
    ]),
    ...failed.map((one) => [...head, safe(`<${one.forwardPath}>`), `refused for good: ${safe(one.problem)}`]),
  ];
}
