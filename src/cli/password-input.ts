// A new password: typed on a terminal, or one line of standard input. Never an argument, which others could see.

import { readPlainText } from '../base/plain-text.ts';
import { PASSWORD_MIN } from '../identity/password.ts';
import { CommandFailure } from './failure.ts';
import { askTwice } from './hidden-input.ts';

/** Rejects with `CommandFailure`. */
export async function readNewPassword(login: string): Promise<string> {
  const password = process.stdin.isTTY
    ? await askTwice(`New password of ${login}`, {
        input: process.stdin,
        write: (text) => void process.stderr.write(text),
      })
    : await firstLineOf(process.stdin);
  if (password.includes('\ufffd')) throw new CommandFailure('the password is no valid UTF-8');
  if (password.length < PASSWORD_MIN)
    throw new CommandFailure(`a password has at least ${PASSWORD_MIN} characters`);
  return password;
}

async function firstLineOf(input: AsyncIterable<unknown>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of input) parts.push(part as Buffer);
  const text = readPlainText(Buffer.concat(parts));
  if (!text.ok) throw new CommandFailure(`the password on standard input: ${text.error}`);
  return text.value.split(/\r?\n/)[0] ?? '';
}
