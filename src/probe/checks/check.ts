// A check: one observable requirement, its source, and how to observe it. Each check has a file of its own in this folder.

import type { RecordSource } from '../../platform/record-lookup.ts';
import type { DocumentSource } from '../../platform/web-document.ts';
import { type Answer, isPutOff, isRefused } from '../answer.ts';
import type { LoopBackAnswer } from '../loop-back.ts';
import type { CheckAbout, Finding, Verdict } from '../report.ts';
import type { Survey } from '../survey.ts';
import type { PortKind, Target } from '../target.ts';
import type { Visit } from '../visit.ts';

interface About extends CheckAbout {
  /** It leaves traces at the server (a failed AUTH in its records): not for the self-test at the start. */
  readonly leavesTraces?: boolean;
  /** A server that fails it is open to strangers, or shows them passwords: the self-test ends our own server then. */
  readonly guardsTheDoor?: boolean;
}

export interface PortCheck extends About {
  readonly on: readonly PortKind[];
  run(visit: Visit): Promise<Outcome>;
}

export interface HostCheck extends About {
  readonly on: 'host';
  run(host: HostView): Promise<Outcome>;
}

export type Check = PortCheck | HostCheck;

export type Outcome = Omit<Finding, 'port'>;

/** Input of checks of the host as a whole. */
export interface HostView {
  readonly target: Target;
  readonly surveys: readonly Survey[];
  readonly records: RecordSource;
  readonly documents: DocumentSource;
  /** Sent at the first call, if it is wanted. */
  loopBack(): Promise<LoopBackAnswer>;
}

export const SUBMISSION: readonly PortKind[] = ['starttls', 'implicit'];

const make =
  (verdict: Verdict) =>
  (seen: string): Outcome => ({ verdict, seen });
export const pass = make('pass');
export const fail = make('fail');
export const note = make('note');
export const skip = make('skip');
export const unknown = make('unknown');

/** For a requirement that wants a refusal: a 5yz meets it, after a 4yz the result is unknown. */
export function judgeRefusal(answer: Answer, seen: string): Outcome {
  if (isRefused(answer)) return pass(seen);
  return unknown(isPutOff(answer) ? putOff(seen) : seen);
}

export function putOff(seen: string): string {
  return `put off, which is no refusal: ${seen}`;
}
