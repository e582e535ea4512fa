// What a look at a port found, without a port.

import type { Answer } from '../../src/probe/answer.ts';
import type { Hello } from '../../src/probe/conversation.ts';
import type { Survey } from '../../src/probe/survey.ts';
import { parseCapabilities } from '../../src/protocol/delivery/commands.ts';
import { type RemoteReply, ReplyReader } from '../../src/protocol/delivery/reply-reader.ts';

function read(text: string): RemoteReply {
  const [reply] = new ReplyReader().push(Buffer.from(text)).replies;
  if (reply === undefined) throw new Error(`no reply: ${text}`);
  return reply;
}

export const replied = (line: string): Answer => ({ type: 'reply', reply: read(`${line}\r\n`) });

/** `keywords`: e.g. `AUTH PLAIN`. */
export function helloOf(...keywords: readonly string[]): Hello {
  const lines = ['mail.example.org', ...keywords];
  const text = lines.map((line, at) => `250${at === lines.length - 1 ? ' ' : '-'}${line}\r\n`).join('');
  const reply = read(text);
  return { reply, capabilities: parseCapabilities(reply.lines) };
}

/** `problem`: why the certificate is not good. */
export function secured(fingerprint: string, problem?: string): NonNullable<Survey['handshake']> {
  return {
    ...{ type: 'secured', version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' },
    certificate: {
      ...{ names: ['mail.example.org'], isForName: true, issuer: 'an authority' },
      ...{ notBefore: 0, notAfter: Date.UTC(2027, 0, 1), fingerprint },
    },
    ...(problem === undefined ? {} : { problem }),
  } as NonNullable<Survey['handshake']>;
}

/** Port 587 as it should be. */
export function surveyOf(changed: Partial<Survey> = {}): Survey {
  return {
    ...{ port: { port: 587, kind: 'starttls' }, at: { address: '192.0.2.1', family: 4 }, family: 4 },
    ...{ reach: 'open', reachDetail: '', greeting: replied('220 mail.example.org ESMTP') },
    ...{ clear: helloOf('STARTTLS'), startTls: replied('220 go ahead'), handshake: secured('aa') },
    inside: helloOf('PIPELINING', 'ENHANCEDSTATUSCODES', 'DSN', '8BITMIME', 'AUTH PLAIN LOGIN'),
    ...changed,
  };
}

/** Nobody was reached there. */
export function unreached(reach: Exclude<Survey['reach'], 'open'>): Survey {
  const { port, at, family } = surveyOf();
  return { port, at, family, reach, reachDetail: 'ETIMEDOUT' };
}
