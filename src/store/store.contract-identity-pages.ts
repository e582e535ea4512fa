// Contract, part of identities: lists of them, a page at a time; all, or those of a domain, of a state, or whose logins begin alike.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IdentityPage } from './identity-page.ts';
import { Bench, changed, identityOf, type Open } from './store.contract-fixtures.ts';

export function identityPageContract(name: string, open: Open): void {
  test(`${name}: identities are paged by login, tombstones last`, async () => {
    await using bench = await Bench.open(open);
    const logins = [
      'zoe@example.org',
      'bot',
      'carl@example.org',
      '\uff5e@example.org',
      '\u{1f600}@example.org',
    ];
    for (const login of logins) await bench.written(identityOf(login));
    const gone = [identityOf('adam@example.org'), identityOf('eve@example.org')];
    for (const identity of gone) {
      await bench.written(identity);
      await bench.written(changed(identity, { state: 'removed', removedAt: bench.clock.now() }));
    }
    const paged: string[] = [];
    for (let pages = 0; pages < 9; pages += 1) {
      const after = paged.at(-1);
      const page = await bench.lookups.identities({ max: 2, ...(after === undefined ? {} : { after }) });
      paged.push(...page.map(({ login }) => login));
      if (page.length < 2) break;
    }
    const living = [
      'bot',
      'carl@example.org',
      'zoe@example.org',
      '\uff5e@example.org',
      '\u{1f600}@example.org',
    ];
    assert.deepEqual(paged, [...living, 'adam@example.org', 'eve@example.org']);
  });

  test(`${name}: identities are listed by domain, by state and by how their logins begin, page by page`, async () => {
    await using bench = await Bench.open(open);
    for (const login of [...logins, 'gone@example.org', 'gone@b.example'])
      await bench.written(identityOf(login));
    for (const login of ['ann.b@example.org', 'carl@b.example'])
      await bench.written(changed(identityOf(login), { state: 'suspended' }));
    for (const login of ['gone@example.org', 'gone@b.example'])
      await bench.written(changed(identityOf(login), { state: 'removed', removedAt: bench.clock.now() }));
    for (const [part, expected] of parts)
      for (const max of [1, 2, 100]) {
        const paged: string[] = [];
        for (;;) {
          const after = paged.at(-1);
          const page = await bench.lookups.identities({
            ...{ ...part, max },
            ...(after === undefined ? {} : { after }),
          });
          assert.ok(page.length <= max);
          paged.push(...page.map(({ login }) => login));
          if (page.length < max) break;
        }
        assert.deepEqual(paged, expected, `${JSON.stringify(part)} by ${max}`);
      }
  });
}

const logins = [
  ...['ann@example.org', 'ann.b@example.org', 'anna@example.org', '"x@b.example"@example.org'],
  ...['ann@b.example', 'carl@b.example', 'ann@sub.example.org', 'bot', 'example.org'],
];

const parts: readonly (readonly [Omit<IdentityPage, 'max'>, readonly string[]])[] = [
  [
    { domain: 'example.org' },
    [
      ...['"x@b.example"@example.org', 'ann.b@example.org', 'ann@example.org', 'anna@example.org'],
      'gone@example.org',
    ],
  ],
  [{ domain: 'b.example' }, ['ann@b.example', 'carl@b.example', 'gone@b.example']],
  [{ domain: 'org' }, []],
  [{ domain: 'bot' }, []],
  [
    { prefix: 'ann' },
    [...['ann.b@example.org', 'ann@b.example', 'ann@example.org', 'ann@sub.example.org'], 'anna@example.org'],
  ],
  [{ prefix: 'ann@' }, ['ann@b.example', 'ann@example.org', 'ann@sub.example.org']],
  [{ prefix: 'ann%' }, []],
  [{ prefix: 'ann', domain: 'example.org' }, ['ann.b@example.org', 'ann@example.org', 'anna@example.org']],
  [{ prefix: 'gone' }, ['gone@b.example', 'gone@example.org']],
  [{ state: 'suspended' }, ['ann.b@example.org', 'carl@b.example']],
  [{ state: 'suspended', domain: 'b.example' }, ['carl@b.example']],
  [{ state: 'removed' }, ['gone@b.example', 'gone@example.org']],
  [{ state: 'active', prefix: 'carl' }, []],
];
