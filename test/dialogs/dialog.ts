// Dialogs as files: what the client says and what the server must answer, readable by anybody who knows SMTP. One file holds many:
//   == IDS: title                  a dialog begins; the ids are requirements
//   @plain @tls @auth @mx @mxtls   where it begins: before TLS, after TLS, authenticated as alice; role mx (default @plain)
//   @whole                         it depends on octets arriving together: not played octet by octet
//   C: text                        a line from the client, CRLF added; lines without an S between them go in one write
//   C| text                        octets without CRLF; escapes \r \n \t \0 \\ \xHH \{n*text} everywhere
//   S: 354 Start mail input        the next reply: its last line is exactly this (same escapes; a space at the end is \x20)
//   S~ 250 2.1.0                   the next reply: its last line begins so, and is a text of the reply registry
//   S+ WORD / S- WORD              the same reply has / has not a line that begins with WORD
//   TLS                            the handshake follows the 220
//   CLOSE                          the server closes

import { readFileSync } from 'node:fs';
import { replies, type ReplyDefinition } from '../../src/protocol/wire/reply-registry.ts';

export type Step =
  | { readonly type: 'send'; readonly bytes: Buffer }
  | { readonly type: 'reply'; readonly text: string; readonly whole: boolean }
  | { readonly type: 'has' | 'hasNot'; readonly word: string }
  | { readonly type: 'tls' }
  | { readonly type: 'close' };

export type Start = 'plain' | 'tls' | 'auth' | 'mx' | 'mxtls';

export interface Dialog {
  readonly name: string;
  readonly start: Start;
  /** What it shows depends on octets arriving together. */
  readonly wholeOnly: boolean;
  readonly steps: readonly Step[];
}

const LOGIN = 'AUTH PLAIN AGFsaWNlQGV4YW1wbGUub3JnAGNvcnJlY3QgaG9yc2UgYmF0dGVyeSBzdGFwbGU=';

const toTls = ['S~ 220', 'C: EHLO c.example', 'S~ 250', 'C: STARTTLS', 'S: 220 2.0.0 Ready to start TLS', 'TLS', 'C: EHLO c.example', 'S~ 250'];

const preludes: Readonly<Record<Start, readonly string[]>> = {
  plain: ['S: 220 msa.example.org ESMTP'],
  mx: ['S: 220 msa.example.org ESMTP'],
  mxtls: toTls,
  tls: toTls,
  auth: [...toTls, `C: ${LOGIN}`, 'S: 235 2.7.0 Authentication successful'],
};

export function parseDialogs(path: string): readonly Dialog[] {
  const dialogs: { name: string; start: Start; wholeOnly: boolean; lines: { text: string; line: number }[] }[] = [];
  readFileSync(path, 'utf8')
    .split('\n')
    .forEach((text, at) => {
      const last = dialogs.at(-1);
      if (text.startsWith('== ')) dialogs.push({ name: text.slice(3), start: 'plain', wholeOnly: false, lines: [] });
      else if (text.trim() === '' || text.startsWith('#')) return;
      else if (last === undefined) throw new Error(`${path}:${at + 1}: stands before the first dialog`);
      else if (text === '@whole') last.wholeOnly = true;
      else if (text.startsWith('@')) last.start = startOf(text.slice(1), path, at + 1);
      else last.lines.push({ text, line: at + 1 });
    });
  return dialogs.map(({ name, start, wholeOnly, lines }) => ({
    name,
    start,
    wholeOnly,
    steps: [...preludes[start].map((text) => stepOf(text, path, 0)), ...lines.map(({ text, line }) => stepOf(text, path, line))],
  }));
}

function startOf(word: string, path: string, line: number): Start {
  if (Object.hasOwn(preludes, word)) return word as Start;
  throw new Error(`${path}:${line}: unknown beginning @${word}`);
}

function stepOf(text: string, path: string, line: number): Step {
  const rest = text.slice(3);
  if (text.startsWith('C: ') || text === 'C:') return { type: 'send', bytes: Buffer.concat([octets(rest), Buffer.from('\r\n')]) };
  if (text.startsWith('C| ')) return { type: 'send', bytes: octets(rest) };
  if (text.startsWith('S: ')) return { type: 'reply', text: octets(rest).toString(), whole: true };
  if (text.startsWith('S~ ')) return { type: 'reply', text: octets(rest).toString(), whole: false };
  if (text.startsWith('S+ ')) return { type: 'has', word: rest };
  if (text.startsWith('S- ')) return { type: 'hasNot', word: rest };
  if (text === 'TLS') return { type: 'tls' };
  if (text === 'CLOSE') return { type: 'close' };
  throw new Error(`${path}:${line}: not a step: ${text}`);
}

