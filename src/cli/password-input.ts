// A new password: typed on a terminal, or one line of standard input. Never an argument, which others could see.

import { readPlainText } from '../base/plain-text.ts';
import { CommandFailure } from './failure.ts';
import { askTwice } from './hidden-input.ts';

/** Rejects with `CommandFailure`. */
export async function readNewPassword(login: string): Promise<string> {
  return process.stdin.isTTY
    ? askTwice(`New password of ${login}`, {
        input: process.stdin,
        write: (text) => void process.stderr.write(text),
      })
    : firstLineOf(process.stdin);
}

async function firstLineOf(input: AsyncIterable<unknown>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of input) parts.push(part as Buffer);
  const text = readPlainText(Buffer.concat(parts));
  if (!text.ok) throw new CommandFailure(`the password on standard input: ${text.error}`);
  return text.value.split(/\r?\n/)[0] ?? '';
}
