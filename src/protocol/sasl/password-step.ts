// The end of an exchange that brings a name and a password: evidence, if they can be any.

import type { PasswordEvidence, SaslStep } from './mechanism.ts';

const NAME_OCTETS_MAX = 1024;

export function passwordStep(brought: Omit<PasswordEvidence, 'kind'>): SaslStep {
  const { authenticationIdentity, password } = brought;
  if (authenticationIdentity === '' || password === '')
    return { type: 'malformed', cause: 'empty name or empty password' };
  if (
    Buffer.byteLength(authenticationIdentity) > NAME_OCTETS_MAX ||
    Buffer.byteLength(password) > NAME_OCTETS_MAX
  )
    return { type: 'malformed', cause: `name or password over ${NAME_OCTETS_MAX} octets` };
  return { type: 'evidence', evidence: { kind: 'password', ...brought } };
}
