// A question to our own server over its Unix socket: HTTP/1.1, as little of it as that needs. One connection a question, whole bodies with their length.
// node:http does all of it, but loading it takes longer than an empty process takes to start, and people wait for these commands.

import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

const HEAD_OCTETS_MAX = 64 * 1024;
const BODY_OCTETS_MAX = 1024 * 1024 * 1024;
const HEAD_END = '\r\n\r\n';

/** Rejects with the system's error (ENOENT, ECONNREFUSED: nobody listens). */
export function connectTo(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

/** Rejects with the system's error, or if the connection ends before the answer does. Waits as long as it takes: a backup takes minutes. */
export async function askSocket(
  path: string,
  method: 'GET' | 'POST',
  target: string,
  body = '',
): Promise<Answer> {
  const socket = await connectTo(path);
  const content = Buffer.from(body);
  const head = [
    `${method} ${target} HTTP/1.1`,
    ...['Host: control', 'Connection: close', 'Content-Type: application/json'],
    `Content-Length: ${content.length}`,
  ];
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let octets = 0;
    let answer: { readonly status: number; readonly from: number; readonly length: number } | undefined;
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.on('error', fail);
    socket.on('close', () => reject(new Error('the server closed its connection before it had answered')));
    socket.on('data', (data) => {
      parts.push(data);
      octets += data.length;
      if (answer === undefined) {
        answer = readHead(Buffer.concat(parts));
        if (answer === undefined && octets > HEAD_OCTETS_MAX)
          return fail(new Error('this is no answer of our server'));
      }
      if (answer === undefined) return;
      if (!(answer.length <= BODY_OCTETS_MAX))
        return fail(new Error('the answer is too long, or of unknown length'));
      if (octets < answer.from + answer.length) return;
      resolve({
        status: answer.status,
        body: Buffer.concat(parts).subarray(answer.from, answer.from + answer.length),
      });
      socket.destroy();
    });
    socket.write(Buffer.concat([Buffer.from(head.join('\r\n') + HEAD_END), content]));
  });
}

/** `length` is NaN if the head does not tell it. */
function readHead(bytes: Buffer) {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
  const length = Number(/\r\ncontent-length: *(\d{1,12}) *(?:\r\n|$)/i.exec(head)?.[1]);
  return { status, from: end + HEAD_END.length, length };
}
