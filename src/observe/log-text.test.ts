// A line of text is one line, whatever a stranger put into its facts; what it holds is what the JSON held.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from './log.ts';
import { createLogPrinter } from './log-text.ts';

function printed(facts: object, message: string): string {
  const out: string[] = [];
  const printer = createLogPrinter({ write: (lines) => void out.push(lines) }, 'text');
  createLog('debug', printer).warn(facts, message);
  return out.join('');
}

/** The text after the time, which differs in each run. */
const rest = (line: string): string => line.slice(line.indexOf(' ') + 1);

const cases: readonly (readonly [facts: object, text: string])[] = [
  [{}, 'WARN  said'],
  [{ id: '01J', login: 'alice@example.org', none: undefined }, 'WARN  said id=01J login=alice@example.org'],
  [
    { client: '2001:db8::1', port: 587, ok: true, gone: null },
    'WARN  said client=2001:db8::1 port=587 ok=true gone=null',
  ],
  [{ cause: 'no such user' }, 'WARN  said cause="no such user"'],
  [
    { empty: '', quoted: 'a "b" \\', equals: 'a=b' },
    String.raw`WARN  said empty="" quoted="a \"b\" \\" equals="a=b"`,
  ],
  [
    { fates: ['relayed'], tls: { version: 'TLSv1.3' } },
    'WARN  said fates=["relayed"] tls={"version":"TLSv1.3"}',
  ],
  [{ like: '["relayed"]' }, String.raw`WARN  said like="[\"relayed\"]"`],
  [
    { remote: 'x\n2026-01-01T00:00:00.000Z INFO  accepted' },
    String.raw`WARN  said remote="x\n2026-01-01T00:00:00.000Z INFO  accepted"`,
  ],
  [{ remote: '\u001b[2J\r\u0000' }, String.raw`WARN  said remote="\u001b[2J\r\u0000"`],
  [
    { remote: 'a\u009bm\u007f\u2028b\u202ec\u{e0001}' },
    String.raw`WARN  said remote="a\u009bm\u007f\u2028b\u202ec\udb40\udc01"`,
  ],
  [{ name: 'Jörg' }, 'WARN  said name="Jörg"'],
  [{ 'a b\n=': 1 }, String.raw`WARN  said "a b\n="=1`],
];

test('F-HDR-4: time, level, message and key=value; nothing in a fact ends the line or moves the cursor', () => {
  for (const [facts, text] of cases) {
    const line = printed(facts, 'said');
    assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /);
    assert.equal(rest(line), `${text}\n`);
  }
});

test('a message that looks like facts, or holds controls, is quoted', () => {
  assert.equal(rest(printed({}, 'accepted id=01J')), 'WARN  "accepted id=01J"\n');
  assert.equal(rest(printed({}, 'a\nb')), String.raw`WARN  "a\nb"` + '\n');
});

test('lines come in batches, and the form can be changed', () => {
  const out: string[] = [];
  const printer = createLogPrinter({ write: (lines) => void out.push(lines) }, 'json');
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => void lines.push(line) });
  log.info({ n: 1 }, 'one');
  log.error({ n: 2 }, 'two');
  printer.write(lines.join(''));
  assert.equal(out.pop(), lines.join(''), 'as it came');
  printer.format = 'text';
  printer.write(lines.join(''));
  assert.deepEqual(out.pop()?.split('\n').map(rest), ['INFO  one n=1', 'ERROR two n=2', '']);
});
