// Faults in who somebody is: credentials, what is remembered of them, guesses.

import type { Fault } from './fault.ts';

const authenticator = {
  file: 'src/identity/authenticator.ts',
  tests: ['src/identity/authenticator', 'src/identity/guessing'],
};
const check = { ...authenticator, file: 'src/identity/credential-check.ts' };
const standing = { ...authenticator, file: 'src/identity/standing.ts' };
const accounts = {
  file: 'src/identity/directory/accounts.ts',
  tests: ['src/identity/credential-check', 'src/identity/directory'],
};
const inTurn = { file: 'src/identity/directory/directories.ts', tests: ['src/identity/directory'] };
const verified = { file: 'src/identity/verified-logins.ts', tests: ['src/identity/verified-logins'] };
const answers = { file: 'src/server/answers.ts', tests: ['src/server/late-answers'] };

const gate = { file: 'src/identity/kdf-gate.ts', tests: ['src/identity/kdf-gate'] };
const budget = { file: 'src/identity/hash-budget.ts', tests: ['src/identity/hash-budget'] };
const guesses = { file: 'src/identity/guess-counts.ts', tests: ['src/identity/guessing'] };
const guessing = { file: 'src/identity/guessing.ts', tests: ['src/identity/guessing'] };
const admission = { file: 'src/server/admission.ts', tests: ['src/server/admission'] };
const counts = { file: 'src/server/counts.ts', tests: ['src/server/counts', 'src/server/admission'] };

const connections = { file: 'src/server/connections.ts', tests: ['src/server/session-end'] };
const record = { file: 'src/record/identity.ts', tests: ['src/store/memory'] };

