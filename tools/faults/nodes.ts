// Faults in what several nodes on one store rely on: leases, what is told of identities, pulses.

import type { Fault } from './fault.ts';

const lease = { file: 'src/store/lease.ts', tests: ['src/store/lease'] };
const freshness = { file: 'src/store/freshness.ts', tests: ['src/store/freshness'] };
const holder = { file: 'src/store/holder.ts', tests: ['src/store/holder'] };
const lives = { file: 'src/store/memory/lives.ts', tests: ['src/store/memory/lives'] };
const guesses = { file: 'src/identity/shared-guesses.ts', tests: ['src/identity/shared-guesses'] };
const alike = { file: 'src/server/alike.ts', tests: ['src/server/alike'] };
const cluster = { file: 'src/server/cluster.ts', tests: ['src/server/cluster'] };
const tickets = { file: 'src/server/ticket-keys.ts', tests: ['src/server/ticket-keys'] };
const apart = { file: 'src/store/apart.ts', tests: ['src/store/apart'] };
const rights = { file: 'src/store/postgres/rights.ts', tests: ['src/store/postgres/rights'] };
const pulses = { file: 'src/server/pulses.ts', tests: ['src/server/pulses'] };

export const nodeFaults: readonly Fault[] = [
  {
    ...alike,
    why: 'a digest tells of a password',
    from: "'files', 'password']",
    to: "'files']",
  },
  {
    ...alike,
    why: 'nodes of two versions are compared',
    from: 'Map.groupBy(alive, ({ version }) => version)',
    to: "Map.groupBy(alive, () => '')",
  },
  {
    ...cluster,
    why: 'whoever changes one node after the other is warned at once',
    from: 'CHANGING_MS = 600_000',
    to: 'CHANGING_MS = 0',
  },
  {
    ...cluster,
    why: 'a node that has begun anew says nothing of itself',
    from: 'JSON.stringify(own.facts) !== JSON.stringify(facts)',
    to: "own.facts === undefined && life.incarnation === '1'",
  },
  {
    ...tickets,
    why: 'the next key of tickets is asked for when it is needed',
    from: 'AHEAD_MS = 3_600_000',
    to: 'AHEAD_MS = 0',
  },
  {
    ...guesses,
    why: 'guesses of others are taken for new ones, however old they are',
    from: 'decayed({ value: count, at: 0 }, ageMs, halfLifeMs)',
    to: 'count',
  },
  {
    ...guesses,
    why: 'guesses that were taken back are held against a network elsewhere',
    from: '>= LEAST) own.set(name, 0);',
    to: '< 0) own.set(name, 0);',
  },
  {
    ...guesses,
    why: 'in a flood nobody hears of what is new',
    from: '(count === undefined ? 0 : 1e9) + value',
    to: 'value',
  },
  {
    ...lease,
    why: 'a node acts until the very end of its lease',
    from: 'MARGIN_MS = 3_000',
    to: 'MARGIN_MS = 0',
  },
  {
    ...lease,
    why: 'a machine that was paused holds its lease',
    from: 'const byWall = now.wall - right.ahead;',
    to: 'const byWall = now.monotonic;',
  },
  {
    ...lease,
    why: 'who is dead holds the lease of its life on',
    from: "if (answer === 'dead') return newLife(nextIncarnation());",
    to: "if (answer === 'dead') return { ...own, ...newLife(nextIncarnation()) };",
  },
  {
    ...lease,
    why: 'a life is begun however long ago its first try was',
    from: 'own.begun || stands(own.begins, now)',
    to: 'own.begun || own.begins !== undefined',
  },
  {
    ...lease,
    why: 'the first one back after an outage takes everything over',
    from: ' && now - steadySince >= LEASE_MS',
    to: ' && now >= steadySince',
  },
  {
    ...lease,
    why: 'a gap in the pulses of a node is forgotten',
    from: 'sincePulse >= 0 && sincePulse <= GAP_MS',
    to: 'sincePulse >= 0',
  },
  {
    ...lease,
    why: 'the clock of the store is set back, and a life that is gone lasts until that time',
    from: 'until: Math.min(until, now + LEASE_MS)',
    to: 'until',
  },
  {
    ...freshness,
    why: 'after a long gap what was known is believed',
    from: 'if (isGap) return',
    to: 'if (isGap && feed.at === undefined) return',
  },
  {
    ...freshness,
    why: 'a change is told once, whichever it is',
    from: 'revision > (feed.told.get(identityId) ?? -Infinity)',
    to: '!feed.told.has(identityId)',
  },
  {
    ...holder,
    why: 'what is leased in another life bears the name of the one before',
    from: '      current = ownerIn(notice.life, owner);\n',
    to: '',
  },
  {
    ...lives,
    why: 'what comes late from a life that is over stays leased to it',
    from: '      sweep(now);\n',
    to: '      if (tookOver.length > 0) sweep(now);\n',
  },
  {
    ...lives,
    why: 'a life that nobody knows is begun by any pulse',
    from: "before === undefined ? !isFirst : before.state !== 'alive'",
    to: "before !== undefined && before.state !== 'alive'",
  },
  {
    ...pulses,
    why: 'the lease counts from when the pulse was answered',
    from: 'afterPulse(this.#own, pulse, answer.type,',
    to: 'afterPulse(this.#own, { ...pulse, sent: instantOf(this.#options.clock) }, answer.type,',
  },
  {
    ...pulses,
    why: 'the feed is believed before it is told',
    from: '      for (const notice of notices) tell(notice);\n',
    to: '      tell(this.lease);\n      for (const notice of notices) tell(notice);\n',
  },
  {
    ...pulses,
    why: 'a life is named before it stands in the store',
    from: "if (answer.type === 'alive') {",
    to: "if (answer.type === 'dead') this.#toldLife = { ...life, incarnation: this.#own.incarnation };\n    else {",
  },
  {
    ...pulses,
    why: 'an accept whose first time is in doubt is refused without the lease',
    from: "(change.type === 'accept' && change.again !== true)",
    to: "change.type === 'accept'",
  },
  {
    ...pulses,
    why: 'what is due goes by the clock of a node that is off',
    from: 'isOff(aheadMs) ? given.map((change) => inStoreTime(change, aheadMs)) : given',
    to: 'given',
  },
  {
    ...pulses,
    why: 'what is asked before the clock of the store was heard goes by that of the node',
    from: 'return waits ? this.#compared.promise.then(() => send(given, lane)) : send(given, lane);',
    to: 'void waits;\n      return send(given, lane);',
  },
  {
    ...pulses,
    why: 'a slow first answer tells nothing of the clock of the store',
    from: 'if (!isClose && this.#storeClock !== undefined) return;',
    to: 'if (!isClose) return;',
  },
  {
    ...pulses,
    why: 'mail is claimed that may not leave',
    from: "change.type === 'claim' && !stands(this.#sure, now)",
    to: "change.type === 'withdraw' && !stands(this.#sure, now)",
  },
  {
    file: 'src/server/store-notices.ts',
    tests: ['src/server/store-notices'],
    why: 'what was leased in the life before is begun in the next',
    from: 'holder.told(heard) ? relay.unsure() : undefined',
    to: 'void holder.told(heard)',
  },
  {
    file: 'src/server/store-body.ts',
    tests: ['src/server/store-body'],
    why: 'a new line is not told whether the lease is held',
    from: '      for (const notice of pulses?.standing ?? []) line.tell(notice);\n',
    to: '',
  },
  {
    file: 'src/server/supervisor.ts',
    tests: ['src/server/supervisor'],
    why: 'a thread is born into a life that is over',
    from: '    this.#life = notice.life;\n',
    to: '',
  },
  {
    file: 'src/submission/identity-status.ts',
    tests: ['src/submission/identity-status'],
    why: 'a principal is believed though nobody tells any more who changes',
    from: ' || !isSure()',
    to: '',
  },
  {
    ...pulses,
    why: 'mail is accepted that could not be kept',
    from: "if (change.type === 'accept' && this.#unfit !== undefined) return",
    to: "if (change.type === 'claim' && this.#unfit !== undefined) return",
  },
  {
    ...apart,
    why: 'a lost connection is taken for a fault of the work that met it',
    from: '        if (isOver(error)) throw error;\n',
    to: '',
  },
  {
    ...apart,
    why: 'work that fails is tried again at once',
    from: 'if (its !== undefined && clock.monotonic() < its.againAt) return instead;',
    to: '',
  },
  {
    ...rights,
    why: 'who relays can read credentials',
    from: "updates: ['parked'], submission: 'S', mx: 's', relay: 'su'",
    to: "updates: ['parked'], submission: 'S', mx: 's', relay: 'Su'",
  },
  {
    ...rights,
    why: 'who takes mail in can read what is queued',
    from: "inflight: { hidden: ['content'],",
    to: 'inflight: { hidden: [],',
  },
];
