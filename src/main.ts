#!/usr/bin/env node
// The entry of everything: reads the command line. `serve` leads on to src/cli/serve.ts and src/server/running.ts. What a command does not need is not
// loaded: other programs start `send` as sendmail once for each message. What a server needs of its surroundings is set by bin/postern, which starts it.

// In front of all: an old Node would fail at the first module that it has not.
import '../scripts/check-node.cjs';
import { basename } from 'node:path';

// Who reads us may stop reading, as `| head` does: that is no error of ours.
process.stdout.on('error', (error: Error) => {
  if (!('code' in error) || error.code !== 'EPIPE') throw error;
  process.exit();
});

// What nobody hears is lost; the work and the exit code are not.
process.stderr.on('error', () => undefined);

async function runFastPath(args: readonly string[]): Promise<number | undefined> {
  if (!args.includes('queue') && !args.includes('trace')) return undefined;
  const fastPath = await import('./cli/fast-path.ts');
  return fastPath.runFastPath(args);
}

async function runWhole(args: readonly string[]): Promise<number> {
  const { runProgram } = await import('./cli/program.ts');
  return runProgram(args);
}

const [command, ...rest] = process.argv.slice(2);
const isNamedSendmail = basename(process.argv[1] ?? '') === 'sendmail';

if (isNamedSendmail || command === 'sendmail' || command === 'send') {
  const { runSend } = await import('./send/send.ts');
  process.exitCode = isNamedSendmail
    ? await runSend(process.argv.slice(2), 'sendmail')
    : await runSend(rest, command === 'send' ? 'postern' : 'sendmail');
} else {
  process.exitCode = (await runFastPath(process.argv.slice(2))) ?? (await runWhole(process.argv.slice(2)));
}
