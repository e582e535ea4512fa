// `postern send`: sendmail for programs that call one (cron, git, mail, PHP). Whatever is not needed for what was asked is loaded when it is: other
// programs start it once for each message.

import { failureInWords } from '../base/failure-words.ts';
import { safeLines } from '../base/safe-text.ts';
import { EX, type SysExit } from '../base/sysexits.ts';
import { readArguments } from './arguments.ts';
import { SendFailure } from './failure.ts';

/** The exit code. Everything that goes wrong is told on standard error. */
export async function runSend(args: readonly string[], calledAs: 'postern' | 'sendmail'): Promise<SysExit> {
  try {
    const given = readArguments(args, calledAs);
    switch (given.mode) {
      case 'help': {
        const { sendHelp } = await import('./help.ts');
        process.stdout.write(sendHelp);
        return EX.OK;
      }
      case 'deliver': {
        const { deliver } = await import('./deliver.ts');
        return await deliver(given, process.env, tell);
      }
      case 'smtp': {
        const { takeSmtp } = await import('./smtp.ts');
        return await takeSmtp(given, process.env, tell);
      }
      case 'list':
      case 'flush':
      case 'remove': {
        const { manageQueue } = await import('./queue.ts');
        return await manageQueue(given, process.env, tell);
      }
    }
  } catch (error) {
    return explain(error);
  }
}

function explain(error: unknown): SysExit {
  tell(failureInWords(error));
  if (error instanceof SendFailure) return error.code;
  return error instanceof Error && 'syscall' in error ? EX.OSERR : EX.SOFTWARE;
}

function tell(message: string): void {
  process.stderr.write(`postern send: ${safeLines(message)}\n`);
}