export const identityFaults: readonly Fault[] = [
  {
    ...authenticator,
    why: 'a wrong password is right the second time',
    from: "    if (secret.type === 'wrong' || identity === undefined)\n",
    to: "    if (secret.type === 'wrong' && identity !== undefined) this.#credentials.remember(attempt.fingerprint, identity, { kind: 'password', id: 'c1', label: 'password' });\n    if (secret.type === 'wrong' || identity === undefined)\n",
  },
  {
    ...check,
    why: 'what is remembered outlives a change of the identity',
    from: 'revision === identity.revision',
    to: 'revision <= identity.revision',
  },
  {
    ...check,
    why: 'what is remembered of a suspended identity is right',
    from: "    return standing.state === 'active' ? standing.proof : undefined;",
    to: '    return remembered.proof;',
  },
  {
    ...standing,
    why: 'an expired credential is right',
    from: "if (hasExpired(credential, nowMs)) return { state: 'credentialExpired' };",
    to: '',
  },
  {
    ...standing,
    why: 'a suspended identity logs in',
    from: "if (identity.state !== 'active') return { state: identity.state };",
    to: '',
  },
  {
    ...check,
    tests: ['src/identity/credential-check'],
    why: 'the right password of who may not log in is not charged',
    from: "if (standing.type === 'right') judged.paysOff?.();",
    to: 'judged.paysOff?.();',
  },
  {
    ...authenticator,
    why: 'an authorization identity may be anybody',
    from: "return authzid === '' || loginCandidates(authzid, domains).some((login) => logins.includes(login));",
    to: 'return true;',
  },
  {
    ...check,
    why: 'a remembered credential of somebody else is right',
    from: 'identityId === identity?.id &&',
    to: 'identityId !== undefined && identity !== undefined &&',
  },
  {
    ...check,
    why: 'an expiry while the password is verified is not seen',
    from: '    return standing;',
    to: '    return judged;',
  },
  {
    ...authenticator,
    why: 'names that can be nobody’s are one guess together',
    from: 'candidates[0] ?? evidence.authenticationIdentity',
    to: 'account',
  },
  {
    ...authenticator,
    why: 'the guessing defence does not hear which networks are shared',
    from: 'this.#hashing.askerAt(from.address, this.#settings.isShared(from.address))',
    to: 'this.#hashing.askerAt(from.address, false)',
  },
  {
    ...authenticator,
    why: 'a network without room says 535 for accounts that are known there, and 454 for the others',
    from: "if (secret.type !== 'right') return noRoom(secret.type === 'wrong' ? secret.cause : undefined);",
    to: "if (secret.type === 'busy') return noRoom();",
  },
  {
    ...check,
    why: 'whoever asks at the same time hears what was hashed at the expense of the account',
    from: '[asker.networks[0]?.network, asker.account]',
    to: '[asker.networks[0]?.network]',
  },
  {
    ...authenticator,
    file: 'src/identity/guess-counts.ts',
    why: 'what could not be judged takes back an earlier failure with the same secret',
    from: 'if (secret.attempts > 0) return;',
    to: '',
  },
  {
    file: 'src/identity/hashing.ts',
    tests: ['src/identity/authenticator'],
    why: 'a hash is not charged to its network',
    from: "if (charge === undefined) return 'busy';",
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
    from: 'age < keepMs && stillStands(entry.login)',
    to: 'age < keepMs',
  },
  {
    file: 'src/administration/queue-selector.ts',
    tests: ['src/administration/queue-selector'],
    why: '`password` means everybody’s when no account is named',
    from: ' || (isPassword && identity === undefined)',
    to: '',
  },
  {
    ...answers,
    why: 'an authentication that comes late logs in',
    from: "if (outcome.type === 'authenticated' && !connection.session.awaits(question)) return;",
    to: '',
  },
  {
    ...answers,
    why: 'who was suspended while the secret was checked is let in',
    from: "if (answer.type !== 'authenticated' || identityStatuses.unchanged(answer.principal, clock.now()))\n    return answer;",
    to: 'return answer;',
  },
  {
    ...answers,
    tests: ['src/server/login'],
    why: 'who called the login off acts as its principal',
    from: 'connection.judged = principal;',
    to: 'connection.principal = connection.judged = principal;',
  },
  {
    ...connections,
    tests: ['src/server/login'],
    why: 'who is suspended before the last line of the exchange goes on',
    from: 'connection.principal ?? connection.judged;',
    to: 'connection.principal;',
  },
  {
    file: 'src/server/admission.ts',
    tests: ['src/server/admission'],
    why: 'a login that was called off keeps its place',
    from: '        counts.add(before.place, -1);\n',
    to: '',
  },
  {
    ...answers,
    why: 'a change while a login is looked up once more is not seen',
    from: '  if (identityStatuses.unchanged(principal, clock.now())) return',
    to: '  return',
  },
  {
    ...answers,
    why: 'a MAIL that is answered late begins a transaction',
    from: '      if (!connection.session.awaits(question)) return;\n      if (identityStatus.state',
    to: '      if (identityStatus.state',
  },
  {
    ...answers,
    why: 'room for a recipient that is answered late is kept',
    from: '    // The client was told 451: what would be reserved now is given back by nobody.\n    if (!connection.session.awaits(question)) return;',
    to: '',
  },
  {
    ...gate,
    why: 'one network may take all places before the hashing',
    from: 'if (line.waitingOf(network) >= ofNetwork || ',
    to: 'if (',
  },
  {
    ...gate,
    why: 'networks that are known have no places of their own',
    from: 'return isKnown || strange.size < waitingMax - keptForKnown;',
    to: 'return true;',
  },
  {
    ...gate,
    why: 'networks do not take turns',
    from: '      this.#networks.delete(network);\n      if (waiting.length > 0) this.#networks.set(network, waiting);\n',
    to: '      if (waiting.length === 0) this.#networks.delete(network);\n',
  },
  {
    ...gate,
    why: 'known networks always wait for strangers',
    from: 'knownIsNext ? [known, strange] : [strange, known]',
    to: '[strange, known]',
  },
  {
    ...gate,
    why: 'a hash that fails keeps its place for ever',
    from: "      try {\n        return { type: 'done', value: await job() };\n      } finally {\n        leave();\n      }",
    to: "      const value = await job();\n      leave();\n      return { type: 'done', value };",
  },
  {
    ...budget,
    why: 'a network may ask for hashes without end',
    from: 'debtOf(purse, now) + 1 <= purse.burst',
    to: 'true',
  },
  {
    ...budget,
    why: 'the networks around it do not pay',
    from: 'return networks.map((',
    to: 'return networks.slice(0, 1).map((',
  },
  {
    ...budget,
    why: 'what is refused is charged too',
    from: 'if (purses === undefined) return undefined;',
    to: 'if (purses === undefined) return void change(pursesOfNetworks(payer), now, 1);',
  },
  {
    ...guesses,
    why: 'the same wrong secret counts each time',
    from: 'if (again !== undefined) {',
    to: 'if (again !== undefined && now < 0) {',
  },
  {
    ...guesses,
    why: 'a /48 of IPv6 has a fresh start in each of its networks',
    from: 'return Math.max(this.#inNetwork(network, now), ...around);',
    to: 'return around.length < 0 ? 0 : this.#inNetwork(network, now);',
  },
  {
    ...connections,
    why: 'the session of a revoked credential at rest stays open',
    from: 'const isGone = gone.includes(principal.proof.id) && principal.revision < revision;',
    to: 'const isGone = false;',
  },
  {
    ...connections,
    why: 'who logged in with the new password is cut as the old one',
    from: 'const isGone = gone.includes(principal.proof.id) && principal.revision < revision;',
    to: 'const isGone = gone.includes(principal.proof.id);',
  },
  {
    ...standing,
    why: 'a revoked credential lets in',
    from: 'credential === undefined || credential.disabled !== undefined',
    to: 'credential === undefined',
  },
  {
    ...accounts,
    why: 'whom another directory keeps is an account of ours too',
    from: 'return identity?.origin === undefined ? identity : undefined;',
    to: 'return identity;',
  },
  {
    ...inTurn,
    why: 'a directory that is silent lets the next one decide',
    from: 'const identity = await directory.byLogin(login);',
    to: 'const identity = await directory.byLogin(login).catch(() => undefined);',
  },
  {
    ...check,
    tests: ['src/identity/directory'],
    why: 'a secret that may not count is tried on the account at its directory',
    from: 'directory.password(undefined, password, asker)',
    to: 'directory.password(arguments[1].identity, password, asker)',
  },
  {
    ...record,
    why: 'the notice does not name a revoked credential',
    from: '  const left = enabledCredentials(after);',
    to: '  const left = after.credentials;',
  },
  {
    ...record,
    why: 'a changed password counts as the same',
    from: 'one.id === id && one.createdAt === createdAt',
    to: 'one.id === id',
  },
  {
    ...guesses,
    why: 'a shared network is blocked by one of its users',
    from: 'if (shared === true) return 0;',
    to: '',
  },
  {
    ...guessing,
    why: 'the owner is locked out by the guesses of others',
    from: 'const judged = knownGood ? counted.slice(0, 1) : counted;',
    to: 'const judged = counted;',
  },
  {
    ...guessing,
    why: 'a success leaves its own attempt counted',
    from: '        end(now);\n        counts.forgive',
    to: '        counts.forgive',
  },
  {
    ...admission,
    why: 'a network may have as many connections as it likes',
    from: 'if (open > current.unauthenticatedPerNetwork * factor) fits = false;',
    to: '',
  },
  {
    ...admission,
    why: 'a network may begin as many connections as it likes',
    from: 'if (begun > (current.newPerMinute ?? Infinity) * factor) fits = false;',
    to: '',
  },
  {
    ...admission,
    why: 'who is turned away stays counted',
    from: '      leaveAll(networks);\n',
    to: '',
  },
  {
    ...admission,
    why: 'who left stays counted',
    from: '      else for (const { place } of networks) counts.add(place, -1);\n',
    to: '',
  },
  {
    ...admission,
    why: 'an identity may have as many connections as it likes',
    from: 'if (counts.add(place, 1) > perIdentity()) {',
    to: 'if (counts.add(place, 1) < 0) {',
  },
  {
    ...admission,
    why: 'whoever leaves twice makes room for two',
    from: '      if (!here) return;\n      here = false;\n',
    to: '      here = false;\n',
  },
  {
    ...counts,
    why: 'each front counts for itself',
    from: 'for (let from = 1; from < cells.length; from += length) sum += Atomics.load(cells, from + at);',
    to: 'sum = Atomics.load(cells, own + at);',
  },
  {
    ...counts,
    why: 'a front that died stays counted',
    from: 'new Int32Array(buffer).fill(0, from, from + rowLength(slots));',
    to: '',
  },
  {
    ...counts,
    why: 'the minute before is counted in this one',
    from: '      if (Atomics.load(cells, from + MINUTE_AT) === minute) sum +=',
    to: '      sum +=',
  },
];
