// A password comes from standard input, one line: arguments could be seen by others.

import { CommandFailure } from './failure.ts';

const PASSWORD_MIN = 8;

export async function passwordFromStdin(): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  const password = Buffer.concat(parts).toString('utf8').split(/\r?\n/)[0] ?? '';
  if (password.length < PASSWORD_MIN)
    throw new CommandFailure(`a password has at least ${PASSWORD_MIN} characters`);
  return password;
}
