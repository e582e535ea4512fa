// Faults in what operators do, and in what is told of it.

import type { Fault } from './fault.ts';

const control = { file: 'src/http/control.ts', tests: ['src/http/control'] };
const looks = { file: 'src/administration/looks.ts', tests: ['src/administration/looks'] };
const trail = { file: 'src/administration/trail.ts', tests: ['src/administration/looks'] };
const undo = { file: 'src/administration/undo.ts', tests: ['src/administration/undo'] };
const bounce = { file: 'src/administration/bounce.ts', tests: ['src/administration/bounce'] };

const scope = { file: 'src/administration/scope.ts', tests: ['src/administration/permissions'] };
const may = { file: 'src/administration/permissions.ts', tests: ['src/administration/permissions'] };

const api = 'src/http/api';
const attacks = [`${api}/attacks`];

const late = { file: `${api}/api.ts`, tests: [`${api}/late`] };
const myMail = { file: 'src/administration/my-mail.ts', tests: ['src/administration/my-mail-bounds'] };

const secondFactor = {
  file: 'src/identity/second-factor-changes.ts',
  tests: ['src/administration/second-factor'],
};

export const administrationFaults: readonly Fault[] = [
  {
    ...{ file: `${api}/issue.ts`, tests: attacks },
    why: 'a parameter that there is not is not named',
    from: 'at: at([...path, key])',
    to: 'at: at(path)',
  },
  {
    ...{ file: 'src/administration/credentials.ts', tests: ['src/administration/credentials'] },
    why: 'a password of any length is set',
    from: 'const phc = await hashNewPassword(password, ports.entropy);',
    to: 'const phc = await hashNewPassword(`${password}12345678`, ports.entropy);',
  },
  {
    ...undo,
    why: 'asked once more, it is too late for what was taken back',
    from: 'if (already !== undefined) return already;',
    to: '',
  },
  {
    ...undo,
    why: 'what was sent without a window is taken back',
    from: 'if (before.undoUntil === undefined)',
    to: 'if (before.fates.length === 0)',
  },
  {
    ...control,
    why: 'who acts is what the client says',
    from: 'who: peers.whoProved(claim)',
    to: 'who: String((input as { who?: unknown } | undefined)?.who ?? peers.whoProved(claim))',
  },
  {
    ...looks,
    why: 'no reason is asked for',
    from: "reason === '' && config()",
    to: 'reason === undefined && config()',
  },
  {
    ...scope,
    why: 'a domain admin sees everybody',
    from: 'if (isMine === undefined) return ports;',
    to: "if (isMine === undefined || actor.role === 'domainAdmin') return ports;",
  },
  {
    ...scope,
    why: 'a message is shown to whoever knows its id',
    from: 'message: async (id) => ((await seen.message(id))',
    to: 'message: async (id) => (true',
  },
  {
    ...{ ...scope, tests: ['src/administration/scope'] },
    why: 'a domain admin hears of everybody who is near a limit',
    from: 'return all.filter((id) => mine.has(id));',
    to: 'return all.filter((id) => mine.has(id) || true);',
  },
  {
    ...{ file: 'src/policy/limits.ts', tests: ['src/policy/limits'] },
    why: 'a limit frees when the hour begins that follows',
    from: ': 2 - most / current;',
    to: ': 1;',
  },
  {
    ...may,
    why: 'a token may all that its role may',
    from: 'if (token === undefined ||',
    to: 'if (token !== undefined ||',
  },
  {
    ...trail,
    why: 'an export leaves no record',
    from: "await recordLook(ports, actor, 'audit export'",
    to: "await recordLook({ ...ports, store: { commit: async () => [{ type: 'recorded' }] } } as never, actor, 'audit export'",
  },
  {
    ...bounce,
    why: 'the message that a slice cuts is left out',
    from: 'next: placeOf(end)',
    to: 'next: placeOf(cut)',
  },
  {
    file: `${api}/tokens.ts`,
    tests: attacks,
    why: 'a revoked token lets in',
    from: "standingOf(identity, proofOf(credential), now).state === 'active'",
    to: "standingOf(identity, proofOf(credential), now).state !== 'suspended'",
  },
  {
    file: `${api}/tokens.ts`,
    tests: attacks,
    why: 'tokens are guessed without an end',
    from: "if (leave.type === 'refuse') {",
    to: "if (leave.type === 'refuse' && text === '') {",
  },
  {
    file: `${api}/request.ts`,
    tests: attacks,
    why: 'the API takes what a form of another site can send',
    from: "if (!JSON_TYPE.test(contentType ?? ''))",
    to: 'if (contentType === undefined)',
  },
  {
    file: `${api}/cursor.ts`,
    tests: attacks,
    why: 'a cursor of another question leads somewhere',
    from: 'if (digest !== digestOf(question))',
    to: 'if (digest === undefined)',
  },
  {
    file: `${api}/idempotency.ts`,
    tests: attacks,
    why: 'a key answers for another request',
    from: 'if (request !== asked)',
    to: 'if (request === undefined)',
  },
  {
    file: `${api}/api.ts`,
    tests: [`${api}/roles`],
    why: 'every token may what an admin may',
    from: 'administrationOf(this.#options.administration, actor)',
    to: "administrationOf(this.#options.administration, { ...actor, role: 'admin' })",
  },
  {
    file: `${api}/api.ts`,
    tests: attacks,
    why: 'a body that comes after its token was revoked is carried out',
    from: '    const body = await context.req.text();\n',
    to: `    const early = await this.#whoAsks(context.req.header('authorization'), addressOf(context));
    const body = await context.req.text();
    const whoAsks = this.#whoAsks;
    this.#whoAsks = () => {
      this.#whoAsks = whoAsks;
      return Promise.resolve(early);
    };\n`,
  },
  {
    ...late,
    why: 'a copy that is made too late is let go by nobody',
    from: '      made.then(({ body }) => body?.cancel()).catch(() => undefined);\n',
    to: '',
  },
  {
    ...late,
    why: 'a copy of the store has no more time than any answer',
    from: 'this.#inTime(made, route.answerMs)',
    to: 'this.#inTime(made)',
  },
  {
    ...late,
    why: 'an answer may take as long as it likes',
    from: 'if (key === undefined) return responseOf(await this.#inTime(work()));',
    to: 'if (key === undefined) return responseOf(await work());',
  },
  {
    ...late,
    why: 'an answer has less time than is told',
    from: 'const ANSWER_MS = 20_000;',
    to: 'const ANSWER_MS = 10_000;',
  },
  {
    ...late,
    why: 'whoever asks with a token waits for its owner as long as the store likes',
    from: "await this.#inTime(this.#proved(header('authorization'), addressOf(context)))",
    to: "await this.#proved(header('authorization'), addressOf(context))",
  },
  {
    ...late,
    why: 'a request keeps its place',
    from: '      this.#underWay -= 1;\n',
    to: '',
  },
  {
    file: 'src/administration/told-to-user.ts',
    tests: ['src/administration/scope'],
    why: 'a user is told who dropped his mail, and why',
    from: "payload.takenBack === true ? diagnostic : 'dropped by an operator'",
    to: 'diagnostic',
  },
  {
    file: 'src/administration/told-to-user.ts',
    tests: ['src/administration/told-to-user'],
    why: 'a user is told which node took his mail',
    from: 'return { ...event, payload };',
    to: 'return event;',
  },
  {
    file: 'src/administration/my-mail.ts',
    tests: ['src/administration/my-mail.test'],
    why: 'a user is shown our own words as those of another server',
    from: 'return isReply(remote, diagnostic) ? { said: diagnostic } : {};',
    to: 'return { said: diagnostic };',
  },
  {
    file: 'src/administration/told-to-user.ts',
    tests: ['src/administration/told-to-user'],
    why: 'a user is told what we say ourselves of a next hop, with its address',
    from: 'if (remote === undefined || !isReply(remote, diagnostic)) return { diagnostic: NO_REPLY };',
    to: 'if (remote === undefined) return { diagnostic };',
  },
  {
    file: 'src/administration/use-cases.ts',
    tests: ['src/administration/scope'],
    why: 'what is about oneself reaches as far as the role',
    from: "Object.hasOwn(ownUseCases, name) ? { ...actor, role: 'user' } : actor",
    to: 'actor',
  },
  {
    ...myMail,
    why: 'a page of own mail is as long as somebody likes',
    from: 'const MESSAGES_MAX = 100;',
    to: 'const MESSAGES_MAX = 100_000;',
  },
  {
    ...myMail,
    why: 'the story of a message has no end',
    from: 'const STEPS_MAX = 200;',
    to: 'const STEPS_MAX = 20_000;',
  },
  {
    ...myMail,
    why: 'a list looks through all that happened to each message',
    from: 'const EVENTS_LISTED = 500;',
    to: 'const EVENTS_LISTED = 50_000;',
  },
  {
    ...myMail,
    why: 'a message is looked through without an end',
    from: 'const EVENTS_MAX = 10_000;',
    to: 'const EVENTS_MAX = 1_000_000;',
  },
  {
    ...myMail,
    why: 'a list tells of each recipient of each message',
    from: 'const FATES_LISTED = 5;',
    to: 'const FATES_LISTED = 500;',
  },
  {
    ...secondFactor,
    why: 'a code of the second factor counts for as long as it is shown',
    from: 'step !== undefined && step > verifier.usedStep',
    to: 'step !== undefined',
  },
  {
    ...secondFactor,
    why: 'a recovery code counts each time',
    from: 'credential.verifiers.filter((one) => one !== used)',
    to: 'credential.verifiers',
  },
  {
    ...secondFactor,
    why: 'codes of the second factor are guessed without waiting',
    from: 'wrong: verifier.wrong + 1, wrongAt',
    to: 'wrong: verifier.wrong, wrongAt',
  },
  {
    file: 'src/administration/second-factor-setup.ts',
    tests: ['src/administration/second-factor'],
    why: 'a stolen session removes the second factor without a code',
    from: '  if (secondFactorsOf(own).length > 0) {',
    to: '  if (secondFactorsOf(own).length > 9) {',
  },
  {
    file: 'src/administration/second-factor.ts',
    tests: ['src/administration/second-factor'],
    why: 'a token takes the second factor of an admin away',
    from: "token !== undefined && role !== 'user'",
    to: "token === undefined && role !== 'user'",
  },
  {
    file: 'src/administration/second-factor.ts',
    tests: ['src/console/beside'],
    why: 'a stolen session of an admin resets the second factor of its owner',
    from: "  if (id === identityId)\n    throw new UseCaseFailure(\n      'remove",
    to: "  if (id === login)\n    throw new UseCaseFailure(\n      'remove",
  },
  {
    file: 'src/console/passkeys.ts',
    tests: ['src/console/second-step', 'src/console/passkeys'],
    why: 'a challenge of a passkey is answered twice',
    from: '      const found = asked.get(whose);\n      asked.delete(whose);\n',
    to: '      const found = asked.get(whose);\n',
  },
];
