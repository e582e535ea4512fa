// From findings and paths to a verdict for each role, and why. Pure. A violated MUST is a violation; a SHOULD that is not kept is told, and is
// the operator's choice.

import type { PathReport } from './path-state.ts';
import type { Cause, CheckReport, ProbeReport, Role, RoleReport, RoleVerdict } from './report.ts';

const isDemanded = ({ level }: CheckReport): boolean => level === 'MUST' || level === 'MUST NOT';

export function causesOf(checks: readonly CheckReport[], paths: readonly PathReport[]): readonly Cause[] {
  const ofChecks = checks.filter(isDemanded).flatMap((check): readonly Cause[] =>
    check.findings
      .filter(({ verdict }) => verdict === 'fail' || verdict === 'unknown')
      .map(({ port, verdict, seen }) => ({
        ...{
          role: check.role,
          kind: verdict === 'fail' ? 'violation' : 'unknown',
          cause: check.id,
          text: seen,
        },
        ...(port === undefined ? {} : { port }),
      })),
  );
  const ofPaths = paths
    .filter(({ verdict }) => verdict === 'blocked' || verdict === 'unknown')
    .map(({ port, family, verdict, state, because }): Cause => {
      const kind = verdict === 'blocked' ? 'blocked' : 'unknown';
      return { role: 'network', kind, cause: state, port, family, text: because };
    });
  return [...ofChecks, ...ofPaths];
}

export function rolesOf(
  roles: readonly Role[],
  checks: readonly CheckReport[],
  paths: readonly PathReport[],
): readonly RoleReport[] {
  const causes = causesOf(checks, paths);
  return roles.map((role): RoleReport => {
    const own = causes.filter((cause) => cause.role === role);
    const bad = own.filter(({ kind }) => kind !== 'unknown');
    const asked =
      role === 'network'
        ? paths.some(({ verdict }) => verdict === 'free')
        : checks.some(
            (check) => check.role === role && check.findings.some(({ verdict }) => verdict === 'pass'),
          );
    const say = (verdict: RoleVerdict, because: string): RoleReport => ({ role, verdict, because });
    if (bad.length > 0)
      return say('not conformant', bad.map(({ cause, port }) => at(cause, port)).join(', '));
    if (own.length > 0)
      return say('could not tell', own.map(({ cause, port }) => at(cause, port)).join(', '));
    return asked
      ? say('conformant', 'everything that can be seen from here is as it must be')
      : say('could not tell', 'nothing could be looked at');
  });
}

const at = (cause: string, port: number | undefined): string =>
  port === undefined ? cause : `${cause} (${port})`;

export function verdictOf(roles: readonly RoleReport[]): Pick<ProbeReport, 'exitCode' | 'verdict'> {
  if (roles.some(({ verdict }) => verdict === 'not conformant'))
    return { exitCode: 1, verdict: 'not conformant' };
  if (roles.some(({ verdict }) => verdict !== 'conformant'))
    return { exitCode: 3, verdict: 'could not tell' };
  return { exitCode: 0, verdict: 'conformant' };
}
