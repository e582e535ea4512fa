// A secret typed on a terminal: asked for twice, not shown, ended by Enter. However it ends, the terminal is as it was before.

import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CommandFailure } from './failure.ts';

export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  /** Prompts: standard output may be a file. */
  write(text: string): void;
}

/** Rejects with `CommandFailure` if it was cut off (Ctrl-C, Ctrl-D), or the two differ. */
export async function askTwice(what: string, terminal: Terminal): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: terminal.input, output: nowhere, terminal: true, historySize: 0 });
  const lines: string[] = [];
  let wake: () => void = () => undefined;
  let isOver = false;
  reader.on('line', (line) => {
    lines.push(line);
    wake();
  });
  reader.on('SIGINT', () => reader.close());
  reader.on('close', () => {
    isOver = true;
    wake();
  });

  async function answer(prompt: string): Promise<string> {
    terminal.write(prompt);
    while (lines.length === 0 && !isOver) await new Promise<void>((resolve) => (wake = resolve));
    terminal.write('\n');
    return lines.shift() ?? cutOff();
  }

  try {
    const first = await answer(`${what}: `);
    const second = await answer(`${what}, again: `);
    if (first !== second) throw new CommandFailure('the two are not the same: nothing was done');
    return first;
  } finally {
    reader.close();
  }
}

function cutOff(): never {
  throw new CommandFailure('nothing was done');
}
