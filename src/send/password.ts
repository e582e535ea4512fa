// Where the password of `postern send` comes from: the environment, a file that others can't read, a command (a keyring), or the configuration.

import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { reasonInWords } from '../base/failure-words.ts';
import { readPlainText } from '../base/plain-text.ts';
import { EX } from '../base/sysexits.ts';
import type { Environment, SendConfig } from './config.ts';
import { SendFailure } from './failure.ts';

const OCTETS_MAX = 64 * 1024;
/** Long enough for a person to unlock a keyring. */
const COMMAND_MS = 120_000;
const READABLE_BY_OTHERS = 0o077;

type Sources = Pick<SendConfig, 'password' | 'passwordFile' | 'passwordCommand'>;

/** One line, without its end; undefined: none is named. Rejects with `SendFailure` EX_CONFIG. */
export async function readPassword(config: Sources, environment: Environment): Promise<string | undefined> {
  const { password, passwordFile, passwordCommand } = config;
  const own = environment['POSTERN_PASSWORD'];
  if (own?.includes('\ufffd') === true || own?.startsWith('\ufeff') === true)
    throw new SendFailure(EX.CONFIG, '$POSTERN_PASSWORD is no plain UTF-8');
  if (own !== undefined) return own;
  if (passwordFile !== undefined) return firstLine(await readSecretFile(passwordFile), passwordFile);
  if (passwordCommand !== undefined) return firstLine(await outputOf(passwordCommand), 'passwordCommand');
  return password;
}

function firstLine(bytes: Uint8Array, source: string): string {
  const text = readPlainText(bytes);
  if (!text.ok) throw new SendFailure(EX.CONFIG, `${source}: ${text.error}`);
  const line = text.value.split(/\r?\n/)[0] ?? '';
  if (line === '') throw new SendFailure(EX.CONFIG, `${source}: there is no password in its first line`);
  return line;
}

async function readSecretFile(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path, 'r');
    try {
      const { mode, size } = await file.stat();
      if ((mode & READABLE_BY_OTHERS) !== 0 && process.platform !== 'win32')
        throw new SendFailure(EX.CONFIG, `others may read the password file: chmod 600 ${path}`);
      if (size > OCTETS_MAX) throw new SendFailure(EX.CONFIG, `${path} is larger than ${OCTETS_MAX} octets`);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof SendFailure) throw error;
    throw new SendFailure(EX.CONFIG, `the password file ${path}: ${reasonInWords(error)}`);
  }
}

/** Of `sh -c`; what it says on standard error is for the user's eyes. The message on standard input is none of its business. */
function outputOf(command: string): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const fail = (why: string): void => reject(new SendFailure(EX.CONFIG, `passwordCommand ${why}`));
  const child = spawn('/bin/sh', ['-c', command], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: COMMAND_MS,
    killSignal: 'SIGKILL',
  });
  const parts: Buffer[] = [];
  let octets = 0;
  child.stdout.on('data', (part: Buffer) => {
    octets += part.length;
    if (octets <= OCTETS_MAX) parts.push(part);
    else child.kill('SIGKILL');
  });
  child.on('error', (error) => fail(`could not be run: ${error.message}`));
  child.on('close', (code, signal) => {
    if (octets > OCTETS_MAX) fail(`printed more than ${OCTETS_MAX} octets`);
    else if (code === 0) resolve(Buffer.concat(parts));
    else
      fail(
        `ended with ${code === null ? (signal ?? 'a signal') : `status ${code}`}: run it by hand to see why`,
      );
  });
  return promise;
}
