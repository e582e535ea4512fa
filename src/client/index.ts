// `postern/client`: finds the submission server of a mail address and submits messages to it. How to use it: docs/CLIENT.md.

export { discover, type Discovery, type DiscoveryStep } from './discover.ts';
export { openSubmission, submit, type ServerFacts, type Submission } from './submission.ts';
export {
  type ErrorKind,
  type RecipientOutcome,
  type Retry,
  type ServerReply,
  SubmissionError,
} from './errors.ts';
export { type DiscoveryMemory, fileMemory, processMemory, type Remembered } from './memory.ts';
export type { DiscoveryOptions, SubmissionOptions } from './options.ts';
export type { EnvelopeInput, RecipientInput } from './envelope.ts';
export type { MessageInput } from './message.ts';
export type { SubmissionResult } from './result.ts';
export type { ClientPorts } from './ports.ts';
export type { Attempt, AttemptOutcome, Candidate, CandidateSource } from './server.ts';
