// SASL as SMTP carries it (RFC 4954): a mechanism is a function from what the client said so far to what comes next. Each attempt
// starts afresh (AUTH-aj). To add one, add it to the table.

import { utf8Text } from '../../base/bytes.ts';
import type { Credentials } from '../session/ports.ts';

export type SaslStep =
  | { readonly type: 'challenge'; readonly bytes: Uint8Array }
  | { readonly type: 'credentials'; readonly credentials: Credentials }
  /** The message is no message of this mechanism. */
  | { readonly type: 'malformed'; readonly cause: string };

export interface Mechanism {
  readonly name: string;
  readonly clientFirst: boolean;
  /** `responses`: everything the client has sent, the initial response included. */
  next(responses: readonly Uint8Array[]): SaslStep;
}

const empty = new Uint8Array(0);
const NAME_OCTETS_MAX = 1024;

/** RFC 4616: authzid NUL authcid NUL passwd. */
const plain: Mechanism = {
  name: 'PLAIN',
  clientFirst: true,
  next([message]) {
    if (message === undefined) return { type: 'challenge', bytes: empty };
    const text = utf8Text(message);
    const parts = text?.split('\0') ?? [];
    const [authorizationIdentity = '', authenticationIdentity = '', password = ''] = parts;
    if (parts.length !== 3) return { type: 'malformed', cause: 'PLAIN wants two NULs and valid UTF-8' };
    return finish('PLAIN', authorizationIdentity, authenticationIdentity, password);
  },
};

/** No standard; prompts as every client expects them (AUTH-ah). */
const login: Mechanism = {
  name: 'LOGIN',
  clientFirst: true,
  next([name, secret]) {
    if (name === undefined) return { type: 'challenge', bytes: Buffer.from('Username:') };
    if (secret === undefined) return { type: 'challenge', bytes: Buffer.from('Password:') };
    const [user, password] = [utf8Text(name), utf8Text(secret)];
    if (user === undefined || password === undefined || user.includes('\0') || password.includes('\0')) {
      return { type: 'malformed', cause: 'LOGIN wants valid UTF-8 without NUL' };
    }
    return finish('LOGIN', '', user, password);
  },
};

function finish(
  mechanism: string,
  authorizationIdentity: string,
  authenticationIdentity: string,
  password: string,
): SaslStep {
  if (authenticationIdentity === '' || password === '')
    return { type: 'malformed', cause: 'empty name or empty password' };
  if (
    Buffer.byteLength(authenticationIdentity) > NAME_OCTETS_MAX ||
    Buffer.byteLength(password) > NAME_OCTETS_MAX
  ) {
    return { type: 'malformed', cause: `name or password over ${NAME_OCTETS_MAX} octets` };
  }
  return {
    type: 'credentials',
    credentials: { mechanism, authorizationIdentity, authenticationIdentity, password },
  };
}

const mechanisms: Readonly<Record<string, Mechanism>> = { PLAIN: plain, LOGIN: login };

/** `offered`: what the listener is configured to offer. */
export function mechanismNamed(name: string, offered: readonly string[]): Mechanism | undefined {
  const upper = name.toUpperCase();
  return offered.includes(upper) && Object.hasOwn(mechanisms, upper) ? mechanisms[upper] : undefined;
}
