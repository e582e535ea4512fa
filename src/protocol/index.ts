// `postern/protocol`: SMTP as values, without I/O. The server, the relay and the tests are built on the same machines.

export type * from './envelope.ts';
export type * from './session/ports.ts';
export { createServerSession } from './session/session.ts';
export { accepted, refusal, refused, type Refusal, type Verdict } from './refusal.ts';
export { parseMailbox, mailboxText, type Mailbox, type MailboxProblem } from './wire/mailbox.ts';
export { serializeReply, type Reply } from './wire/reply.ts';
export { replies, reply, type ReplyName } from './wire/reply-registry.ts';
