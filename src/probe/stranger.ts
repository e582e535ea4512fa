// What somebody without a login may do on a port: MAIL with several senders, RCPT elsewhere and at home. Ends at RCPT, then RSET: nothing
// is ever sent.

import type { Answer } from './answer.ts';
import { isPositive } from './answer.ts';
import type { Visit } from './visit.ts';

export interface Trial {
  readonly phase: 'clear' | 'inside';
  readonly sender: string;
  readonly mail: Answer;
  /** Undefined: MAIL was refused. */
  readonly remote?: Answer;
  readonly local?: Answer;
}

export interface Strangers {
  readonly trials: readonly Trial[];
  /** Why there are no trials, or fewer. */
  readonly problem?: string;
}

/** Once for a port, however many checks ask. */
export function strangers(visit: Visit): Promise<Strangers> {
  return visit.once('strangers', async () => {
    const phases = visit.port.kind === 'starttls' ? (['clear', 'inside'] as const) : (['inside'] as const);
    const trials: Trial[] = [];
    let problem: string | undefined;
    for (const phase of phases) {
      if (phase === 'inside' && typeof visit.found.inside !== 'object') continue;
      problem = (await tryPhase(visit, phase, trials)) ?? problem;
    }
    return problem === undefined ? { trials } : { trials, problem };
  });
}

async function tryPhase(visit: Visit, phase: Trial['phase'], trials: Trial[]): Promise<string | undefined> {
  const { target } = visit;
  // F-REL-12: a sender of our own is no ticket; nor is the null sender.
  const senders = [target.localRecipient, '', target.remoteRecipient];
  let opened = await visit.open(phase, `without login, ${phase}`);
  for (const sender of senders) {
    if (opened.ok && opened.value.conversation.isOver)
      opened = await visit.open(phase, `without login, ${phase}, again`);
    if (!opened.ok) return opened.error;
    const { conversation } = opened.value;
    const mail = await conversation.say(`MAIL FROM:<${sender}>`);
    if (!isPositive(mail)) {
      trials.push({ phase, sender, mail });
      continue;
    }
    const remote = await conversation.say(`RCPT TO:<${target.remoteRecipient}>`);
    const local = await conversation.say(`RCPT TO:<${target.localRecipient}>`);
    trials.push({ phase, sender, mail, remote, local });
    await conversation.say('RSET');
  }
  if (opened.ok) await opened.value.conversation.quit();
  return undefined;
}

/** It was refused, but because of the address itself: says nothing about relaying (RFC 3463: x.1.z, x.4.z). */
export function isAboutAddress(answer: Answer): boolean {
  return answer.type === 'reply' && /^[45]\.[14]\./.test(answer.reply.status);
}
