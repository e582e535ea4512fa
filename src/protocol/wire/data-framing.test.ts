// Content framing: every smuggling trick, cut at every octet; what comes out is what went in.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DataFraming, LineWatch, type LongLines } from './data-framing.ts';
import { ChunkFraming } from './chunk-framing.ts';
import { ContentFlawed, DotStuffing, stuffedWhole } from './dot-stuffing.ts';
import { InputBuffer } from './input-buffer.ts';

interface Framed {
  readonly content: string;
  readonly rest: string | undefined;
  readonly flaw: string | undefined;
}

function frame(pieces: readonly Buffer[]): Framed {
  const framing = new DataFraming('refuse');
  const content: Uint8Array[] = [];
  let rest: Buffer | undefined;
  for (const piece of pieces) {
    if (rest !== undefined) rest = Buffer.concat([rest, piece]);
    else {
      const result = framing.push(piece);
      content.push(...result.content);
      if (result.rest !== undefined) rest = Buffer.from(result.rest);
    }
  }
  return {
    content: Buffer.concat(content).toString('latin1'),
    rest: rest?.toString('latin1'),
    flaw: framing.flaw?.type,
  };
}

const NEXT = 'MAIL FROM:<ceo@example.org>\r\n';
const tricks: readonly { readonly octets: string; readonly why: string; readonly flawed: boolean }[] = [
  { octets: '\n.\n', why: 'LF.LF ends mail for sendmail of old', flawed: true },
  { octets: '\n.\r\n', why: 'LF.CRLF', flawed: true },
  { octets: '\r\n.\n', why: 'CRLF.LF', flawed: true },
  { octets: '\r.\r', why: 'CR.CR', flawed: true },
  { octets: '\r.\r\n', why: 'CR.CRLF', flawed: true },
  { octets: '\r\n.\r', why: 'CRLF.CR', flawed: true },
  { octets: '\r\n\0.\r\n', why: 'a NUL that C strings end at', flawed: true },
  { octets: '\r\n. \r\n', why: 'a space after the dot is content', flawed: false },
  { octets: '\r\n.\r\r\n', why: 'two CR', flawed: true },
  { octets: '\r\r\n.\r\r\n', why: 'two CR on both sides', flawed: true },
  { octets: '\u2028.\u2028', why: 'a line end of Unicode is content', flawed: false },
  { octets: '\x85.\x85', why: 'NEL is content', flawed: false },
  { octets: '\r\n..\r\n', why: 'transparency', flawed: false },
];

for (const { octets, why, flawed } of tricks) {
  test(`F-SMUG-1 F-SMUG-5 5321-w: ${JSON.stringify(octets)} is no end (${why}), wherever it is cut`, () => {
    const bytes = Buffer.from(`x${octets}${NEXT}\r\n.\r\nREST`, 'latin1');
    const whole = frame([bytes]);
    assert.equal(whole.rest, 'REST');
    assert.equal(whole.flaw, flawed ? 'bareCrLfNul' : undefined);
    assert.ok(whole.content.includes('MAIL FROM'), 'what follows is content');
    for (let cut = 1; cut < bytes.length; cut += 1) {
      assert.deepEqual(frame([bytes.subarray(0, cut), bytes.subarray(cut)]), whole, `cut at ${cut}`);
    }
    assert.deepEqual(frame([...bytes].map((octet) => Buffer.of(octet))), whole);
  });
}

test('5322-d: lines of 998 octets pass, longer ones are named by their number', () => {
  const flawOf = (length: number): unknown => {
    const framing = new DataFraming('refuse');
    framing.push(Buffer.from(`a: b\r\n\r\n${'x'.repeat(length)}\r\n.\r\n`));
    return framing.flaw;
  };
  assert.equal(flawOf(998), undefined);
  assert.deepEqual(flawOf(999), { type: 'longLine', line: 3 });
});

const lines = fc.array(
  fc.oneof(
    fc.constantFrom('', '.', '..', '.x', '. ', 'text', 'tr\xe4iling \t'),
    fc.string({ maxLength: 30 }).map((text) => text.replaceAll(/[\r\n\0]/g, '')),
  ),
  { maxLength: 30 },
);

