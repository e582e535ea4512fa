// The load generator of the benchmarks, a process of its own: STARTTLS, AUTH PLAIN, pipelined transactions, every final reply
// checked. Prints one JSON object: accepted per second, latencies, errors, its own CPU.
//   node bench/load.ts '{"port":587,"connections":20,"perConnection":50,"messages":5000,"octets":4096,"tag":"a","user":"u@x","password":"p"}'

import { connect as connectPlain } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, createSecureContext, type TLSSocket } from 'node:tls';

export interface Load {
  readonly port: number;
  readonly connections: number;
  readonly perConnection: number;
  readonly messages: number;
  readonly octets: number;
  readonly tag: string;
  readonly user: string;
  readonly password: string;
  readonly from: string;
  /** Between two messages of a connection, ms; absent: none. */
  readonly pauseMs?: number;
}

export interface LoadResult {
  readonly accepted: number;
  readonly errors: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly generatorCpuSeconds: number;
}

const load = JSON.parse(process.argv[2] ?? '{}') as Load;
const context = createSecureContext({ minVersion: 'TLSv1.2' });
const latencies: number[] = [];
let errors = 0;
let next = 0;

function replies(socket: NodeJS.ReadableStream): { next(): Promise<string>; detach(): void } {
  let text = '';
  let waiting: ((reply: string) => void) | undefined;
  const give = (): void => {
    if (waiting === undefined) return;
    const whole = /^(?:\d{3}-[^\n]*\n)*\d{3}[ \r][^\n]*\n?/.exec(text)?.[0];
    if (whole === undefined || !whole.endsWith('\n')) return;
    text = text.slice(whole.length);
    const resolve = waiting;
    waiting = undefined;
    resolve(whole);
  };
  const onData = (data: Buffer): void => {
    text += data.toString('latin1');
    give();
  };
  const onEnd = (): void => {
    waiting?.('000 closed\r\n');
  };
  socket.on('data', onData).on('close', onEnd).on('error', onEnd);
  return {
    next: () =>
      new Promise((resolve) => {
        waiting = resolve;
        give();
      }),
    detach: () => socket.off('data', onData),
  };
}

async function open(): Promise<{ socket: TLSSocket; reply(): Promise<string>; close(): void }> {
  const plain = connectPlain({ port: load.port, host: '127.0.0.1', noDelay: true });
  const first = replies(plain);
  await first.next();
  plain.write('EHLO bench.example.net\r\n');
  await first.next();
  plain.write('STARTTLS\r\n');
  await first.next();
  first.detach();
  const socket = connectTls({
    socket: plain,
    secureContext: context,
    rejectUnauthorized: false,
    servername: 'localhost',
  });
  const secured = replies(socket);
  await new Promise<void>((resolve) => socket.once('secureConnect', resolve).once('close', resolve));
  socket.write('EHLO bench.example.net\r\n');
  await secured.next();
  socket.write(`AUTH PLAIN ${Buffer.from(`\0${load.user}\0${load.password}`).toString('base64')}\r\n`);
  if (!(await secured.next()).startsWith('235')) errors += 1;
  return { socket, reply: () => secured.next(), close: () => plain.destroy() };
}

const filler = `${'x'.repeat(76)}\r\n`.repeat(Math.max(1, Math.floor(load.octets / 78)));

async function worker(): Promise<void> {
  while (next < load.messages) {
    const connection = await open();
    for (let sent = 0; sent < load.perConnection && next < load.messages; sent += 1) {
      next += 1;
      const number = `${load.tag}-${next}`;
      const startedAt = performance.now();
      connection.socket.write(`MAIL FROM:<${load.from}>\r\nRCPT TO:<x@far.example>\r\nDATA\r\n`);
      const replies = [await connection.reply(), await connection.reply(), await connection.reply()];
      if (!replies[2]?.startsWith('354')) {
        errors += 1;
        if (errors < 4) console.error(replies.join(''));
        break;
      }
      connection.socket.write(
        `From: <${load.from}>\r\nTo: <x@far.example>\r\nSubject: bench\r\nX-Bench: ${number}\r\n\r\n${filler}.\r\n`,
      );
      const final = await connection.reply();
      if (final.startsWith('250')) latencies.push(performance.now() - startedAt);
      else {
        errors += 1;
        if (errors < 4) console.error(final);
      }
      if (load.pauseMs !== undefined) await delay(load.pauseMs);
    }
    connection.socket.write('QUIT\r\n');
    await connection.reply();
    connection.close();
  }
}

const startedAt = performance.now();
await Promise.all(Array.from({ length: load.connections }, worker));
const seconds = (performance.now() - startedAt) / 1000;
latencies.sort((a, b) => a - b);
const at = (share: number): number =>
  Number((latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(2));
const cpu = process.cpuUsage();
const result: LoadResult = {
  accepted: latencies.length,
  errors,
  seconds: Number(seconds.toFixed(2)),
  perSecond: Math.round(latencies.length / seconds),
  p50Ms: at(0.5),
  p99Ms: at(0.99),
  generatorCpuSeconds: (cpu.user + cpu.system) / 1e6,
};
console.log(JSON.stringify(result));
