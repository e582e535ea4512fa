// One message, or many over one connection, from `postern send` to the server, and what came of each recipient. Loaded when something is sent.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { safe } from '../base/safe-text.ts';
import { EX } from '../base/sysexits.ts';
import {
  fileMemory,
  openSubmission,
  processMemory,
  type RecipientOutcome,
  type Submission,
  SubmissionError,
  type SubmissionOptions,
} from '../client/index.ts';
import { reasonInWords } from '../base/failure-words.ts';
import type { Environment, SendConfig } from './config.ts';
import type { Carrier, Left, Outgoing, SendResult } from './outgoing.ts';
import { readPassword } from './password.ts';
import { exitOf, exitOfStatus, SendFailure } from './failure.ts';

export async function optionsFor(
  config: SendConfig,
  stateDirectory: string | undefined,
  environment: Environment,
  verbose: boolean,
): Promise<SubmissionOptions> {
  const { host, port, tls, address, login } = config;
  const password = await readPassword(config, environment);
  return {
    ...(host === undefined
      ? {
          memory:
            stateDirectory === undefined ? processMemory() : fileMemory(join(stateDirectory, 'servers.json')),
        }
      : { host }),
    ...(port === undefined ? {} : { port }),
    ...(tls === undefined ? {} : { tls }),
    ...(address === undefined ? {} : { address }),
    ...(login === undefined ? {} : { login }),
    ...(password === undefined ? {} : { password }),
    ...(config.ca === undefined ? {} : { ca: await readAuthorities(config.ca) }),
    ...(verbose ? { transcript: tell } : {}),
  };
}

async function readAuthorities(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new SendFailure(EX.CONFIG, `ca: ${path}: ${reasonInWords(error)}`);
  }
}

function tell(direction: 'client' | 'server', line: string): void {
  process.stderr.write(`${direction === 'client' ? 'C' : 'S'}: ${safe(line)}\n`);
}

/** Connects when the first message is carried. */
export function smtpCarrier(options: SubmissionOptions): Carrier {
  let opened: Promise<Submission> | undefined;
  return {
    async carry(outgoing) {
      let submission: Submission;
      try {
        opened ??= openSubmission(options);
        submission = await opened;
      } catch (error) {
        // Nothing of the message was looked at yet.
        if (error instanceof SubmissionError && error.kind === 'badInput')
          throw new SendFailure(EX.CONFIG, `${error.message}. ${error.nextStep}`);
        return verdictOn(error, outgoing);
      }
      return submitOver(submission, outgoing);
    },
    async close() {
      const submission = await opened?.catch(() => undefined);
      await submission?.close();
    },
  };
}

/** Never rejects but for bugs. */
async function submitOver(submission: Submission, outgoing: Outgoing): Promise<SendResult> {
  const { reversePath, recipients, notify, ret, envelopeId, content } = outgoing;
  const envelope = {
    reversePath,
    recipients: recipients.map((forwardPath) =>
      notify === undefined ? forwardPath : { forwardPath, notify },
    ),
    ...(ret === undefined ? {} : { ret }),
    ...(envelopeId === undefined ? {} : { envelopeId }),
  };
  try {
    const result = await submission.submit(content, envelope);
    const left = result.recipients.map(leftOf).filter((one) => one !== undefined);
    const message = `${left.length} of ${recipients.length} recipients were not accepted`;
    return { left, accepted: result.accepted.length, isOfHost: false, code: EX.UNAVAILABLE, message };
  } catch (error) {
    return verdictOn(error, outgoing);
  }
}

function leftOf(outcome: RecipientOutcome): Left | undefined {
  const { type, forwardPath } = outcome;
  switch (type) {
    case 'accepted':
      return undefined;
    case 'unknown':
      return { forwardPath, again: 'mayDouble', code: EX.UNAVAILABLE, problem: outcome.problem };
    case 'refused': {
      const { retry, reply, problem } = outcome;
      const code = retry === 'later' ? EX.TEMPFAIL : exitOfStatus(reply?.enhancedStatus ?? '');
      return { forwardPath, again: retry === 'later' ? 'yes' : 'no', code, problem };
    }
  }
}

/** A failure of the host, not of this message: any other message would fail too. */
const ofHost = new Set([
  ...['noServer', 'confirmationNeeded', 'unreachable', 'certificate', 'tls', 'authentication', 'unavailable'],
]);

function verdictOn(error: unknown, { recipients }: Outgoing): SendResult {
  if (!(error instanceof SubmissionError)) throw error;
  const { kind, retry, message, nextStep } = error;
  const code = exitOf(error);
  const told = new Map(error.recipients.map((one) => [one.forwardPath, leftOf(one)]));
  const again = kind === 'outcomeUnknown' ? 'mayDouble' : retry === 'later' ? 'yes' : 'no';
  return {
    left: recipients.map(
      (forwardPath) => told.get(forwardPath) ?? { forwardPath, again, code, problem: message },
    ),
    ...{ accepted: 0, isOfHost: ofHost.has(kind), code, message: `${message}. ${nextStep}` },
  };
}
