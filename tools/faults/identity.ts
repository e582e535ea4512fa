// Faults in who somebody is: credentials, what is remembered of them, guesses.

import type { Fault } from './fault.ts';

const authenticator = {
  file: 'src/identity/authenticator.ts',
  tests: ['src/identity/authenticator', 'src/identity/guessing'],
};
const flaw = { ...authenticator, file: 'src/identity/credential-flaw.ts' };
const verified = { file: 'src/identity/verified-logins.ts', tests: ['src/identity/verified-logins'] };
const answers = { file: 'src/server/answers.ts', tests: ['src/server/late-answers'] };

export const identityFaults: readonly Fault[] = [
  {
    ...authenticator,
    why: 'a wrong password is right the second time',
    from: "    if (secret.type === 'wrong' || identity === undefined)\n",
    to: "    if (identity !== undefined && secret.type === 'wrong') cache.remember(attempt.fingerprint, { identityId: identity.id, revision: identity.revision, credentialId: identity.credentials[0]?.id ?? '' }, now);\n    if (secret.type === 'wrong' || identity === undefined)\n",
  },
  {
    ...authenticator,
    why: 'what is remembered outlives a change of the identity',
    from: '      remembered.revision === identity.revision\n',
    to: '      remembered.revision <= identity.revision\n',
  },
  {
    ...authenticator,
    why: 'what is remembered of a suspended identity is right',
    from: 'if (credential !== undefined && flawOf(identity, credential, clock.now()) === undefined) {',
    to: 'if (credential !== undefined) {',
  },
  {
    ...flaw,
    why: 'an expired credential is right',
    from: "if (credential.expiresAt !== undefined && credential.expiresAt <= now) return 'credential expired';",
    to: '',
  },
  {
    ...flaw,
    why: 'a suspended identity logs in',
    from: "if (identity.state !== 'active') return `identity is ${identity.state}`;",
    to: '',
  },
  {
    ...authenticator,
    why: 'the human password of a suspended identity is judged by its app password',
    from: '    const humanFlaw = flawOf(identity, human, now);\n',
    to: '    const humanFlaw = undefined;\n',
  },
  {
    ...authenticator,
    why: 'an authorization identity may be anybody',
    from: "return authzid === '' || loginCandidates(authzid, domains).some((login) => logins.includes(login));",
    to: 'return true;',
  },
  {
    ...authenticator,
    why: 'a remembered credential of somebody else is right',
    from: 'remembered.identityId === identity?.id &&',
    to: 'identity !== undefined &&',
  },
  {
    ...authenticator,
    why: 'an expiry while the password is verified is not seen',
    from: "const flaw = secret.type === 'right' ? flawOf(identity, secret.credential, clock.now()) : undefined;",
    to: 'const flaw = undefined;',
  },
  {
    ...authenticator,
    why: 'names that can be nobody’s are one guess together',
    from: 'candidates[0] ?? credentials.authenticationIdentity',
    to: 'account',
  },
  {
    ...authenticator,
    why: 'the guessing defence does not hear which networks are shared',
    from: 'hashing.askerAt(from.address, settings.isShared(from.address))',
    to: 'hashing.askerAt(from.address, false)',
  },
  {
    ...authenticator,
    file: 'src/identity/guessing.ts',
    why: 'what could not be judged takes back an earlier failure with the same secret',
    from: 'if (secret.attempts > 0) return;',
    to: '',
  },
  {
    file: 'src/identity/hashing.ts',
    tests: ['src/identity/authenticator'],
    why: 'a hash is not charged to its network',
    from: "if (!budget.charge(payer, clock.monotonic())) return 'busy';",
    to: '',
  },
  {
    file: 'src/server/admission.ts',
    tests: ['src/server/admission'],
    why: 'strangers may take all connections',
    from: "(role !== 'mx' || ofRole <= current.totalOfStrangers)",
    to: 'true',
  },
  {
    ...verified,
    why: 'a login that was let in a moment ago passes though its identity changed',
    from: 'age < KEPT_MS && o.stillStands(entry.principal, nowMs)',
    to: 'age < KEPT_MS',
  },
  {
    ...answers,
    why: 'an authentication that comes late logs in',
    from: "if (answer.type === 'authenticated' && !connection.session.awaits(question)) return;",
    to: '',
  },
  {
    ...answers,
    why: 'a MAIL that is answered late begins a transaction',
    from: '    if (!connection.session.awaits(question)) return;\n    if (verdict.type',
    to: '    if (verdict.type',
  },
  {
    ...answers,
    why: 'a recipient that is answered late gets the message',
    from: '    // Told 451 by now: it must not get the message all the same.\n    if (!connection.session.awaits(question)) return;',
    to: '',
  },
];
