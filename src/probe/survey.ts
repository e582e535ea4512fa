// One look at one port over one address: is it reachable, what greets us, what does it offer, in clear and inside TLS. Facts only;
// src/probe/path-state.ts says what they mean.

import type { CertificateFacts, Handshake } from '../platform/probe-wire.ts';
import { type Answer, codeOf } from './answer.ts';
import type { Conversation, Hello } from './conversation.ts';
import type { Dialler } from './dialler.ts';
import type { ProbePort, Target } from './target.ts';
import type { HostAddress } from '../platform/probe-names.ts';

export interface Survey {
  readonly port: ProbePort;
  /** Undefined: the host has no address of this family. */
  readonly at: HostAddress | undefined;
  readonly family: 4 | 6;
  readonly reach: 'open' | 'refused' | 'filtered' | 'unreachable' | 'noAddress';
  readonly reachDetail: string;
  greeting?: Answer;
  /** What was offered before TLS; a string: why there is no list. */
  clear?: Hello | string;
  /** The reply to STARTTLS, which is sent even if it is not offered. */
  startTls?: Answer;
  handshake?: Handshake;
  inside?: Hello | string;
}

export async function survey(
  dialler: Dialler,
  target: Target,
  port: ProbePort,
  family: 4 | 6,
): Promise<Survey> {
  const addresses = port.address === undefined ? target.addresses : [ownAddress(port.address)];
  const at = addresses.find((one) => one.family === family);
  const none = { port, family, at, reachDetail: '' };
  if (at === undefined) return { ...none, reach: 'noAddress' };
  const reached = await dialler.dial(at, port.port, `look at ${port.port} over IPv${family}`);
  if (reached.type !== 'open') return { ...none, reach: reached.type, reachDetail: reached.detail };
  const found: Survey = { ...none, reach: 'open' };
  const { conversation } = reached;
  if (port.kind === 'implicit') await lookInside(conversation, target, found);
  else await lookThroughStartTls(conversation, target, found);
  await conversation.quit();
  return found;
}

function ownAddress(address: string): HostAddress {
  return { address, family: address.includes(':') ? 6 : 4 };
}

async function lookInside(conversation: Conversation, target: Target, found: Survey): Promise<void> {
  found.handshake = await conversation.secure(tlsOf(target));
  if (found.handshake.type === 'failed') return;
  found.greeting = await conversation.next();
  if (codeOf(found.greeting) === 220) found.inside = await conversation.hello();
}

async function lookThroughStartTls(conversation: Conversation, target: Target, found: Survey): Promise<void> {
  found.greeting = await conversation.next();
  if (codeOf(found.greeting) !== 220) return;
  found.clear = await conversation.hello();
  if (typeof found.clear === 'string') return;
  found.startTls = await conversation.say('STARTTLS');
  if (codeOf(found.startTls) !== 220) return;
  found.handshake = await conversation.secure(tlsOf(target));
  if (found.handshake.type === 'secured') found.inside = await conversation.hello();
}

export function tlsOf({ name, ca }: Target): { serverName: string; ca?: string } {
  return { serverName: name, ...(ca === undefined ? {} : { ca }) };
}

export function certificateOf({ handshake }: Survey): CertificateFacts | undefined {
  return handshake?.type === 'secured' ? handshake.certificate : undefined;
}

/** What the server offers in the deepest state that was reached. */
export function offered(found: Survey): Hello | undefined {
  if (typeof found.inside === 'object') return found.inside;
  return typeof found.clear === 'object' ? found.clear : undefined;
}
