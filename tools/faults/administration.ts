// Faults in what operators do, and in what is told of it.

import type { Fault } from './fault.ts';

const control = { file: 'src/http/control.ts', tests: ['src/http/control'] };
const looks = { file: 'src/administration/looks.ts', tests: ['src/administration/looks'] };
const trail = { file: 'src/administration/trail.ts', tests: ['src/administration/looks'] };
const bounce = { file: 'src/administration/bounce.ts', tests: ['src/administration/bounce'] };

export const administrationFaults: readonly Fault[] = [
  {
    ...control,
    why: 'who acts is what the client says',
    from: 'who: peers.whoProved(claim)',
    to: 'who: String((input as { who?: unknown } | undefined)?.who ?? peers.whoProved(claim))',
  },
  {
    ...looks,
    why: 'no reason is asked for',
    from: "reason === '' && config()",
    to: 'reason === undefined && config()',
  },
  {
    ...trail,
    why: 'an export leaves no record',
    from: "await recordLook(ports, actor, 'audit export'",
    to: "await recordLook({ ...ports, store: { commit: async () => [{ type: 'recorded' }] } } as never, actor, 'audit export'",
  },
  {
    ...bounce,
    why: 'the message that a slice cuts is left out',
    from: 'next: placeOf(end)',
    to: 'next: placeOf(cut)',
  },
];
