// Faults of timing: what begins as something else ends, what is believed of before. No unit test can play all of them: seeds of the simulation do.

import type { Fault } from './fault.ts';

const accept = { file: 'src/submission/accept.ts', tests: ['src/submission/'] };
/** Of the simulation itself: what it takes for a needless copy, though the relay could not tell one reply from another. */
const doubt = { file: 'test/simulation/doubt.ts', tests: [], scenario: 'garbled' } as const;
const delivery = { file: 'src/protocol/delivery/session.ts', tests: [] };
const drain = { file: 'src/server/drain.ts', tests: ['src/server/drain'] };
const pool = { file: 'src/relay/hop-pool.ts', tests: [] };
const relay = { file: 'src/relay/relay.ts', tests: [] };
const senders = { file: 'src/relay/senders.ts', tests: [] };

const mayGo = 'return () => doubtsBefore === this.#doubts && !this.#mayNotSend.has(identityId);';
const isBusy = 'connections.size + memory.used + withdrawing.size > 0';
const untilItEnds = `const endsAt = clock.monotonic() + graceMs;
  // A message that is still being accepted may have to be taken back, though its session is over.
  const isBusy = (): boolean => connections.size + memory.used + withdrawing.size > 0;
  connections.drain();
  const emptied = (async () => {
    while (isBusy() && clock.monotonic() < endsAt)`;

export const simulationFaults: readonly Fault[] = [
  {
    file: 'src/relay/claims.ts',
    tests: [],
    why: 'a claim that is answered after the begin of a drain is begun',
    from: "if (outcome.type !== 'claimed' || this.#stopped) return;",
    to: "if (outcome.type !== 'claimed') return;",
    seeds: [247],
  },
  {
    ...relay,
    why: 'a message that is handed over after the begin of a drain is begun',
    from: '    if (this.#draining) return;\n',
    to: '',
    seeds: [126],
  },
  {
    file: 'src/store/memory/queue.ts',
    tests: ['src/store/memory'],
    why: 'a lease is given back without regard to its attempt',
    from: 'chosen.includes(`${id} ${recipient.number} ${recipient.attempt}`)',
    to: 'chosen.some((key) => key.startsWith(`${id} ${recipient.number} `))',
  },
  {
    ...accept,
    why: 'a message that is not relayed from memory is accepted without a lease',
    from: '    owner: context.owner,\n',
    to: '    ...(input.fromMemory ? { owner: context.owner } : {}),\n',
  },
  {
    ...drain,
    why: 'a drain does not wait for memory in use',
    from: isBusy,
    to: 'connections.size + withdrawing.size > 0',
  },
  {
    ...drain,
    why: 'a drain does not wait for what is being taken back',
    from: isBusy,
    to: 'connections.size + memory.used > 0',
  },
  {
    ...drain,
    why: 'a drain ends at a time of the wall clock',
    from: untilItEnds,
    to: untilItEnds.replaceAll('clock.monotonic()', 'clock.now()'),
  },
  {
    ...delivery,
    why: 'garbage after a reply is not counted as said',
    from: '      moreWasSaid(state);\n',
    to: '',
    scenario: 'garbled',
    seeds: [2],
  },
  {
    ...delivery,
    why: 'half a reply is not counted as said',
    from: 'if (this.#reader.pending) moreWasSaid(this.#state);',
    to: '',
    scenario: 'garbled',
    seeds: [5],
  },
  {
    file: 'src/server/store-notices.ts',
    tests: ['src/server/store-notices'],
    why: 'a front believes what it knew of principals before its line to the store broke',
    from: '    identityStatuses.unsure();\n',
    to: '',
  },
  {
    ...senders,
    why: 'mail in memory leaves whatever the lines to the store may have lost',
    from: mayGo,
    to: 'return () => doubtsBefore <= this.#doubts && !this.#mayNotSend.has(identityId);',
    scenario: 'waiting',
    seeds: [4],
  },
  {
    ...senders,
    why: 'mail in memory leaves after its identity was suspended',
    from: mayGo,
    to: 'return () => doubtsBefore <= this.#doubts;',
    tests: ['src/relay/suspended'],
  },
  {
    file: 'src/submission/submit.ts',
    why: 'what the store accepted as held leaves from memory',
    from: ' || outcome.held === true',
    to: '',
    tests: [],
    scenario: 'waiting',
    seeds: [47],
  },
  {
    file: 'src/relay/outage.ts',
    tests: ['src/relay/outage', 'src/relay/weather', 'simulation/relay'],
    why: 'a route that is called down is left alone for good, though its hosts are not down',
    from: 'get lasts() {\n      return lasts();',
    to: 'get lasts() {\n      return nobodyThere !== undefined || lasts();',
  },
  {
    ...pool,
    why: 'the identity is not looked at again when the connection is there',
    from: 'if (job.mayGo?.() === false) {',
    to: 'if (false) {',
    tests: ['src/relay/suspended', 'src/relay/hop-pool'],
  },
  {
    ...doubt,
    why: 'the connection breaks after a reply that could be of MAIL, and the copy is called needless',
    from: 'if (this.#moreSaid) for (const taking of this.#doubted) taking.heard = false;',
    to: 'void this.#moreSaid;',
    seeds: [1],
  },
  {
    ...doubt,
    why: 'a reply is left out, the rest is counted to the wrong commands, and the copy is called needless',
    from: '    this.#outOfStep = true;\n',
    to: '    void this.#outOfStep;\n',
    seeds: [23],
  },
  {
    ...doubt,
    why: 'a reply is none, the relay gives up there, and the copy is called needless',
    from: 'if (isNonsense === true) return this.#givenUp();',
    to: 'void isNonsense;',
    seeds: [34],
  },
  {
    file: 'src/relay/hop-connection.ts',
    why: 'the identity is not looked at again when the content is asked for',
    from: '    if (!this.#mayGo()) return this.#withhold();\n',
    to: '',
    tests: ['src/relay/hop-connection'],
  },
  {
    file: 'src/relay/content-out.ts',
    why: 'the end of a content is sent whatever became of its sender',
    from: '    if (!way.mayGo()) return way.withhold();\n',
    to: '',
    tests: ['src/relay/hop-connection'],
  },
  {
    file: 'src/relay/hop-turns.ts',
    why: 'the identity is not looked at again when another message has left the connection',
    from: 'if (job.mayGo?.() !== false)',
    to: 'if (job !== undefined)',
    tests: ['src/relay/suspended'],
  },
];
