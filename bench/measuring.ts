// What the benchmarks share: generator and next hop as processes of their own, medians, tables.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../test/free-port.ts';
import type { Load, LoadResult } from './load.ts';

/** Takes everything and counts it (bench/sink.ts). */
export interface Sink {
  readonly port: number;
  counts(): Promise<{ unique: number; duplicates: number }>;
  stop(): void;
}

/** What stands at both ends of a server that is measured. */
export interface Ends {
  /** The language they are written in. */
  readonly name: string;
  runLoad(load: Load): Promise<LoadResult>;
  startSink(): Promise<Sink>;
}

export const nodeEnds: Ends = { name: 'Node', runLoad, startSink };

export function runLoad(load: Load): Promise<LoadResult> {
  return collectLoad(
    spawn(process.execPath, [join(import.meta.dirname, 'load.ts'), JSON.stringify(load)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
}

/** What a generator prints; rejects if it ends otherwise. */
export function collectLoad(child: ChildProcess): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout?.on('data', (data) => (output += String(data)));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(JSON.parse(output) as LoadResult) : reject(new Error(`load ended with ${code}`)),
    );
  });
}

/** `delayMs`: how late each reply of the next hop comes. */
export async function startSink(delayMs = 0): Promise<Sink> {
  const port = await freePort();
  const words = [join(import.meta.dirname, 'sink.ts'), String(port), String(delayMs)];
  return followSink(port, spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] }));
}

/** Asks a sink by lines; resolves when it listens. */
export async function followSink(port: number, child: ChildProcess): Promise<Sink> {
  if (child.stdout === null) throw new Error('no output');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  // Its first line says that it listens.
  await lines.next();
  return {
    port,
    async counts() {
      child.stdin?.write('\n');
      return JSON.parse(String((await lines.next()).value)) as { unique: number; duplicates: number };
    },
    stop: () => void child.kill(),
  };
}

export function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5);
}

/** The number below which that share of them lies. */
export function quantile(numbers: readonly number[], share: number): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length * share)] ?? 0;
}

/** Columns as wide as their widest cell. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0))) ?? [];
  for (const row of rows) console.log(row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  '));
}
