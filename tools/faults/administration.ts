// Faults in what operators do, and in what is told of it.

import type { Fault } from './fault.ts';

const control = { file: 'src/http/control.ts', tests: ['src/http/control'] };
const looks = { file: 'src/administration/looks.ts', tests: ['src/administration/looks'] };
const trail = { file: 'src/administration/trail.ts', tests: ['src/administration/looks'] };
const bounce = { file: 'src/administration/bounce.ts', tests: ['src/administration/bounce'] };

const scope = { file: 'src/administration/scope.ts', tests: ['src/administration/permissions'] };
const may = { file: 'src/administration/permissions.ts', tests: ['src/administration/permissions'] };

const api = 'src/http/api';
const attacks = [`${api}/attacks`];

const secondFactor = {
  file: 'src/identity/second-factor-changes.ts',
  tests: ['src/administration/second-factor'],
};

export const administrationFaults: readonly Fault[] = [
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
    file: 'src/console/passkeys.ts',
    tests: ['src/console/second-step', 'src/console/passkeys'],
    why: 'a challenge of a passkey is answered twice',
    from: '      const found = asked.get(whose);\n      asked.delete(whose);\n',
    to: '      const found = asked.get(whose);\n',
  },
];
