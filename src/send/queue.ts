// The queue of `postern send` as its user sees it: --list, --flush, --remove. Who changes it holds its lock, which ends with the process.

import { formatDuration } from '../base/duration.ts';
import { safe } from '../base/safe-text.ts';
import { EX, type SysExit } from '../base/sysexits.ts';
import { table } from '../base/table.ts';
import { time } from '../base/time.ts';
import { systemClock } from '../platform/clock.ts';
import type { SendArguments } from './arguments.ts';
import { type Environment, loadSendConfig, type SendConfig } from './config.ts';
import { exitOfFlush, flush } from './flush.ts';
import { openCarrier, queueDirectoryOf, spoolOf } from './parts.ts';
import type { Spool, Stored } from './spool.ts';
import { shownEnvelope } from './stand-in.ts';
import { SendFailure } from './failure.ts';

type Tell = (line: string) => void;

/** In the directory of the queue: what was given up. */
const ASIDE = 'failed';

/** Rejects with `SendFailure`. */
export async function manageQueue(
  given: SendArguments,
  environment: Environment,
  tell: Tell,
): Promise<SysExit> {
  const config = await loadSendConfig(given.config, environment);
  const spool = await spoolOf(config, environment);
  const aside = await spoolOf(config, environment, ASIDE);
  if (given.mode === 'list') return list(spool, aside, given.json);
  const known = [...(await spool.ids()), ...(await aside.ids())];
  const named = new Set(given.recipients.map((id) => id.toUpperCase()));
  const unknown = [...named].find((id) => !known.includes(id));
  if (unknown !== undefined) throw new SendFailure(EX.DATAERR, `${safe(unknown)} is not in the queue`);
  if (known.length === 0) return EX.OK;
  const unlock = await lockQueue(config, environment);
  try {
    // What was given up and is named is in the queue again: to be sent, or to be taken out of it.
    for (const id of named) if ((await aside.ids()).includes(id)) await aside.move(id, spool);
    if (given.mode === 'remove') return await remove(spool, named);
    return await flushAll({ spool, aside, config, environment, named, tell, verbose: given.verbose });
  } finally {
    unlock();
  }
}

async function lockQueue(config: SendConfig, environment: Environment): Promise<() => void> {
  const { lockDirectory } = await import('../platform/directory-lock.ts');
  const unlock = lockDirectory(queueDirectoryOf(config, environment), { setting: 'queueDirectory' });
  if (unlock !== undefined) return unlock;
  throw new SendFailure(EX.TEMPFAIL, 'the queue is being flushed already');
}

interface FlushOptions {
  readonly spool: Spool;
  readonly aside: Spool;
  readonly config: SendConfig;
  readonly environment: Environment;
  readonly named: ReadonlySet<string>;
  readonly tell: Tell;
  readonly verbose: boolean;
}

async function flushAll(options: FlushOptions): Promise<SysExit> {
  const { spool, aside, config, environment, named, tell, verbose } = options;
  const carrier = await openCarrier(config, environment, verbose);
  const now = systemClock.now();
  const after = formatDuration(config.queueExpire);
  try {
    const report = await flush(spool, carrier, named.size === 0 ? undefined : named, {
      ...{ aside, after, isOver: (queuedAt) => now - queuedAt >= config.queueExpire },
    });
    const { sent, waiting, failed, damaged, givenUp, stopped } = report;
    if (stopped !== undefined) tell(stopped.message);
    if (givenUp > 0)
      tell(
        `${givenUp} could not be sent within ${after}: they are in ${aside.directory}, to be sent by --flush ID`,
      );
    if (waiting + failed + damaged + givenUp > 0)
      tell(
        `${sent} sent, ${waiting} wait, ${failed} were refused for good${damaged > 0 ? `, ${damaged} files are damaged` : ''}: postern send --list says why`,
      );
    return exitOfFlush(report);
  } finally {
    await carrier.close();
  }
}

async function remove(spool: Spool, ids: ReadonlySet<string>): Promise<SysExit> {
  if (ids.size === 0)
    throw new SendFailure(EX.USAGE, '--remove needs the ids of messages (--help shows how)');
  for (const id of ids) await spool.remove(id);
  await spool.sync();
  return EX.OK;
}

async function list(spool: Spool, aside: Spool, asJson: boolean): Promise<SysExit> {
  const [queued, given] = [await readAll(spool), await readAll(aside)];
  const damaged = [...queued.damaged, ...given.damaged];
  const jsonOf = ({ read }: All) => read.map(({ id, envelope }) => ({ id, ...envelope }));
  if (asJson) {
    const { shownJson } = await import('../base/shown-json.ts');
    print(shownJson({ messages: jsonOf(queued), givenUp: jsonOf(given), damaged }));
    return EX.OK;
  }
  const rows = [
    ...queued.read.flatMap((one) => rowsOf(one, 'refused for good')),
    ...given.read.flatMap((one) => rowsOf(one, 'given up')),
  ];
  if (rows.length > 0) print(table(rows));
  for (const id of damaged) print(`${id}  damaged: it stays until it is removed`);
  return EX.OK;
}

interface All {
  readonly read: readonly Stored[];
  readonly damaged: readonly string[];
}

async function readAll(spool: Spool): Promise<All> {
  const read: Stored[] = [];
  const damaged: string[] = [];
  for (const id of await spool.ids()) {
    const stored = await spool.read(id);
    if (stored === 'damaged') damaged.push(id);
    else if (stored !== 'gone')
      read.push({ ...stored, envelope: shownEnvelope(stored.envelope), content: new Uint8Array(0) });
  }
  return { read, damaged };
}

/** One for each recipient, since each has its own fate. */
function rowsOf({ id, envelope }: Stored, end: string): readonly (readonly string[])[] {
  const { queuedAt, octets, reversePath, recipients, failed, problem, tries } = envelope;
  const head = [id, time(queuedAt), String(octets), safe(`<${reversePath}>`)];
  return [
    ...recipients.map((one) => [
      ...head,
      safe(`<${one}>`),
      problem === undefined ? 'waits' : `waits, tried ${tries} times: ${safe(problem)}`,
    ]),
    ...failed.map((one) => [...head, safe(`<${one.forwardPath}>`), `${end}: ${safe(one.problem)}`]),
  ];
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
