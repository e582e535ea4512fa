// Faults on the way out: whose mail may leave, what counts as said.

import type { Fault } from './fault.ts';

const pool = { file: 'src/relay/hop-pool.ts', tests: ['src/relay'] };
const conclusions = { file: 'src/relay/conclusions.ts', tests: ['src/relay'] };
const files = { file: 'src/relay/files.ts', tests: ['src/relay/files'] };
const cap = { file: 'src/relay/strangers-cap.ts', tests: ['src/relay/strangers'] };
const claims = { file: 'src/relay/claims.ts', tests: ['src/relay/claims'] };
const outage = { file: 'src/relay/outage.ts', tests: ['src/relay/outage'] };
const pace = { file: 'src/policy/pace.ts', tests: ['src/policy/pace'] };
const senders = { file: 'src/relay/senders.ts', tests: ['src/relay'] };

const settlement = { file: 'src/relay/settlement.ts', tests: ['src/relay', 'test/simulation/relay'] };

const delivery = { file: 'src/delivery/connection.ts', tests: ['src/delivery/connection'] };

export const relayFaults: readonly Fault[] = [
  {
    ...delivery,
    why: 'an unverified certificate is good enough where a verified one is wanted',
    from: 'if (tls.verify && !peer.verified)',
    to: 'if (tls.serverName === undefined)',
  },
  {
    ...delivery,
    why: 'what is fed while outputs are carried out leaves as a write of its own',
    from: '    if (!isOutermost) return;\n',
    to: '',
  },
  {
    ...delivery,
    why: 'a connection that was told to go elsewhere takes more messages',
    from: 'this.isUsedUp ||= messagesBefore > 0',
    to: 'this.isUsedUp ||= messagesBefore > 1',
  },
  {
    ...senders,
    why: 'mail in memory leaves though the node does not hold its lease',
    from: ' && this.#holder.mayAct()',
    to: '',
  },
  {
    ...senders,
    why: 'mail in memory leaves though nobody tells any more who may send',
    from: 'this.#holder.isSure() && ',
    to: '',
  },
  {
    ...senders,
    why: 'mail in memory leaves whoever sent it',
    from: ' && !this.#mayNotSend.has(identityId)',
    to: '',
  },
  {
    ...senders,
    why: 'an identity that is active again stays stopped',
    from: "if (state === 'active') this.#mayNotSend.delete(identityId);",
    to: "if (state === 'active') this.#mayNotSend.add(identityId);",
  },
  {
    ...pool,
    why: 'the identity is not looked at again when the connection is there',
    from: 'if (job.mayGo?.() === false) {',
    to: 'if (false) {',
  },
  {
    ...pool,
    why: 'a further connection that is refused takes the route down',
    from: 'if (others > 0) {',
    to: 'if (others < 0) {',
  },
  {
    ...conclusions,
    why: 'a connection that is used up is used on',
    from: 'if (!o.shared || o.way.fresh || turnedAway === undefined)',
    to: 'if (o.shared || !o.shared)',
  },
  {
    ...conclusions,
    why: 'a connection that is used up keeps those back whom there was no room for',
    from: '(isOfConnection(result) || isForNextTransaction(result))',
    to: 'isOfConnection(result)',
  },
  {
    ...conclusions,
    why: 'a limit is learned from an old connection',
    from: 'turnedAway === undefined && !o.shared && suspect?.hop === connection.hop',
    to: 'turnedAway === undefined',
  },
  {
    ...outage,
    why: 'a route is left alone as long as it is called down, whatever its hosts do',
    from: 'get lasts() {\n      return lasts();',
    to: 'get lasts() {\n      return nobodyThere !== undefined || lasts();',
  },
  {
    ...outage,
    why: 'a hop that wants another login is asked with every message',
    from: 'hosts.down || login.failures > 0',
    to: 'hosts.down',
  },
  {
    ...outage,
    why: 'a hop that refuses us is back when it is reached again',
    from: 'nobodyThere ?? refused;',
    to: 'nobodyThere;',
  },
  {
    file: 'src/relay/relay.ts',
    why: 'a connection is opened for mail of who may not send',
    from: '    if (job.mayGo?.() === false) return this.#settling.release(job, clock.now());\n',
    to: '',
    tests: ['src/relay/suspended'],
  },
  {
    ...files,
    why: 'a file gets its name whatever became of its sender',
    from: 'if (job.mayGo?.() === false) {',
    to: 'if (false) {',
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
    file: 'src/relay/content-out.ts',
    why: 'the last block of a small content is sent whatever became of its sender',
    from: '      if (isLast && !way.mayGo()) return way.withhold();\n',
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
  {
    file: 'src/relay/hop-turns.ts',
    tests: ['src/relay/weather'],
    why: 'what waits for its turn waits on when its pool is closed',
    from: 'for (const { go } of waiting.splice(0)) go(withheld);',
    to: '',
  },
  {
    file: 'src/relay/claims.ts',
    tests: ['src/relay/adversity'],
    why: 'a claim that is answered after the begin of a drain is begun',
    from: "if (outcome.type !== 'claimed' || this.#stopped) return;",
    to: "if (outcome.type !== 'claimed') return;",
  },
  {
    file: 'src/relay/round-report.ts',
    tests: ['src/relay/reporter'],
    why: 'a report that is withheld counts each time that it is tried',
    from: "cause !== undefined && outcome.type === 'reported') cap",
    to: 'cause !== undefined) cap',
  },
  {
    ...cap,
    why: 'a summary that the store does not take is lost',
    from: "if (outcome.type !== 'accepted') throw",
    to: "if (outcome.type === 'queueFull') throw",
  },
  {
    ...cap,
    why: 'a stop forgets whom no report was sent to',
    from: 'if (count > 0) await summarize();',
    to: '',
  },
  {
    ...claims,
    why: 'a queue whose lanes are more than one claim looks at is asked without a pause',
    from: 'this.#woken ||= this.#round.took(outcome);',
    to: 'this.#round.took(outcome);\n    this.#woken ||= outcome.more;',
  },
  {
    ...claims,
    why: 'a destination that had no room waits for the poll when it has some',
    from: 'if (this.#woken || this.#hasNewRoom()) void this.#claim();',
    to: 'if (this.#woken) void this.#claim();',
  },
  {
    file: 'src/store/round.ts',
    tests: ['src/store/memory/memory'],
    why: 'a round that has come round twice goes on',
    from: 'barren.turns > 1 || ',
    to: '',
  },
  {
    ...pace,
    why: 'each failure of one outage counts',
    from: 'if (o.begunAt <= pace.failedAt) return pace;',
    to: '',
  },
  {
    ...settlement,
    why: 'the last attempt is made after the expiry',
    from: 'Math.min(againAt ?? now + delay, message.acceptedAt + expireMs)',
    to: 'againAt ?? now + delay',
  },
  {
    ...settlement,
    why: 'what is due again is due at once',
    from: 'Math.max(now + ONE_SECOND, ',
    to: 'Math.max(now, ',
  },
  {
    ...settlement,
    why: 'nothing expires',
    from: 'const isExpired = o.now >= message.acceptedAt + o.settings.expireMs;',
    to: 'const isExpired = false;',
  },
  {
    ...settlement,
    why: 'a recipient without a result counts as delivered',
    from: "const noResult: Attempt = { type: 'deferred', status: '4.0.0', diagnostic: 'no result' };",
    to: "const noResult: Attempt = { type: 'delivered', status: '2.0.0', diagnostic: 'no result' };",
  },
  {
    ...settlement,
    why: 'a report that is refused for good vanishes',
    from: 'if (o.holdRefused && isRefused) {',
    to: 'if (false) {',
  },
  {
    ...settlement,
    why: 'a delay is told again and again',
    from: 'delayReported: delivery.delayReported || delayDue',
    to: 'delayReported: false',
  },
  {
    ...settlement,
    why: 'a delay that was told of is told again',
    from: 'const isNews = !isDelayed || (delayDue && !delivery.delayReported);',
    to: 'const isNews = !isDelayed || delayDue;',
  },
  {
    ...settlement,
    why: 'a fate is recorded without whose message it was',
    from: '    ...(message.identityId === undefined ? {} : { identityId: message.identityId }),\n    payload: {\n      recipient: delivery',
    to: '    payload: {\n      recipient: delivery',
  },
  {
    ...settlement,
    why: 'the fate of one is that of the first',
    from: 'finalOf(attempts[at] ?? noResult, isExpired)',
    to: 'finalOf(attempts[at * 0] ?? noResult, isExpired)',
  },
  {
    ...settlement,
    why: 'what was found is written for another attempt',
    from: '    ...{ recipientNumber, attempt, fate, event },',
    to: '    ...{ recipientNumber, attempt: attempt + 1, fate, event },',
  },
  {
    file: 'src/relay/relay.ts',
    tests: ['test/simulation/relay', 'src/relay/weather', 'src/relay/suspended'],
    why: 'a job gives its place back twice',
    from: '      const isHere = this.#running.leave(slot, tracked);',
    to: '      this.#running.leave(slot, tracked);\n      const isHere = this.#running.leave(slot, tracked);',
  },
];
