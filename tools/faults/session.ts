// Faults in the machines of the two protocols: content on its way in, replies on the way out.

import type { Fault } from './fault.ts';

const content = {
  file: 'src/protocol/session/content.ts',
  tests: ['test/dialogs/bare', 'src/protocol/session'],
};
const delivery = { file: 'src/protocol/delivery/session.ts', tests: ['src/protocol/delivery'] };
const commands = { file: 'src/protocol/delivery/commands.ts', tests: ['src/protocol/delivery'] };

const exchange = { file: 'src/protocol/session/commands-auth.ts', tests: ['src/protocol/session/exchange'] };

export const sessionFaults: readonly Fault[] = [
  {
    file: 'src/protocol/session/recipients.ts',
    tests: ['src/server/transaction', 'src/server/local-submission'],
    why: 'a recipient that is named again is recorded and delivered twice',
    from: 'if (this.#keys.has(key)) return;',
    to: '',
  },
  {
    file: 'src/protocol/session/session.ts',
    tests: ['src/protocol/session/session'],
    why: 'mail for a role goes where the client said',
    from: 'forwardPath === undefined || forwardPath === asked.recipient.forwardPath',
    to: 'forwardPath !== asked.recipient.forwardPath || forwardPath !== undefined',
  },
  {
    file: 'src/protocol/session/session.ts',
    tests: ['src/protocol/session/exchange', 'src/server/refusals'],
    why: 'a session goes on after its login has expired',
    from: "  if (decided.reply.code === 421) return close(state, 'expired');\n",
    to: '',
  },
  {
    ...exchange,
    why: 'data for the client comes with its login, not before',
    from: '    state.sasl = { exchange: sasl.exchange, verdict };\n',
    to: "    if (verdict.type === 'authenticated') return logIn(state, verdict.login);\n    state.sasl = { exchange: sasl.exchange, verdict };\n",
  },
  {
    ...exchange,
    why: 'a guess whose last challenge is called off is not counted',
    from: "  if (verdict.type === 'refused') {\n    state.authFailures += 1;",
    to: "  if (verdict.type === 'refused') {\n    if (finalData === undefined) state.authFailures += 1;",
  },
  {
    ...exchange,
    why: 'any line is the empty line that ends an exchange',
    from: "if (text === '') return logIn",
    to: 'return logIn',
  },
  {
    ...content,
    why: 'one octet over the size limit passes',
    from: 'return octets > limit ?',
    to: 'return octets > limit + 1 ?',
  },
  {
    ...content,
    why: 'the last octet that the size limit allows is refused',
    from: 'return octets > limit ?',
    to: 'return octets >= limit ?',
  },
  {
    ...content,
    why: 'a session goes on after content whose end others may see elsewhere',
    from: "if (spoiled.name === 'bareCrLfNul') close(state, 'framing');",
    to: '',
  },
  {
    ...content,
    why: 'a bare CR at the end of the last chunk passes',
    from: 'const bareCrAtEnd = content.last && framing.endsAfterCr;',
    to: 'const bareCrAtEnd = false;',
  },
  {
    ...content,
    why: 'after a chunk that was refused the next one begins a message',
    from: '    state.chunkFailed = true;\n',
    to: '',
  },
  {
    ...content,
    why: 'a flaw that only the end shows is not seen',
    from: 'const flaw = content.framing.flaw;',
    to: 'const flaw = undefined as ContentFlaw | undefined;',
  },
  {
    ...content,
    why: 'whoever sends without end is read without end',
    from: 'content.octets > HARD_FACTOR * state.settings.messageOctetsMax',
    to: 'content.octets > 1000 * HARD_FACTOR * state.settings.messageOctetsMax',
  },
  {
    ...delivery,
    why: 'half a reply after the 220 of STARTTLS is completed inside TLS',
    from: "        if (this.#reader.pending) return fail(state, IN_CLEAR, 'nonsense');\n",
    to: '',
  },
  {
    ...delivery,
    why: 'what came in one piece with the 220 of STARTTLS is believed',
    from: 'if (startsTls && (this.#reader.pending || broken !== undefined || reply !== replies.at(-1))) {',
    to: 'if (startsTls && broken !== undefined) {',
  },
  {
    ...delivery,
    why: 'TLS that is required is done without',
    from: "if (wantsTls && tls === 'required') {",
    to: "if (wantsTls && tls === ('x' as string)) {",
  },
  {
    ...delivery,
    why: 'a STARTTLS that is refused is done without where TLS is required',
    from: "else if (state.settings.tls === 'required') hostFailed(state, reply);",
    to: "else if (state.settings.tls === ('x' as string)) hostFailed(state, reply);",
  },
  {
    ...delivery,
    why: 'half a reply at the end of a connection is not counted as said',
    from: '    if (this.#reader.pending) moreWasSaid(this.#state);\n',
    to: '',
  },
  {
    ...delivery,
    why: 'after 421 the connection is used on',
    from: 'state.leaving ||= reply.code === 421;',
    to: '',
  },
  {
    ...commands,
    why: 'we vouch for what a client said of itself',
    from: "if (vouchForNobody) parts.push('AUTH=<>');",
    to: 'if (envelope.authParameter !== undefined) parts.push(`AUTH=${envelope.authParameter}`);',
  },
  {
    ...commands,
    why: 'DSN parameters go to a hop that has no DSN',
    from: "  if (capabilities.has('DSN')) {\n    if (recipient.notify",
    to: '  if (capabilities.size >= 0) {\n    if (recipient.notify',
  },
];