test('5321-x F-SMUG-3 E-C-2: what is stuffed comes out of the framing as it was, in any pieces', () => {
  fc.assert(
    fc.property(lines, fc.array(fc.nat(200), { maxLength: 5 }), (texts, cuts) => {
      const content = Buffer.from(texts.map((text) => `${text}\r\n`).join(''));
      const stuffing = new DotStuffing();
      const at = [...cuts, content.length].map((cut) => Math.min(cut, content.length)).sort((a, b) => a - b);
      const wire: Uint8Array[] = [];
      let from = 0;
      for (const cut of at) {
        wire.push(stuffing.push(content.subarray(from, cut)));
        from = cut;
      }
      wire.push(stuffing.end());
      const all = Buffer.concat(wire);
      const framed = frame([all, Buffer.from('REST')]);
      assert.equal(framed.content, content.toString('latin1'));
      assert.equal(framed.rest, 'REST');
      assert.deepEqual(frame([...all].map((octet) => Buffer.of(octet))).content, framed.content);
    }),
    { seed: 1, numRuns: 500 },
  );
});

test('5321-x E-C-2: what says that no line begins with a dot is right, by DATA and by BDAT, in any pieces', () => {
  fc.assert(
    fc.property(lines, fc.integer({ min: 1, max: 40 }), (texts, size) => {
      const content = Buffer.from(texts.map((text) => `${text}\r\n`).join(''));
      const expected = /(?:^|\r\n)\./.test(content.toString('latin1'));
      const stuffed = Buffer.concat(stuffedWhole({ pieces: [content], hasDotLines: true }));
      const framing = new DataFraming('refuse');
      for (let at = 0; at < stuffed.length; at += size) framing.push(stuffed.subarray(at, at + size));
      assert.equal(framing.hasDotLines, expected, 'DATA');

      const chunks = new ChunkFraming('refuse');
      const input = new InputBuffer();
      chunks.begin(content.length);
      for (let at = 0; at < content.length; at += size) {
        input.push(content.subarray(at, at + size));
        chunks.take(input);
      }
      assert.equal(chunks.hasDotLines, expected, 'BDAT');
      if (!expected)
        assert.deepEqual(Buffer.concat(stuffedWhole({ pieces: [content], hasDotLines: false })), stuffed);
    }),
    { seed: 1, numRuns: 1000 },
  );
});

test('F-SMUG-3 E-C-2: bare CR, LF and NUL never go out', () => {
  for (const bad of ['a\nb', 'a\rb', 'a\0b', 'x\r\n\n.\n']) {
    assert.throws(() => {
      const stuffing = new DotStuffing();
      stuffing.push(Buffer.from(`h: v\r\n\r\n${bad}\r\n`));
      stuffing.end();
    }, ContentFlawed);
  }
});

test('5321-x: content without a last CRLF gets exactly one', () => {
  const stuffing = new DotStuffing();
  const wire = Buffer.concat([stuffing.push(Buffer.from('a: b\r\n\r\nend')), stuffing.end()]);
  assert.equal(wire.toString(), 'a: b\r\n\r\nend\r\n.\r\n');
});

const long = 'x'.repeat(999);
const lengths: readonly (readonly [content: string, longLines: LongLines, line: number | undefined])[] = [
  [`a: ${long}\r\n\r\nb\r\n`, 'refuse', 1],
  [`a: ${long}\r\n\r\nb\r\n`, 'passInBody', 1],
  [`a: ${long}\r\n\r\nb\r\n`, 'pass', undefined],
  [`a: b\r\n\r\n${long}\r\n`, 'refuse', 3],
  [`a: b\r\n\r\n${long}\r\n`, 'passInBody', undefined],
  [`a: b\r\n\r\n${long}\r\n`, 'pass', undefined],
];

test('5322-d 5321-ae: long lines are refused, pass in the body alone, or everywhere', () => {
  for (const [content, longLines, line] of lengths) {
    const watch = new LineWatch(longLines);
    watch.watch(Buffer.from(content));
    assert.equal(watch.flaw?.line, line, `${longLines}: ${content.slice(0, 4)}`);
    const send = (): unknown => new DotStuffing(longLines).push(Buffer.from(content));
    if (line === undefined) send();
    else assert.throws(send, ContentFlawed);
  }
});

test('F-DOS-3: framing work grows with the octets, whatever they are', () => {
  // Work that grows with the square would be 10^14 steps: no machine ends that before the runner's limit.
  for (const unit of ['.', '\r', '\n', '\r\n', '\r\n.', 'x']) {
    const bytes = Buffer.from(unit.repeat(12_000_000 / unit.length));
    const framing = new DataFraming('pass');
    for (let at = 0; at < bytes.length; at += 4096) framing.push(bytes.subarray(at, at + 4096));
  }
});
