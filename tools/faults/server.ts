// Faults of how a server is put together, of its threads, and of its start and stop.

import type { Fault } from './fault.ts';

const front = { file: 'src/server/front.ts', tests: ['src/server/front'] };
const drain = { file: 'src/server/drain.ts', tests: ['src/server/drain'] };
const supervisor = { file: 'src/server/supervisor.ts', tests: ['src/server/supervisor'] };

const face = { file: 'src/server/face.ts', tests: ['src/server/face'] };
const proxied = { file: 'src/server/proxied.ts', tests: ['src/server/proxied'] };

const isBusy = 'connections.size + memory.used + withdrawing.size > 0';
const untilItEnds = `const endsAt = clock.monotonic() + graceMs;
  // A message that is still being accepted may have to be taken back, though its session is over.
  const isBusy = (): boolean => connections.size + memory.used + withdrawing.size > 0;
  connections.drain();
  const emptied = (async () => {
    while (isBusy() && clock.monotonic() < endsAt)`;

export const serverFaults: readonly Fault[] = [
  {
    file: 'src/server/logins.ts',
    tests: ['src/server/front'],
    why: 'a front remembers no login',
    from: '        verified.remember(fingerprint, outcome.principal, clock.now());\n',
    to: '',
  },
  {
    ...front,
    why: 'a login is known by its front after a reload',
    from: '  logins.forget();\n',
    to: '',
  },
  {
    ...front,
    why: 'sessions of the self-test are counted with the others',
    from: 'const selfTest = frontOf(inside, createFrontMetrics(),',
    to: 'const selfTest = frontOf(inside, metrics,',
  },
  {
    ...front,
    why: 'the last lines of a front are lost',
    from: '        feed.flush();\n',
    to: '',
  },
  {
    ...front,
    why: 'a front that drains takes new connections',
    from: '        listeners.close();\n',
    to: '',
  },
  {
    file: 'src/server/listeners.ts',
    tests: ['src/server/front'],
    why: 'a front that is told twice listens twice',
    from: 'listen: () => (begun ??= listen()),',
    to: 'listen: () => listen(),',
  },
  {
    file: 'src/server/front-threads.ts',
    tests: ['src/server/supervisor'],
    why: 'nobody waits for the fronts to drain',
    from: 'await Promise.all(drained);',
    to: 'void drained;',
  },
  {
    file: 'src/server/front-threads.ts',
    tests: ['src/server/supervisor'],
    why: 'a front that can not drain ends the drain of all others',
    from: '.catch((error: unknown) => {\n        this.#log',
    to: '.then(undefined, (error: unknown) => {\n        if (error !== undefined) throw error;\n        this.#log',
  },
  {
    file: 'src/server/store-notices.ts',
    tests: ['src/server/store-notices'],
    why: 'a front believes what it knew of principals before its line to the store broke',
    from: '    identityStatuses.unsure();\n',
    to: '',
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
    ...supervisor,
    why: 'a front that is born during a drain lives on',
    from: '    if (this.#draining !== undefined) return thread.terminate();\n',
    to: '',
  },
  {
    ...supervisor,
    why: 'a store that dies during a drain is not started again',
    from: "(this.#draining === undefined || kind !== 'front')",
    to: 'this.#draining === undefined',
  },
  {
    ...proxied,
    why: 'the limits of one network are those of the proxy',
    from: 'front.admission.connected(undefined, listener.role)',
    to: 'front.admission.connected(ends.remote.address, listener.role)',
  },
  {
    ...proxied,
    why: 'a header may take as long as it likes',
    from: 'const HEADER_MS = 5_000;',
    to: 'const HEADER_MS = 500_000;',
  },
  {
    ...proxied,
    why: 'what comes behind a header is lost',
    from: '    socket.unshift(rest);\n',
    to: '',
  },
  {
    ...proxied,
    why: 'a connection without a header stays among all that are counted',
    from: '      admission.left();\n    });',
    to: '    });',
  },
  {
    file: 'src/server/listeners.ts',
    tests: ['src/server/proxied'],
    why: 'a header is believed from everywhere',
    from: 'proxy.length > 0 && isProxy(address)',
    to: 'proxy.length > 0',
  },
  {
    file: 'src/server/listeners.ts',
    tests: ['src/server/proxied'],
    why: 'a drain waits for the sessions of headers that come late',
    from: '      proxied.close();\n',
    to: '',
  },
  {
    ...face,
    why: 'a copy of the store outlives the thread that it was sent by',
    from: '      wishes.end().catch(',
    to: '      Promise.resolve().catch(',
  },
  {
    ...face,
    why: 'a console that comes up after the stop runs on',
    from: '    if (this.#isStopped) return thread.terminate();\n',
    to: '',
  },
  {
    ...face,
    why: 'a reload that comes while the console is started again is lost',
    from: '    if (loaded !== inForce.loaded) await this.reload(inForce.loaded);\n',
    to: '',
  },
  {
    ...face,
    why: 'a console that ended is asked for a link',
    from: '      if (this.#thread === thread) this.#thread = undefined;\n',
    to: '',
  },
  {
    ...face,
    why: 'a console that ended keeps its lines',
    from: '      leave();\n',
    to: '',
  },
  {
    ...face,
    why: 'a console that does not answer is left as it is',
    from: '      await thread.terminate();\n    }\n  }\n\n  async #sample',
    to: '    }\n  }\n\n  async #sample',
  },
  {
    file: 'src/server/readiness.ts',
    tests: ['src/server/readiness'],
    why: 'a stop is announced to nobody',
    from: '    this.#isLeaving = true;\n',
    to: '',
  },
  {
    file: 'src/server/readiness.ts',
    tests: ['src/server/readiness'],
    why: 'a store that does not answer holds up who asks whether the server is ready',
    from: 'await withDeadline(this.#clock, LOOK_MS, Promise.resolve(because()))',
    to: 'await because()',
  },
  {
    file: 'src/submission/accept.ts',
    tests: ['src/submission/submit'],
    why: 'mail of a node that does not relay belongs to that node, and never leaves',
    from: 'context.relaysHere',
    to: 'true',
  },
  {
    file: 'src/server/in-force.ts',
    tests: ['src/server/in-force'],
    why: 'a reload takes what other roles serve',
    from: 'onlyRoles({ ...next, waiting, config: { ...next.config, ...kept } }, now.roles)',
    to: '{ ...next, waiting, config: { ...next.config, ...kept } }',
  },
  {
    file: 'src/server/server.ts',
    tests: ['src/server/server'],
    why: 'a start that fails cuts off what its fronts have under way',
    from: '      await made.drain(plan.graceMs());\n',
    to: '',
  },
  {
    file: 'src/store/memory/queue.ts',
    tests: ['src/store/memory'],
    why: 'a claim that is asked again gives mail of an identity that was suspended since (memory)',
    from: 'before.keys.filter((key) => !takeBack(tables, owner, key))',
    to: 'before.keys',
  },
  {
    file: 'src/store/sqlite/queue.ts',
    tests: ['src/store/sqlite/sqlite'],
    why: 'a claim that is asked again gives mail of an identity that was suspended since (SQLite)',
    from: '(key) => !takeBack(writer, change.owner, key),',
    to: '(key) => key.length > 0,',
  },
];
