// The report for CI: what a build has to fail for is a failure, what it may live with is skipped.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { junitReport } from './junit.ts';
import type { CheckReport, Level, ProbeReport, Verdict } from './report.ts';

const check = (level: Level, verdict: Verdict): CheckReport => ({
  ...{
    id: 'a-check',
    role: 'msa',
    level,
    source: 'RFC',
    requirements: [],
    title: 'It is <so>',
    why: '',
    mend: {},
  },
  findings: [{ port: 587, verdict, seen: '"seen" & told' }],
});

for (const [level, verdict, outcome] of [
  ['MUST', 'pass', ''],
  ['MUST', 'fail', 'failure'],
  ['MUST NOT', 'fail', 'failure'],
  ['SHOULD', 'fail', 'skipped'],
  ['MUST', 'unknown', 'skipped'],
  ['MUST', 'note', 'skipped'],
] as const)
  test(`${level}, ${verdict}: ${outcome || 'passed'}`, () => {
    const roles = [{ role: 'msa', verdict: 'conformant', because: '' }] as const;
    const report = {
      host: 'mail.example.org',
      durationMs: 1500,
      roles,
      paths: [],
      checks: [check(level, verdict)],
    };
    const xml = junitReport(report as unknown as ProbeReport);
    const counted = /tests="1" failures="(\d)" skipped="(\d)"/.exec(xml);
    assert.deepEqual(
      [counted?.[1], counted?.[2]],
      [outcome === 'failure' ? '1' : '0', outcome === 'skipped' ? '1' : '0'],
    );
    assert.match(xml, /name="587: It is &lt;so&gt; \((?:MUST|MUST NOT|SHOULD), RFC\)" classname="a-check"/);
    assert.doesNotMatch(xml, /"seen" & told/);
  });
