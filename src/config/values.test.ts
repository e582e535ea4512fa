// What each kind of value takes and what it makes of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDuration } from '../base/duration.ts';
import {
  count,
  domainName,
  duration,
  ipAddress,
  mailAddress,
  mailboxEntry,
  network,
  nodeName,
  secret,
  size,
} from './values.ts';

interface Kind {
  safeParse(value: unknown): {
    readonly success: boolean;
    readonly data?: unknown;
    readonly error?: { readonly issues: readonly { readonly message: string }[] } | undefined;
  };
}

interface Vectors {
  readonly name: string;
  readonly kind: Kind;
  readonly good: readonly (readonly [given: unknown, meant: unknown])[];
  readonly bad: readonly unknown[];
  /** What is wanted, in the words of the problem; not for choices. */
  readonly says?: RegExp;
}

const vectors: readonly Vectors[] = [
  {
    name: 'duration',
    kind: duration(),
    good: [
      ['0s', 0],
      ['250ms', 250],
      ['90s', 90_000],
      ['15m', 900_000],
      ['4h', 14_400_000],
      ['5d', 432_000_000],
      [' 5d ', 432_000_000],
    ],
    bad: ['', '5', '5 d', '-5d', '1.5h', '5D', '5w', '1h30m', '٣d', 'd', '9999999999d', 5, null, true],
    says: / is no duration: write a number with its unit, such as 90s, 15m, 4h or 5d$/,
  },
  {
    name: 'name of a node',
    kind: nodeName,
    good: [
      ['mail1', 'mail1'],
      ['MX', 'MX'],
      ['a', 'a'],
      ['mail-1.example.org', 'mail-1.example.org'],
      ['rack_7', 'rack_7'],
      ['x'.repeat(63), 'x'.repeat(63)],
    ],
    bad: ['', 'a/b', 'a b', '.a', 'a-', 'größe', 'x'.repeat(64), 5, null],
    says: / is no name of a node, such as mail1: letters, digits, dots, hyphens and underscores, 63 at most$/,
  },
  {
    name: 'size',
    kind: size(),
    good: [
      ['0B', 0],
      ['256KiB', 262_144],
      ['25MiB', 26_214_400],
      ['25 MiB', 26_214_400],
      ['1GiB', 1_073_741_824],
    ],
    bad: ['', '25', '25MB', '25M', '25mib', '-1MiB', '2.5MiB', '1TiB', 25, null],
    says: / is no size: write a number with its unit, such as 256KiB or 25MiB$/,
  },
  {
    name: 'domain name',
    kind: domainName,
    good: [
      ['example.org', 'example.org'],
      ['EXAMPLE.Org', 'example.org'],
      ['bücher.example', 'xn--bcher-kva.example'],
      ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ],
    bad: [
      ...['', 'localhost', 'example.org.', '.example.org', 'a..example', '-a.example', 'a_b.example'],
      ...['192.0.2.1', '[192.0.2.1]', '@example.org', 'a b.example', `${'a'.repeat(64)}.example`, 5],
    ],
    says: / is no fully qualified domain name, such as example\.org$/,
  },
  {
    name: 'mail address',
    kind: mailAddress,
    good: [
      ['alice@example.org', 'alice@example.org'],
      ['Alice@EXAMPLE.org', 'alice@example.org'],
    ],
    bad: ['', 'alice', '@example.org', 'alice@', 'a@b@c.example', 'Alice <alice@example.org>', 'a b@c.d', 1],
    says: / is no mail address, such as alice@example\.org$/,
  },
  {
    name: 'mailbox entry',
    kind: mailboxEntry,
    good: [
      ['alice@example.org', 'alice@example.org'],
      ['@example.org', '@example.org'],
    ],
    bad: ['', 'alice', '@', '@-', '@a@b.example', {}],
    says: / is no mail address or @domain$/,
  },
  {
    name: 'IP address',
    kind: ipAddress,
    good: [
      ['192.0.2.1', '192.0.2.1'],
      ['2001:db8::1', '2001:db8::1'],
      ['::', '::'],
    ],
    bad: ['', 'localhost', '192.0.2', '192.0.2.256', '192.0.2.1:25', '[::1]', '*', 127],
    says: / is no IP address$/,
  },
  {
    name: 'network',
    kind: network,
    good: [
      ['192.0.2.0/24', '192.0.2.0/24'],
      ['192.0.2.1', '192.0.2.1/32'],
      ['2001:db8::/32', '2001:db8::/32'],
      ['2001:db8::1', '2001:db8::1/128'],
      ['0.0.0.0/0', '0.0.0.0/0'],
    ],
    bad: ['', '192.0.2.0/33', '192.0.2.0/', '192.0.2.0/-1', '192.0.2.0/24/24', '2001:db8::/129', 'lan', 10],
    says: / is no network, such as 192\.0\.2\.0\/24 or 2001:db8::\/32$/,
  },
  {
    name: 'count',
    kind: count(1, 10),
    good: [
      [1, 1],
      [10, 10],
    ],
    bad: [0, 11, 1.5, '5', Number.NaN, Number.POSITIVE_INFINITY, null],
  },
  {
    name: 'secret',
    kind: secret,
    good: [
      ['x', 'x'],
      [{ file: 'p' }, { file: 'p' }],
      [{ env: 'NAME' }, { env: 'NAME' }],
    ],
    bad: ['', 5, {}, { file: '' }, { env: '' }, { file: 'p', env: 'NAME' }, { path: 'p' }, ['x']],
  },
];

for (const { name, kind, good, bad, says } of vectors) {
  test(`${name}: what is one, and what it means`, () => {
    for (const [given, meant] of good) {
      const result = kind.safeParse(given);
      assert.ok(result.success, JSON.stringify(given));
      assert.deepEqual(result.data, meant);
    }
  });

  test(`${name}: what is none is refused, with what would be one`, () => {
    for (const given of bad) {
      const result = kind.safeParse(given);
      assert.ok(!result.success, JSON.stringify(given));
      const message = result.error?.issues[0]?.message ?? '';
      if (says !== undefined) {
        assert.match(message, says);
        assert.ok(message.startsWith(JSON.stringify(given)), message);
      }
    }
  });
}

test('least and most are inclusive and told in units', () => {
  const between: Kind = duration(5000, 119_000);
  for (const [given, fits] of [
    ['5s', true],
    ['119s', true],
    ['4999ms', false],
    ['2m', false],
  ] as const) {
    const result = between.safeParse(given);
    assert.equal(result.success, fits, given);
    if (!fits) assert.equal(result.error?.issues[0]?.message, 'must be between 5s and 119s');
  }
  const least: Kind = duration(86_400_000);
  assert.equal(least.safeParse('23h').error?.issues[0]?.message, 'must be at least 1d');
  const octets: Kind = size(65_536);
  assert.ok(octets.safeParse('64KiB').success);
  assert.equal(octets.safeParse('63KiB').error?.issues[0]?.message, 'must be at least 65536 octets');
});

test('what is written as a duration is read as the same one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999_999 }), (ms) => {
      assert.equal(duration().parse(formatDuration(ms)), ms);
    }),
    { numRuns: 500, seed: 5068 },
  );
});

test('no text breaks a kind: it is one or it is refused', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string()), (text) => {
      for (const { kind } of vectors) {
        const result = kind.safeParse(text);
        assert.equal(typeof result.success, 'boolean');
        if (!result.success) assert.notEqual(result.error?.issues.length ?? 0, 0);
      }
    }),
    { numRuns: 300, seed: 5068 },
  );
});
