// Faults on the way out: whose mail may leave, what counts as said.

import type { Fault } from './fault.ts';

const pool = { file: 'src/relay/hop-pool.ts', tests: ['src/relay'] };
const pace = { file: 'src/policy/pace.ts', tests: ['src/policy/pace'] };
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
  {
    ...pool,
    why: 'the identity is not looked at again when the connection is there',
    from: 'if (errand.mayGo?.() === false) {',
    to: 'if (false) {',
  },
  {
    ...pool,
    why: 'a further connection that is refused takes the route down',
    from: 'if (others > 0) {',
    to: 'if (others < 0) {',
  },
  {
    ...pool,
    why: 'a connection that is used up is used on',
    from: 'if (!o.shared || o.way.fresh || turnedAway.length === 0)',
    to: 'if (turnedAway.length >= 0)',
  },
  {
    file: 'src/relay/claims.ts',
    tests: ['src/relay/adversity'],
    why: 'a claim that is answered behind the begin of a drain is begun',
    from: "if (outcome.type !== 'claimed' || stopped) return;",
    to: "if (outcome.type !== 'claimed') return;",
  },
  {
    ...pace,
    why: 'each failure of one outage counts',
    from: 'if (o.begunAt <= pace.failedAt) return pace;',
    to: '',
  },
];
