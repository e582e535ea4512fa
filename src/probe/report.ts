// The report of a run, as data: what `--json` prints and what the other forms are made of. Its shape is stable; fields are only added.

import type { PathReport } from './path-state.ts';
import type { Transcript } from './transcript.ts';

/** MSA: who takes submissions; MX: who takes mail for its own domains; network: the way there (RFC 5068). */
export type Role = 'msa' | 'mx' | 'network';

/** As the source says it; `REC`: no standard demands it. */
export type Level = 'MUST' | 'MUST NOT' | 'SHOULD' | 'SHOULD NOT' | 'MAY' | 'REC';

/** `note`: the purpose is met, the letter is not, or a fact worth knowing. `skip`: it could not be asked, for the reason given. `unknown`: asked, no clear answer. */
export type Verdict = 'pass' | 'fail' | 'note' | 'skip' | 'unknown';

export interface Finding {
  /** Absent: it is about the host or its domain. */
  readonly port?: number;
  readonly verdict: Verdict;
  /** What was seen, or why it was not asked. */
  readonly seen: string;
}

/** How to mend it, in a line, for the servers that many run. */
export interface Mend {
  readonly postern?: string;
  readonly postfix?: string;
  readonly exim?: string;
  readonly dovecot?: string;
}

/** What a check is about. */
export interface CheckAbout {
  /** Lower case with hyphens, the name of its file. */
  readonly id: string;
  readonly role: Role;
  readonly level: Level;
  /** e.g. `RFC 5068 section 3.1` */
  readonly source: string;
  /** Ids of Postern's catalogue of requirements. */
  readonly requirements: readonly string[];
  /** The requirement in a sentence. */
  readonly title: string;
  readonly why: string;
  readonly mend: Mend;
}

export interface CheckReport extends CheckAbout {
  readonly findings: readonly Finding[];
}

export type RoleVerdict = 'conformant' | 'not conformant' | 'could not tell' | 'not there';

export interface RoleReport {
  readonly role: Role;
  readonly verdict: RoleVerdict;
  /** One sentence. */
  readonly because: string;
}

/** Why the run ended other than conformant. */
export interface Cause {
  readonly role: Role;
  /** `violation`: a MUST is violated; `blocked`: the network; `unknown`: could not tell. */
  readonly kind: 'violation' | 'blocked' | 'unknown';
  /** Id of the check, or state of the path. */
  readonly cause: string;
  readonly port?: number;
  readonly family?: 4 | 6;
  readonly text: string;
}

export interface ControlReport {
  readonly host: string;
  readonly port: number;
  readonly family: 4 | 6;
  readonly works: boolean;
  readonly detail: string;
}

export interface ProbeReport {
  readonly format: 1;
  readonly host: string;
  readonly name: string;
  readonly domain: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly connections: number;
  /** 0 conformant, 1 not, 3 could not tell. */
  readonly exitCode: 0 | 1 | 3;
  readonly verdict: 'conformant' | 'not conformant' | 'could not tell';
  readonly roles: readonly RoleReport[];
  readonly causes: readonly Cause[];
  readonly control: readonly ControlReport[];
  readonly paths: readonly PathReport[];
  readonly checks: readonly CheckReport[];
  readonly transcripts: readonly Transcript[];
}
