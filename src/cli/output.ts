// What commands print: text for people, JSON for programs, progress and bold on a terminal only.

import { once } from 'node:events';
import { styleText } from 'node:util';
import { shownJson } from '../base/shown-json.ts';

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown, indent = 2): void {
  print(shownJson(value, indent));
}

/** As they come, no faster than they are taken. */
export async function printOctets(pieces: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const octets of pieces) if (!process.stdout.write(octets)) await once(process.stdout, 'drain');
}

/** Progress of long work, on a terminal only: it never gets into a pipe. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${text}\u001b[K`);
}

export function progressDone(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}

export function strong(text: string): string {
  return process.stdout.isTTY ? styleText('bold', text) : text;
}
