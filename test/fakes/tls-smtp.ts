// A real submission server of a few lines on loopback, with the certificate and the TLS versions that a test wants. It keeps what it heard.

import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, type SecureContextOptions, TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateWish {
  readonly dns?: readonly string[];
  readonly ip?: readonly string[];
  readonly commonName?: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

const DAY = 86_400_000;

/** Self-signed; trusted where it is given as `ca`. */
export async function certificate(wish: CertificateWish): Promise<Pair> {
  const names = [
    ...(wish.dns ?? []).map((value) => ({ type: 2 as const, value })),
    ...(wish.ip ?? []).map((ip) => ({ type: 7 as const, ip })),
  ];
  const made = await generate([{ name: 'commonName', value: wish.commonName ?? 'a test' }], {
    ...{ keyType: 'ec', curve: 'P-256' },
    notBeforeDate: wish.notBefore ?? new Date(Date.now() - DAY),
    notAfterDate: wish.notAfter ?? new Date(Date.now() + DAY),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      ...(names.length === 0 ? [] : [{ name: 'subjectAltName' as const, altNames: names }]),
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** For `_submissions.example.org` (RFC 4985) and nothing else. */
export function srvIdCertificate(): Pair {
  const both = readFileSync(join(import.meta.dirname, '../fixtures/srv-id.pem'), 'utf8');
  const at = both.indexOf('-----BEGIN CERTIFICATE');
  return { key: both.slice(0, at), cert: both.slice(at) };
}

export interface TlsServer extends AsyncDisposable {
  readonly port: number;
  /** Every line, with whether it was inside TLS. */
  readonly heard: { readonly line: string; readonly secured: boolean }[];
  readonly messages: string[];
}

export async function tlsServer(
  settings: Pair & {
    readonly implicit: boolean;
    readonly tls?: SecureContextOptions;
    /** What ends a message besides CRLF . CRLF. */
    readonly otherEnds?: readonly string[];
    /** Replies to commands other than its own, and to `.`, the end of a message. */
    readonly replies?: Readonly<Record<string, string>>;
  },
): Promise<TlsServer> {
  const { cert, key, implicit, tls, otherEnds = [], replies = {} } = settings;
  const secureContext = createSecureContext({ cert, key, ...tls });
  const heard: { line: string; secured: boolean }[] = [];
  const messages: string[] = [];
  const sockets = new Set<Socket>();
  const secured = (socket: Socket): TLSSocket => new TLSSocket(socket, { isServer: true, secureContext });
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    speak(implicit ? secured(socket) : socket, implicit, true);
  });

  function speak(socket: Socket | TLSSocket, inTls: boolean, greets: boolean): void {
    let held = '';
    let inData = false;
    socket.on('error', () => undefined);
    if (greets) socket.write('220 real ESMTP\r\n');
    const onData = (data: Buffer): void => {
      held += data.toString('latin1');
      for (;;) {
        const found = firstOf(held, inData ? ['\r\n.\r\n', ...otherEnds] : ['\r\n']);
        if (found === undefined) return;
        const piece = held.slice(0, found.at);
        held = held.slice(found.at + found.end.length);
        if (inData) messages.push(piece);
        else heard.push({ line: piece, secured: inTls });
        if (piece === 'STARTTLS' && replies.STAR === undefined) {
          socket.off('data', onData);
          socket.write('220 go\r\n');
          return speak(secured(socket), true, false);
        }
        const own = replies[inData ? '.' : piece.slice(0, 4)];
        socket.write(own ?? (inData ? '250 2.0.0 kept\r\n' : replyTo(piece, inTls)));
        inData = !inData && piece === 'DATA';
      }
    };
    socket.on('data', onData);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    heard,
    messages,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function firstOf(
  text: string,
  ends: readonly string[],
): { readonly at: number; readonly end: string } | undefined {
  const found = ends.map((end) => ({ at: text.indexOf(end), end })).filter(({ at }) => at >= 0);
  return found.sort((one, other) => one.at - other.at)[0];
}

function replyTo(line: string, inTls: boolean): string {
  const verb = line.slice(0, 4).toUpperCase();
  if (verb === 'EHLO') return `250-real\r\n250 ${inTls ? 'AUTH PLAIN' : 'STARTTLS'}\r\n`;
  const replies: Readonly<Record<string, string>> = { AUTH: '235 2.7.0 ok', DATA: '354 go', QUIT: '221 bye' };
  return `${replies[verb] ?? '250 2.0.0 ok'}\r\n`;
}
