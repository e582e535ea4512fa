// `postern/probe`: what a program may import to test a submission server and the way to it (docs/PROBE.md).

export { PROBE_LIMITS, probe, type ProbeOptions, type ProbeTools, STANDARD_PORTS } from './run.ts';
export type { CheckReport, Finding, ProbeReport, RoleReport, Verdict } from './report.ts';
export type { LoopBackWish } from './target.ts';
export type { PathReport, PathState } from './path-state.ts';
export { htmlReport } from './html.ts';
export { junitReport } from './junit.ts';
export { systemClock, waitingClock } from '../platform/clock.ts';
export { systemRecords } from '../platform/record-lookup.ts';
