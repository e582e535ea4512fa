// A login that nobody has, tried once on a port inside TLS, however many checks ask what came of it.

import { utf8 } from '../base/bytes.ts';
import { ok, type Result } from '../base/result.ts';
import { encodeBase64 } from '../protocol/wire/base64.ts';
import type { Answer } from './answer.ts';
import type { Visit } from './visit.ts';

/** Argument of AUTH PLAIN; not a login of anybody. */
export const STRANGE_LOGIN = encodeBase64(utf8('\0postern-probe\0no-password'));

/** The error says why it could not be tried. */
export function tryStrangeLogin(visit: Visit): Promise<Result<Answer>> {
  return visit.once('strange login', async () => {
    const opened = await visit.open('inside', 'a login that does not exist');
    if (!opened.ok) return opened;
    const { conversation } = opened.value;
    const answer = await conversation.say(`AUTH PLAIN ${STRANGE_LOGIN}`, 'AUTH PLAIN (dummy)');
    await conversation.quit();
    return ok(answer);
  });
}
