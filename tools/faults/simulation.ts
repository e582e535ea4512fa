// Faults that seeds of the simulation show: what begins as something else ends, what is believed of before. What no seed shows is in the list of its part.

import type { Fault } from './fault.ts';

/** Of the simulation itself: what it takes for a needless copy, though the relay could not tell one reply from another. */
const doubt = { file: 'test/simulation/doubt.ts', tests: [], scenario: 'garbled' } as const;
const delivery = { file: 'src/protocol/delivery/session.ts', tests: [] };
const relay = { file: 'src/relay/relay.ts', tests: [] };
const nodes = { tests: [], scenario: 'nodes' } as const;
const senders = { file: 'src/relay/senders.ts', tests: [] };

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
    tests: [],
    why: 'a lease is given back without regard to its attempt',
    from: 'chosen.includes(`${id} ${recipient.number} ${recipient.attempt}`)',
    to: 'chosen.some((key) => key.startsWith(`${id} ${recipient.number} `))',
    seeds: [517],
  },
  {
    file: 'src/submission/accept.ts',
    tests: [],
    why: 'a message that is not relayed from memory is accepted without a lease',
    from: '    owner: context.holder.owner,\n',
    to: '    ...(input.fromMemory ? { owner: context.holder.owner } : {}),\n',
    seeds: [150],
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
    tests: [],
    why: 'a front believes what it knew of principals before its line to the store broke',
    from: '    identityStatuses.unsure();\n',
    to: '',
    scenario: 'waiting',
    seeds: [7],
  },
  {
    file: 'src/server/front.ts',
    tests: [],
    why: 'a front believes what it knows of principals until its line to the store is back',
    from: ', closed: ofStore.lost',
    to: '',
    scenario: 'waiting',
    seeds: [59],
  },
  {
    ...senders,
    why: 'mail in memory leaves whatever the lines to the store may have lost',
    from: 'doubtsBefore === this.#doubts',
    to: 'doubtsBefore <= this.#doubts',
    scenario: 'waiting',
    seeds: [7],
  },
  {
    ...senders,
    why: 'mail in memory leaves after its identity was suspended',
    from: ' && !this.#mayNotSend.has(identityId)',
    to: '',
    scenario: 'waiting',
    seeds: [25],
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
    ...doubt,
    why: 'a farewell counts as an answer to MAIL, and a reply that was heard as lost',
    from: ' && isFarewell !== true',
    to: ' && isFarewell !== null',
    seeds: [234],
  },
  {
    ...nodes,
    file: 'src/store/lease.ts',
    why: 'a lease is believed by the wall clock, which may be set back',
    from: '  if (byWall - now.monotonic > JUMP_MS) return false;\n  return Math.max(now.monotonic, byWall) < right.until;',
    to: '  return byWall < right.until;',
    seeds: [15],
  },
  {
    ...nodes,
    file: 'src/store/lease.ts',
    why: 'who was away with the database takes everything from the others',
    from: "state === 'alive' && now - steadySince >= LEASE_MS;",
    to: "state === 'alive' && now >= steadySince;",
    seeds: [2],
  },
  {
    ...nodes,
    file: 'test/simulation/way.ts',
    why: 'what was asked over connections that were given up is done after it was asked again (src/store/postgres/replaced.ts)',
    from: '    if (before !== undefined) this.#database.end(before);\n',
    to: '    void before;\n',
    seeds: [126],
  },
];
