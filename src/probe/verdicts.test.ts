// From findings and paths to a verdict: a violated MUST counts, a SHOULD is told, and what nobody saw is no conformance.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PathReport } from './path-state.ts';
import type { CheckReport, Level, Role, RoleVerdict, Verdict } from './report.ts';
import { causesOf, rolesOf, verdictOf } from './verdicts.ts';

const check = (level: Level, verdict: Verdict, role: Role = 'msa'): CheckReport => ({
  ...{ id: 'a-check', role, level, source: 'RFC', requirements: [], title: '', why: '', mend: {} },
  findings: [{ port: 587, verdict, seen: 'what was seen' }],
});
const path = (verdict: PathReport['verdict']): PathReport => ({
  ...{ port: 587, kind: 'starttls', family: 4, state: 'open', verdict, because: 'Because.' },
});

const vectors: readonly (readonly [why: string, checks: readonly CheckReport[], verdict: RoleVerdict])[] = [
  ['a MUST is met', [check('MUST', 'pass')], 'conformant'],
  ['a MUST is violated', [check('MUST', 'pass'), check('MUST', 'fail')], 'not conformant'],
  ['a MUST NOT is violated', [check('MUST NOT', 'fail'), check('MUST', 'pass')], 'not conformant'],
  ['a SHOULD is not kept', [check('MUST', 'pass'), check('SHOULD', 'fail')], 'conformant'],
  ['a MUST could not be told', [check('MUST', 'pass'), check('MUST', 'unknown')], 'could not tell'],
  ['violated beats not told', [check('MUST', 'unknown'), check('MUST', 'fail')], 'not conformant'],
  ['a note is no violation', [check('MUST', 'pass'), check('MUST', 'note')], 'conformant'],
  ['nothing was asked', [check('MUST', 'skip')], 'could not tell'],
  ['of another role', [check('MUST', 'pass', 'mx')], 'could not tell'],
  ['no check at all', [], 'could not tell'],
];
for (const [why, checks, verdict] of vectors)
  test(`${why}: ${verdict}`, () => {
    const [role] = rolesOf(['msa'], checks, []);
    assert.equal(role?.verdict, verdict, role?.because);
  });

for (const [verdict, told] of [
  ['free', 'conformant'],
  ['blocked', 'not conformant'],
  ['unknown', 'could not tell'],
  ['none', 'could not tell'],
] as const)
  test(`BCP134-4.1-a: a path that is ${verdict}: ${told}`, () => {
    assert.equal(rolesOf(['network'], [], [path(verdict)])[0]?.verdict, told);
  });

test('a cause names its check or its path, its port and what was seen', () => {
  assert.deepEqual(causesOf([check('MUST', 'fail'), check('MAY', 'fail')], [path('blocked'), path('none')]), [
    { role: 'msa', kind: 'violation', cause: 'a-check', text: 'what was seen', port: 587 },
    { role: 'network', kind: 'blocked', cause: 'open', port: 587, family: 4, text: 'Because.' },
  ]);
});

for (const [verdicts, exitCode] of [
  [['conformant', 'conformant'], 0],
  [['conformant', 'not conformant'], 1],
  [['could not tell', 'not conformant'], 1],
  [['conformant', 'could not tell'], 3],
] as const)
  test(`${verdicts.join(' and ')}: exit code ${exitCode}`, () => {
    const roles = verdicts.map((verdict) => ({ role: 'msa', verdict, because: '' }) as const);
    assert.equal(verdictOf(roles).exitCode, exitCode);
  });
