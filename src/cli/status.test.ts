// What `postern status` prints of nodes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusText } from './status.ts';

const status = {
  ...{ hostname: 'mail.example.org', pid: 7, roles: ['mx'] as const, startedAt: 0, ready: [] },
  selfTest: { verdict: 'passed', findings: [] } as const,
  ...{ problems: [], warnings: [] },
};

test('status shows each node with its lease, and what nodes do not have alike', () => {
  const life = { incarnation: '1', roles: ['mx', 'relay'], version: '1.2.3' };
  const text = statusText({
    ...status,
    nodes: [
      { ...life, node: 'a', state: 'alive', leaseLeftMs: 13_400, isThis: true },
      { ...life, node: 'b', state: 'away', leaseLeftMs: -1_000 },
      { node: 'c', incarnation: '1', state: 'gone', leaseLeftMs: -61_000 },
      { ...life, node: 'd', state: 'stopped', leaseLeftMs: -62_000 },
    ],
    differences: [{ subject: 'limits', groups: [['a'], ['b', 'c']] }],
  });
  assert.deepEqual(
    text.split('\n').filter((line) => /^(node|configured)/.test(line)),
    [
      'node a (this one): alive, its lease ends in 13 s, mx relay, 1.2.3',
      'node b: away, its lease ended 1 s ago, mx relay, 1.2.3',
      'node c: gone, its lease ended 61 s ago',
      'node d: stopped 62 s ago, mx relay, 1.2.3',
      'configured differently: limits: a / b, c',
    ],
  );
});

test('status of a server whose store is its own says nothing of nodes', () => {
  assert.doesNotMatch(statusText(status), /node|differently/);
});
