// Faults on the way out: whose mail may leave, what counts as said.

import type { Fault } from './fault.ts';

const relay = { file: 'src/relay/relay.ts', tests: ['src/relay'] };

export const relayFaults: readonly Fault[] = [
  {
    ...relay,
    why: 'mail in memory leaves whoever sent it',
    from: "const mayGo = (): boolean => lostBefore === linesLost && !mayNotSend.has(message.identityId ?? '');",
    to: 'const mayGo = (): boolean => true;',
  },
  {
    ...relay,
    why: 'mail in memory leaves though notices may be lost',
    from: "const mayGo = (): boolean => lostBefore === linesLost && !mayNotSend.has(message.identityId ?? '');",
    to: "const mayGo = (): boolean => !mayNotSend.has(message.identityId ?? '');",
  },
  {
    ...relay,
    why: 'an identity that is active again stays stopped',
    from: "if (state === 'active') mayNotSend.delete(identityId);",
    to: "if (state === 'active') mayNotSend.add(identityId);",
  },
];
