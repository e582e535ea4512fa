// Generator and next hop in C (bench/native), built with the machine's own compiler where it has one with OpenSSL's headers. They take a third of the
// processor time of those in Node from the cores they share with what is measured; what they say is the same.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Load, LoadResult } from './load.ts';
import { collectLoad, followSink, type Ends, nodeEnds } from './measuring.ts';
import { freePort } from '../test/free-port.ts';

const BUILT = join(import.meta.dirname, '../node_modules/.cache/postern/bench');

/** Path of the built program; throws with the compiler's words. */
function build(name: string, ...libraries: readonly string[]): string {
  mkdirSync(BUILT, { recursive: true });
  const to = join(BUILT, name);
  const from = join(import.meta.dirname, 'native', `${name}.c`);
  const { error, status, stderr } = spawnSync('cc', ['-O2', '-o', to, from, ...libraries], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(error?.message ?? stderr.split('\n').slice(0, 3).join('\n'));
  return to;
}

/** Those in C, or those in Node with the reason why. */
export function leanestEnds(): { readonly ends: Ends; readonly lacking?: string } {
  try {
    const [load, sink] = [build('load', '-lssl', '-lcrypto'), build('sink')];
    return { ends: { name: 'C', runLoad: (of) => runLoad(load, of), startSink: () => startSink(sink) } };
  } catch (error) {
    return { ends: nodeEnds, lacking: (error as Error).message };
  }
}

function runLoad(program: string, load: Load): Promise<LoadResult> {
  const { port, connections, perConnection, messages, octets, tag, user, password, from } = load;
  const words = [port, connections, perConnection, messages, octets, tag, user, password, from];
  return collectLoad(spawn(program, words.map(String), { stdio: ['ignore', 'pipe', 'inherit'] }));
}

async function startSink(program: string): ReturnType<Ends['startSink']> {
  const port = await freePort();
  return followSink(port, spawn(program, [String(port)], { stdio: ['pipe', 'pipe', 'inherit'] }));
}
