// Makes the connections of a run: counted, bounded, each with its transcript.

import type { HostAddress } from '../platform/probe-names.ts';
import type { Clock } from '../platform/platform.ts';
import { reach, type Reach } from '../platform/probe-wire.ts';
import type { Budget } from './budget.ts';
import { type Conversation, createConversation } from './conversation.ts';
import { createTranscript, type Transcript } from './transcript.ts';

export type Dialled =
  | { readonly type: 'open'; readonly conversation: Conversation }
  | { readonly type: 'refused' | 'filtered' | 'unreachable'; readonly detail: string };

export interface Dialler {
  dial(at: HostAddress, port: number, purpose: string): Promise<Dialled>;
  /** Only whether it can be reached; nothing is said. */
  touch(at: HostAddress, port: number): Promise<Reach['type']>;
  readonly transcripts: readonly Transcript[];
}

export interface DiallerSettings {
  readonly clock: Clock;
  readonly budget: Budget;
  readonly connectMs: number;
  readonly stepMs: number;
  readonly ehloName: string;
  /** Own address, where it is of the same family. */
  readonly from?: string | undefined;
}

const TOO_MANY = 'this run has used up its time or its connections';

export function createDialler({
  clock,
  budget,
  connectMs,
  stepMs,
  ehloName,
  from,
}: DiallerSettings): Dialler {
  const transcripts: Transcript[] = [];
  return {
    transcripts,
    async dial(at, port, purpose) {
      const transcript = createTranscript(`${at.address} ${port}: ${purpose}`, () => budget.elapsed);
      transcripts.push(transcript);
      if (!budget.takeConnection()) {
        transcript.add('note', TOO_MANY);
        return { type: 'unreachable', detail: TOO_MANY };
      }
      const reached = await reach(at.address, port, budget.step(connectMs), from);
      if (reached.type !== 'open') {
        transcript.add('note', `${reached.type}: ${reached.detail}`);
        return reached;
      }
      const tools = { clock, budget, transcript, stepMs, ehloName };
      return { type: 'open', conversation: createConversation(reached.line, tools) };
    },
    async touch(at, port) {
      if (!budget.takeConnection()) return 'unreachable';
      const reached = await reach(at.address, port, budget.step(connectMs), from);
      if (reached.type === 'open') reached.line.destroy();
      return reached.type;
    },
  };
}
