// LOGIN has no standard: name, then password, with prompts as every client expects them (AUTH-ah).

import { utf8Text } from '../../base/bytes.ts';
import type { Exchange, Mechanism } from './mechanism.ts';
import { passwordStep } from './password-step.ts';

export const login: Mechanism = { name: 'LOGIN', clientFirst: true, open: openExchange };

function openExchange(): Exchange {
  let name: Uint8Array | undefined;
  return {
    begin: () => ({ type: 'challenge', bytes: Buffer.from('Username:') }),
    respond(response) {
      if (name === undefined) {
        name = response;
        return { type: 'challenge', bytes: Buffer.from('Password:') };
      }
      const [user, password] = [utf8Text(name), utf8Text(response)];
      if (user === undefined || password === undefined || user.includes('\0') || password.includes('\0'))
        return { type: 'malformed', cause: 'LOGIN wants valid UTF-8 without NUL' };
      const authenticationIdentity = user;
      return passwordStep({
        mechanism: 'LOGIN',
        authorizationIdentity: '',
        authenticationIdentity,
        password,
      });
    },
  };
}
