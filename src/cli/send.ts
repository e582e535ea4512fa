// `postern send`: sendmail for programs that call one (cron, git, mail, PHP). Reads arguments, configuration and message, then submits it or puts
// it into the queue. Whatever is not needed for the one at hand is loaded when it is: the start must cost next to nothing.

import { hostname, userInfo } from 'node:os';
import { systemClock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { safeLines } from './output.ts';
import { readAddresses } from './send-addresses.ts';
import { readArguments, type SendArguments } from './send-arguments.ts';
import { type Environment, loadSendConfig, type SendConfig } from './send-config.ts';
import { readInput } from './send-input.ts';
import { compose } from './send-message.ts';
import { addressBook } from './send-names.ts';
import type { Outgoing, Verdict } from './send-parcel.ts';
import { EX, SendFailure, type SysExit } from './sysexits.ts';

/** The exit code. Everything that goes wrong is told on standard error. */
export async function runSend(args: readonly string[], calledAs: 'postern' | 'sendmail'): Promise<SysExit> {
  try {
    const given = readArguments(args, calledAs);
    switch (given.mode) {
      case 'help': {
        const { sendHelp } = await import('./send-help.ts');
        process.stdout.write(sendHelp);
        return EX.OK;
      }
      case 'deliver':
        return await deliver(given, await loadSendConfig(given.config, process.env));
      case 'list':
      case 'flush':
      case 'remove':
        throw new SendFailure(EX.USAGE, 'there is no queue');
    }
  } catch (error) {
    return explain(error);
  }
}

function explain(error: unknown): SysExit {
  if (error instanceof SendFailure) return fail(error.code, error.message);
  const isOfSystem = error instanceof Error && 'syscall' in error;
  return fail(isOfSystem ? EX.OSERR : EX.SOFTWARE, error instanceof Error ? error.message : String(error));
}

function fail(code: SysExit, message: string): SysExit {
  process.stderr.write(`postern send: ${safeLines(message)}\n`);
  return code;
}

async function deliver(given: SendArguments, config: SendConfig): Promise<SysExit> {
  if (given.recipients.length === 0 && !given.recipientsFromHeader)
    throw new SendFailure(EX.USAGE, 'no recipient: name one, or use -t (--help shows how)');
  const parcel = await readParcel(given, config);
  return submitNow(parcel, config, given.verbose, process.env);
}

async function readParcel(given: SendArguments, config: SendConfig): Promise<Outgoing> {
  const { notify, ret, envelopeId, dotIsText } = given;
  const book = addressBook(config, { user: userName, host: hostname() });
  const reversePath = given.sender === undefined ? book.own() : senderOf(given.sender, book.sender);
  const named = given.recipients.flatMap((one) => readAddresses('recipient', one, book.recipients).addresses);
  const input = await readInput(process.stdin, { octetsMax: config.sizeMax, dotIsText });
  const { content, headerRecipients } = compose(input, {
    ...{ dotIsText, fullName: given.fullName ?? config.name },
    author: reversePath === '' ? book.own() : reversePath,
    now: systemClock.now(),
    random: (length) => systemEntropy().bytes(length),
    ...{ sender: book.sender, recipients: book.recipients },
  });
  const recipients = [...new Set(given.recipientsFromHeader ? [...named, ...headerRecipients] : named)];
  if (recipients.length === 0) throw new SendFailure(EX.DATAERR, 'no recipient in To, Cc or Bcc');
  return {
    ...{ reversePath, recipients, content },
    ...(notify === undefined ? {} : { notify }),
    ...(ret === undefined ? {} : { ret }),
    ...(envelopeId === undefined ? {} : { envelopeId }),
  };
}

/** The user may have no name, as in a container. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid${process.getuid?.() ?? ''}`;
  }
}

function senderOf(text: string, qualify: (name: string) => string): string {
  if (text === '') return '';
  const [only = '', ...others] = readAddresses('sender', text, (name) => [qualify(name)]).addresses;
  if (others.length > 0) throw new SendFailure(EX.USAGE, 'more than one sender');
  return only;
}

async function submitNow(
  parcel: Outgoing,
  config: SendConfig,
  verbose: boolean,
  environment: Environment,
): Promise<SysExit> {
  const { optionsFor, submitOne } = await import('./send-submit.ts');
  return conclude(await submitOne(await optionsFor(config, environment, verbose), parcel));
}

/** What was accepted for some must not be sent to them again by whoever called: then it is no EX_TEMPFAIL. */
function conclude({ left, accepted, code, message }: Verdict): SysExit {
  const [first] = left;
  if (first === undefined) return EX.OK;
  const isPartial = accepted > 0;
  if (isPartial) for (const { forwardPath, problem } of left) fail(EX.OK, `${forwardPath}: ${problem}`);
  const lasting = left.find(({ again }) => again === 'no') ?? first;
  if (!isPartial) return fail(code, message);
  return fail(lasting.code === EX.TEMPFAIL ? EX.UNAVAILABLE : lasting.code, message);
}
