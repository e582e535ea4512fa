// A message from a program on this host, handed in over the submission socket (src/http/submit-socket.ts) by an operating-system user that the
// configuration binds to an identity. It is said to a session as a client on a connection would say it, in the role `local`: there is no second way in.

import { readEnvelope, type EnvelopeInput } from '../client/envelope.ts';
import { SubmissionError } from '../client/errors.ts';
import { readMessage } from '../client/message.ts';
import { servicePrincipal } from '../identity/identity-changes.ts';
import { replyOfIdentityStatus } from '../policy/submission-policy.ts';
import { mailCommand, parseCapabilities, rcptCommand } from '../protocol/delivery/commands.ts';
import type { DeliveryTransaction } from '../protocol/delivery/ports.ts';
import { isPositive } from '../protocol/delivery/results.ts';
import type { RemoteReply } from '../protocol/delivery/reply-reader.ts';
import { refusal, type Refusal } from '../protocol/refusal.ts';
import type { SessionSettings } from '../protocol/session/ports.ts';
import { stuffedWhole } from '../protocol/wire/dot-stuffing.ts';
import { identityStatusText } from '../record/identity.ts';
import { boundAccount } from './bound-account.ts';
import type { Front } from './front.ts';
import { LocalDialogue } from './local-dialogue.ts';
import { noteRefusal } from './refusals.ts';

export interface LocalMessage {
  /** Of the identity that the operating-system user is bound to. */
  readonly login: string;
  readonly osUser: string;
  readonly envelope: EnvelopeInput;
  readonly content: Uint8Array;
}

export interface LocalReply {
  readonly code: number;
  readonly status: string;
  readonly text: string;
}

export type LocalAnswer =
  | {
      readonly type: 'accepted';
      readonly id: string;
      readonly refused: readonly RefusedRecipient[];
    }
  | {
      readonly type: 'refused';
      readonly reply: LocalReply;
      /** If it was refused for them: each of them, with its reply. */
      readonly refused?: readonly RefusedRecipient[];
    };

type RefusedRecipient = LocalReply & { readonly forwardPath: string };

type Limits = Pick<SessionSettings, 'messageOctetsMax' | 'recipientsMax' | 'longLines' | 'timeouts'>;

/** Rejects with `StoreUnavailable` before anything is accepted; after that never. */
export async function submitLocally(front: Front, limits: Limits, given: LocalMessage): Promise<LocalAnswer> {
  const { lookups, settings } = front.submission;
  const account = await boundAccount(lookups, settings().domains, given);
  if ('noAccount' in account) return refused(refusal('identityMayNotSubmit', account.noAccount));
  const { identity } = account;
  const dialogue = new LocalDialogue(front, sessionSettings(settings().hostname, limits));
  const { connection } = dialogue;
  connection.principal = servicePrincipal(identity, given.osUser);
  const refuse = (because: Refusal): LocalAnswer => {
    noteRefusal(front, connection, because, 'MAIL');
    return refused(because);
  };
  try {
    if (identity.state !== 'active')
      return refuse(refusal(replyOfIdentityStatus(identity.state), identityStatusText(identity.state)));
    const message = await readGiven(limits, given);
    return 'name' in message ? refuse(message) : await submit(dialogue, message);
  } finally {
    dialogue.end();
  }
}

/** Nobody waits for a program: only answers have their time. */
function sessionSettings(hostname: string, limits: Limits): SessionSettings {
  return {
    ...limits,
    hostname,
    ...{ role: 'local', tls: 'none', mechanisms: [], authFailuresMax: 0 },
    errorsMax: { beforeAuth: Infinity, afterAuth: Infinity },
  };
}

type Given = DeliveryTransaction & { readonly content: Uint8Array };

async function submit(dialogue: LocalDialogue, message: Given): Promise<LocalAnswer> {
  const capabilities = parseCapabilities((await dialogue.begin()).lines);
  const { smtputf8, recipients } = message.envelope;
  const mail = await dialogue.say(mailCommand(message, capabilities, smtputf8, false));
  if (!isPositive(mail)) return { type: 'refused', reply: localReply(mail) };
  const others: RefusedRecipient[] = [];
  for (const recipient of recipients) {
    const reply = await dialogue.say(rcptCommand(recipient, capabilities, smtputf8));
    if (!isPositive(reply)) others.push({ forwardPath: recipient.forwardPath, ...localReply(reply) });
  }
  const [first] = others;
  if (first !== undefined && others.length === recipients.length) {
    const { forwardPath: _forwardPath, ...reply } = first;
    return { type: 'refused', reply, refused: others };
  }
  const start = await dialogue.say('DATA\r\n');
  if (start.code !== 354) return { type: 'refused', reply: localReply(start) };
  const end = await dialogue.content(stuffedWhole({ pieces: [message.content], hasDotLines: true }));
  const { acceptedAs: id } = dialogue;
  return id === undefined
    ? { type: 'refused', reply: localReply(end) }
    : { type: 'accepted', id, refused: others };
}

/** What no command can carry, and what would not go in one transaction, is refused before the first. */
async function readGiven(limits: Limits, given: LocalMessage): Promise<Refusal | Given> {
  const { messageOctetsMax: limit, recipientsMax } = limits;
  try {
    const envelope = readEnvelope(given.envelope);
    if (envelope.recipients.length > recipientsMax)
      return refusal('tooManyRecipients', `${envelope.recipients.length} recipients`);
    const read = await readMessage(given.content);
    if (read.type !== 'whole') return refusal('sizeReal', `over ${limit} octets`, { limit });
    const { headerUtf8, body8bit, bytes: content } = read;
    const smtputf8 = envelope.smtputf8 || headerUtf8;
    return { envelope: { ...envelope, smtputf8 }, octets: content.length, headerUtf8, body8bit, content };
  } catch (error) {
    if (error instanceof SubmissionError)
      return refusal('messageSyntax', error.message, { detail: error.message.slice(0, 200) });
    throw error;
  }
}

function refused({ reply }: Refusal): Extract<LocalAnswer, { type: 'refused' }> {
  const { code, status = '', lines } = reply;
  return { type: 'refused', reply: { code, status, text: lines.join(' ') } };
}

function localReply({ code, status, lines }: RemoteReply): LocalReply {
  const text = lines.map((line) => (line.startsWith(`${status} `) ? line.slice(status.length + 1) : line));
  return { code, status, text: text.join(' ') };
}
