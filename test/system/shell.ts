// The command line in a process that stays: most of what a command takes is the start of Node. What a process itself has to show (its exit
// code, its environment, its working directory) is for `node src/main.ts …`.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const QUICK = join(import.meta.dirname, '../../src/cli/fast-path.ts');
const PROGRAM = join(import.meta.dirname, '../../src/cli/program.ts');

/** As src/main.ts calls them. */
const script = `
  const { runFastPath } = await import(${JSON.stringify(QUICK)});
  const { runProgram } = await import(${JSON.stringify(PROGRAM)});
  const { Readable } = await import('node:stream');
  process.on('message', async ({ args, input }) => {
    Object.defineProperty(process, 'stdin', { configurable: true, value: Readable.from([Buffer.from(input)]) });
    let stdout = '', stderr = '';
    process.stdout.write = (part) => ((stdout += part), true);
    process.stderr.write = (part) => ((stderr += part), true);
    process.send({ status: (await runFastPath(args)) ?? (await runProgram(args)), stdout, stderr });
  });
  process.send('ready');`;

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Shell {
  /** One after the other; `input` is what stands on standard input. Rejects if the process ends. */
  run(args: readonly string[], input?: string): Promise<Ended>;
  close(): void;
}

export async function openShell(cwd: string, env: NodeJS.ProcessEnv = process.env): Promise<Shell> {
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', script], {
    ...{ cwd, env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  });
  const answer = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error('the shell ended'));
      child.once('exit', ended);
      child.once('message', (message) => {
        child.off('exit', ended);
        resolve(message);
      });
    });
  await answer();
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(args, input = '') {
      const ended = last.then(() => {
        child.send({ args, input });
        return answer() as Promise<Ended>;
      });
      last = ended.catch(() => undefined);
      return ended;
    },
    close: () => void child.kill(),
  };
}
