// Faults in who is let in at the console, and in what a session may.

import type { Fault } from './fault.ts';

const fresh = { file: 'src/administration/fresh-proof.ts', tests: ['src/administration/fresh-proof'] };
const proof = { file: 'src/console/fresh-proof.ts', tests: ['src/console/fresh-proof'] };
const sessions = { file: 'src/store/memory/console-sessions.ts', tests: ['src/console/fresh-proof'] };
const first = {
  file: 'src/administration/second-factor-setup.ts',
  tests: ['src/administration/second-factor'],
};
const guesses = { file: 'src/identity/factor-guesses.ts', tests: ['src/identity/factor-guesses'] };
const guard = { file: 'src/server/factor-guard.ts', tests: ['src/console/factor-guesses'] };

export const signInFaults: readonly Fault[] = [
  {
    ...{ file: 'src/administration/second-factor.ts', tests: ['src/console/second-step'] },
    why: 'a recovery code is recorded as a code of the app',
    from: "return judged.credential.kind === 'recoveryCode' ? 'recovery code' : 'code';",
    to: "return judged.credential.kind === 'passkey' ? 'recovery code' : 'code';",
  },
  {
    ...fresh,
    why: 'after a clock that stepped back a proof is fresh for longer',
    from: 'now >= provedAt && ',
    to: '',
  },
  {
    ...fresh,
    file: 'src/administration/use-cases.ts',
    why: 'no fresh proof is asked for',
    from: '      assertProved(ports.clock, actor, name as UseCaseName, input);\n',
    to: '',
  },
  {
    ...fresh,
    why: 'of oneself is what names a login as a user of the system is called',
    from: 'return identityId !== undefined && (input',
    to: 'return identityId !== null && (input',
  },
  {
    ...proof,
    why: 'a wrong code is kept with the form, and shown again in the place of the next',
    from: 'for (const name of [LINK, CODE, ANSWER, FOR]) form.delete(name);',
    to: '',
  },
  {
    ...sessions,
    why: 'a copy of the cookie is made fresh by its owner',
    from: 'consoleSessions.delete(key);\n    consoleSessions.set(next, { ...kept, key: next, facts });',
    to: 'for (const at of [key, next]) consoleSessions.set(at, { ...kept, key: at, facts });',
  },
  {
    file: 'src/console/entrance.ts',
    tests: ['src/console/fresh-proof'],
    why: 'any link is a proof for any session',
    from: 'actor.identityId === undefined && linked.osUser === actor.who',
    to: 'true',
  },
  {
    ...first,
    why: 'a stolen session sets up a second factor of its own',
    from: 'if (after.ok && provenAt !== identity.revision)',
    to: 'if (after.ok && provenAt !== undefined && provenAt !== identity.revision)',
  },
  {
    ...first,
    why: 'a password that was changed meanwhile sets up a second factor',
    from: 'provenAt !== identity.revision) assertHimself',
    to: 'provenAt === undefined) assertHimself',
  },
  {
    ...guesses,
    why: 'a right password forgives the guesses at the code after it',
    from: 'const account = `second factor of ${identityId}`;',
    to: 'const account = identityId;',
  },
  {
    ...guesses,
    why: 'a right code counts as a guess',
    from: 'if (question.isRight) leave?.succeeded(clock.monotonic());',
    to: 'if (question.isRight) return true;',
  },
  {
    ...{ ...guard, tests: ['src/server/factor-guard'] },
    why: 'a code that could not be judged counts as a guess',
    from: "if (came !== 'wrong') await ask",
    to: "if (came === 'right') await ask",
  },
  {
    ...guard,
    why: 'a wrong passkey leaves no record',
    from: "if (came === 'wrong') await failed(wrong[what]);",
    to: "if (came === 'wrong' && what === 'code') await failed(wrong[what]);",
  },
];
