// Faults of timing: what begins as something else ends, what is believed of before. No unit test can play all of them: seeds of the simulation do.

import type { Fault } from './fault.ts';

const accept = { file: 'src/submission/accept.ts', tests: [] };
const delivery = { file: 'src/protocol/delivery/session.ts', tests: [] };
const drain = { file: 'src/server/drain.ts', tests: [] };
const pool = { file: 'src/relay/hop-pool.ts', tests: [] };
const relay = { file: 'src/relay/relay.ts', tests: [] };

const mayGo =
  "const mayGo = (): boolean => doubtsBefore === doubts && !mayNotSend.has(message.identityId ?? '');";
const isBusy = 'connections.size + memory.used + takingBack.size > 0';
const untilItEnds = `const endsAt = clock.monotonic() + graceMs;
  // A message that is still being accepted may have to be taken back, though its session is over.
  const isBusy = (): boolean => connections.size + memory.used + takingBack.size > 0;
  connections.drain();
  const emptied = (async () => {
    while (isBusy() && clock.monotonic() < endsAt)`;

export const simulationFaults: readonly Fault[] = [
  {
    file: 'src/relay/claims.ts',
    tests: [],
    why: 'a claim that is answered after the begin of a drain is begun',
    from: "if (outcome.type !== 'claimed' || stopped) return;",
    to: "if (outcome.type !== 'claimed') return;",
    seeds: [300],
  },
  {
    ...relay,
    why: 'a message that is handed over after the begin of a drain is begun',
    from: '      if (draining) return;\n',
    to: '',
    seeds: [184],
  },
  {
    file: 'src/store/memory/queue.ts',
    tests: [],
    why: 'a lease is given back without regard to its attempt',
    from: 'chosen.includes(`${id} ${recipient.number} ${recipient.attempt}`)',
    to: 'chosen.some((key) => key.startsWith(`${id} ${recipient.number} `))',
    seeds: [389941],
  },
  {
    ...accept,
    why: 'a message that is not relayed from memory is accepted without a lease',
    from: '    owner: context.owner,\n',
    to: '    ...(input.fromMemory ? { owner: context.owner } : {}),\n',
    seeds: [34],
  },
  {
    ...drain,
    why: 'a drain does not wait for memory in use',
    from: isBusy,
    to: 'connections.size + takingBack.size > 0',
    seeds: [116658],
  },
  {
    ...drain,
    why: 'a drain does not wait for what is being taken back',
    from: isBusy,
    to: 'connections.size + memory.used > 0',
    seeds: [707080],
  },
  {
    ...drain,
    why: 'a drain ends at a time of the wall clock',
    from: untilItEnds,
    to: untilItEnds.replaceAll('clock.monotonic()', 'clock.now()'),
    seeds: [707080],
  },
  {
    ...delivery,
    why: 'garbage after a reply is not counted as said',
    from: '      moreWasSaid(state);\n',
    to: '',
    scenario: 'garbled',
    seeds: [1],
  },
  {
    ...delivery,
    why: 'half a reply is not counted as said',
    from: 'if (reader.pending) moreWasSaid(state);',
    to: '',
    scenario: 'garbled',
    seeds: [5],
  },
  {
    file: 'src/server/store-notices.ts',
    tests: [],
    why: 'a front believes what it knew of principals before its line to the store broke',
    from: '    standings.unsure();\n',
    to: '',
    scenario: 'waiting',
    seeds: [46],
  },
  {
    ...relay,
    why: 'mail in memory leaves whatever the lines to the store may have lost',
    from: mayGo,
    to: "const mayGo = (): boolean => !mayNotSend.has(message.identityId ?? '');",
    scenario: 'waiting',
    seeds: [4],
  },
  {
    ...relay,
    why: 'mail in memory leaves after its identity was suspended',
    from: mayGo,
    to: 'const mayGo = (): boolean => true;',
    seeds: [19452],
  },
  {
    file: 'src/submission/submit.ts',
    why: 'what the store accepted as held leaves from memory',
    from: ' || outcome.held === true',
    to: '',
    tests: [],
    scenario: 'waiting',
    seeds: [30],
  },
  {
    file: 'src/relay/outage.ts',
    tests: [],
    why: 'a route that is called down is left alone for good, though its hosts are not down',
    from: 'get lasts() {\n      return lasts();',
    to: 'get lasts() {\n      return nobodyThere !== undefined || lasts();',
    seeds: [24429],
  },
  {
    ...pool,
    why: 'the identity is not looked at again when the connection is there',
    from: 'if (errand.mayGo?.() === false) {',
    to: 'if (false) {',
    seeds: [380],
  },
  {
    file: 'src/relay/hop-turns.ts',
    why: 'the identity is not looked at again when another message has left the connection',
    from: 'if (errand.mayGo?.() !== false)',
    to: 'if (errand !== undefined)',
    tests: ['src/relay/suspended'],
  },
];
