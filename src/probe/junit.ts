// The report as JUnit XML, for whoever runs the probe in CI: a suite for each role, a case for each finding.

import { XML_DECLARATION, xmlText } from '../onboarding/xml.ts';
import type { CheckReport, Finding, ProbeReport } from './report.ts';

export function junitReport(report: ProbeReport): string {
  const suites = report.roles.map(({ role }) => {
    const cases =
      role === 'network'
        ? report.paths.map(({ port, family, state, verdict, because }) =>
            testCase(
              `${port} over IPv${family}: ${state}`,
              'network',
              because,
              verdict === 'blocked' ? 'failure' : verdict === 'free' ? '' : 'skipped',
            ),
          )
        : report.checks
            .filter((check) => check.role === role)
            .flatMap((check) => check.findings.map((finding) => caseOf(check, finding)));
    const count = (what: string): number => cases.filter((one) => one.includes(`<${what} `)).length;
    return `<testsuite name="${role}" tests="${cases.length}" failures="${count('failure')}" skipped="${count('skipped')}">\n${cases.join('\n')}\n</testsuite>`;
  });
  return `${XML_DECLARATION}\n<testsuites name="postern probe ${xmlText(report.host)}" time="${report.durationMs / 1000}">\n${suites.join('\n')}\n</testsuites>\n`;
}

function caseOf({ id, level, source, title }: CheckReport, { port, verdict, seen }: Finding): string {
  const demanded = level === 'MUST' || level === 'MUST NOT';
  const outcome = verdict === 'fail' && demanded ? 'failure' : verdict === 'pass' ? '' : 'skipped';
  const name = `${port === undefined ? '' : `${port}: `}${title} (${level}, ${source})`;
  return testCase(name, id, seen, outcome);
}

function testCase(
  name: string,
  className: string,
  text: string,
  outcome: '' | 'failure' | 'skipped',
): string {
  const body = outcome === '' ? '' : `<${outcome} message="${xmlText(text)}"/>`;
  return `<testcase name="${xmlText(name)}" classname="${xmlText(className)}">${body}</testcase>`;
}
