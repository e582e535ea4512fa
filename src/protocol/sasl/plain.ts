// PLAIN (RFC 4616): authzid NUL authcid NUL passwd, in one message.

import { utf8Text } from '../../base/bytes.ts';
import type { Mechanism } from './mechanism.ts';
import { passwordStep } from './password-step.ts';

export const plain: Mechanism = {
  name: 'PLAIN',
  clientFirst: true,
  open: () => ({
    begin: () => ({ type: 'challenge', bytes: new Uint8Array(0) }),
    respond(message) {
      const parts = utf8Text(message)?.split('\0') ?? [];
      const [authorizationIdentity = '', authenticationIdentity = '', password = ''] = parts;
      if (parts.length !== 3) return { type: 'malformed', cause: 'PLAIN wants two NULs and valid UTF-8' };
      return passwordStep({ mechanism: 'PLAIN', authorizationIdentity, authenticationIdentity, password });
    },
  }),
};