const escapes: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', '0': '\0', '\\': '\\' };

function octets(text: string): Buffer {
  const parts: Buffer[] = [];
  for (const [whole, plain, letter, hex, times, repeated] of text.matchAll(/([^\\]+)|\\([rnt0\\])|\\x([0-9a-f]{2})|\\\{(\d+)\*([^}]*)\}|\\/gi)) {
    if (plain !== undefined) parts.push(Buffer.from(plain));
    else if (letter !== undefined) parts.push(Buffer.from(escapes[letter] ?? '', 'latin1'));
    else if (hex !== undefined) parts.push(Buffer.from(hex, 'hex'));
    else if (times !== undefined) parts.push(Buffer.concat(Array.from({ length: Number(times) }, () => octets(repeated ?? ''))));
    else throw new Error(`unknown escape in ${whole}: ${text}`);
  }
  return Buffer.concat(parts);
}

/** Steps grouped so that octets without a reply between them go together. */
export function groups(steps: readonly Step[]): readonly Step[] {
  const grouped: Step[] = [];
  for (const step of steps) {
    const last = grouped.at(-1);
    if (step.type === 'send' && last?.type === 'send') grouped[grouped.length - 1] = { type: 'send', bytes: Buffer.concat([last.bytes, step.bytes]) };
    else grouped.push(step);
  }
  return grouped;
}

/** Cuts complete replies off a stream of text. */
export class ReplyStream {
  #text = '';

  push(text: string): void {
    this.#text += text;
  }

  /** The lines of the next whole reply, or undefined. */
  take(): readonly string[] | undefined {
    const match = /^(?:\d{3}-.*\r\n)*\d{3}(?: .*)?\r\n/.exec(this.#text);
    if (match === null) return undefined;
    this.#text = this.#text.slice(match[0].length);
    return match[0].split('\r\n').slice(0, -1);
  }

  get rest(): string {
    return this.#text;
  }
}

/** What is wrong with the last line of a reply where the dialog says `S:` or `S~`, or undefined. */
export function replyProblem(step: Extract<Step, { readonly type: 'reply' }>, line: string): string | undefined {
  if (step.whole ? line === step.text : line.startsWith(step.text)) return undefined;
  const hint = step.whole && line.startsWith(step.text) ? ` (if only the beginning matters: S~ ${step.text})` : '';
  return `expected ${JSON.stringify(step.text)}, got ${JSON.stringify(line)}${hint}`;
}

/** Every text of the registry, as the whole last line that it makes. */
const known = Object.values<ReplyDefinition>(replies).map(({ code, status, text }) => {
  const words = text.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`);
  const filled = words.replaceAll('{challenge}', '[A-Za-z0-9+/=]*').replaceAll(/\{(?:octets|limit|line)\}/g, String.raw`\w+`).replaceAll('{id}', '[0-9A-Z]{26}');
  return new RegExp(`^${code} ${status === undefined ? '' : `${status} `}${filled.replaceAll(/\{\w+\}/g, '.+')}$`);
});

/** What is wrong with a reply in any dialog (EXT-ESC-a, 6409-7-521, EXT-UTF8-c), or undefined. */
export function replyFlaw(lines: readonly string[], first: boolean): string | undefined {
  for (const line of lines) {
    if (!/^[\x20-\x7e]*$/.test(line) || line.length > 510) return `not a clean reply line: ${JSON.stringify(line)}`;
    if (line.startsWith('521')) return '521 is never said here';
    const isHello = /^250[ -](?:msa\.example\.org$|[A-Z0-9]+(?: |$))/.test(line) && !/^250[ -]2\./.test(line);
    const needsStatus = /^[245]/.test(line) && !first && !isHello;
    const isLast = line === lines.at(-1);
    if (isLast && !isHello && !known.some((pattern) => pattern.test(line))) return `no text of the reply registry, or more than it: ${line}`;
    if (needsStatus && !new RegExp(`^\\d{3}[ -]${line[0]}\\.\\d{1,3}\\.\\d{1,3} `).test(line)) return `no enhanced status code: ${line}`;
  }
  return undefined;
}
