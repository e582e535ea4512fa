// One submission server for the client library: what it was sent, what each recipient hears.

import assert from 'node:assert/strict';
import type { EnvelopeInput } from '../../src/client/envelope.ts';
import type { MessageInput } from '../../src/client/message.ts';
import type { SubmissionResult } from '../../src/client/result.ts';
import { ADDRESS, open, settled, world, type World } from './client-world.ts';
import { CAPABILITIES, type FakeHost, type HostScript } from './smtp-hosts.ts';

export const MESSAGE = 'From: alice@example.org\r\nSubject: hi\r\n\r\nhello\r\n';
export const BOB = { reversePath: ADDRESS, recipients: ['bob@x.example'] };
export const CHUNKING = [...CAPABILITIES, 'CHUNKING'];

export function one(script: HostScript): World {
  return world({ 'msa:587': script });
}

export const host = ({ network }: World): FakeHost => network.hosts['msa:587'] ?? assert.fail('no host');
export const lines = (made: World): readonly string[] => host(made).heard.map(({ line }) => line);
/** From MAIL on. */
export const said = (made: World): readonly string[] => lines(made).slice(4);

export async function send(
  made: World,
  message: MessageInput = MESSAGE,
  envelope: EnvelopeInput = BOB,
  signal?: AbortSignal,
): Promise<SubmissionResult> {
  await using submission = await open(made, { port: 587 });
  return await settled(
    made.clock,
    submission.submit(message, envelope, signal === undefined ? {} : { signal }),
  );
}

export const brief = ({ recipients }: SubmissionResult): readonly string[] =>
  recipients.map((outcome) =>
    outcome.type === 'refused'
      ? `${outcome.retry} ${outcome.reply?.code ?? '-'}`
      : outcome.type === 'accepted'
        ? `accepted ${outcome.reply.code}`
        : 'unknown',
  );
