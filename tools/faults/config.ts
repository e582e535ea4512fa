// Faults in what a configuration may say, and in how another one takes its place.

import type { Fault } from './fault.ts';

const supervisor = { file: 'src/server/supervisor.ts', tests: ['src/server/supervisor'] };
const hopOfUrl = { file: 'src/server/hop-of-url.ts', tests: ['src/server/hop-of-url'] };
const unsafe = { file: 'src/config/unsafe.ts', tests: ['src/config/unsafe'] };

export const configFaults: readonly Fault[] = [
  {
    ...unsafe,
    why: 'submission in clear is allowed',
    from: "listener.role === 'submission' && listener.tls === 'none'",
    to: "listener.role === 'submission' && listener.tls === ('x' as string)",
  },
  {
    ...unsafe,
    why: 'no certificate is needed',
    from: "config.tls === undefined && config.listeners.some(({ tls }) => tls !== 'none')",
    to: 'config.tls === undefined && config.listeners.length === 0',
  },
  {
    ...unsafe,
    why: 'submission without port 587 is allowed',
    from: 'return open.length > 0 && !open.some(({ port }) => port === 587)',
    to: 'return open.length > 1000 && !open.some(({ port }) => port === 587)',
  },
  {
    ...unsafe,
    why: 'the trail may be shorter than mail may be under way',
    from: 'config.audit.retention < RETENTION_FLOOR_MS + config.relay.expire',
    to: 'config.audit.retention < RETENTION_FLOOR_MS',
  },
  {
    ...unsafe,
    why: 'a public web listener may be in clear',
    from: '...(!web.tls && !isLoopback(web.address) && !isPrivate(web.address)',
    to: '...(!web.tls && web.port === 0',
  },
  {
    ...unsafe,
    why: 'a web listener without a certificate is allowed',
    from: '...(web.tls && tls === undefined',
    to: '...(web.tls && web.port === 0',
  },
  {
    ...unsafe,
    why: 'a password may go to a hop in clear',
    from: "if ((tls === 'none' || tls === 'opportunistic') && urls.some((url) => url.includes('@')))",
    to: "if (tls === 'none' && urls.some((url) => url.includes('@')))",
  },
  {
    ...unsafe,
    why: '`smtps:` may be without a verified certificate',
    from: "if (tls !== 'verified' && urls.some((url) => url.startsWith('smtps:')))",
    to: "if (tls === 'none' && urls.some((url) => url.startsWith('smtps:')))",
  },
  {
    ...unsafe,
    why: 'one user of this host may be two identities',
    from: 'seen.add(osUser);',
    to: '',
  },
  {
    ...unsafe,
    why: 'a private address is one that begins alike',
    from: '172\\.(1[6-9]|2\\d|3[01])\\.',
    to: '172\\.',
  },
  {
    ...unsafe,
    why: 'what may come in is looked at on loopback only',
    from: "({ role, address }) => role === 'submission' && !isLoopback(address),",
    to: "({ role, address }) => role === 'submission' && address !== undefined && !isLoopback(address),",
  },
  {
    ...unsafe,
    why: 'a port may be taken twice',
    from: 'portsTakenTwice(portsOf(config))',
    to: 'portsTakenTwice(portsOf(config).slice(0, 1))',
  },
  {
    ...supervisor,
    why: 'a front that was being born goes by the plan from before a reload',
    from: "if (birth.plan !== this.#plan) await askOrEnd(thread, { ask: 'reload', plan: this.#plan });",
    to: '',
  },
  {
    ...supervisor,
    why: 'a store thread that was being born goes by the limits from before a reload',
    from: 'if (birth.limits !== this.#storeLimits) await askOrEnd(thread, { limits: this.#storeLimits });',
    to: '',
  },
  {
    ...supervisor,
    why: 'a lookup thread that was being born goes by the settings from before a reload',
    from: 'if (plan !== this.#plan) await askOrEnd(thread, { settings: lookupSettings(this.#plan) });',
    to: '',
  },
  {
    ...supervisor,
    why: 'a front that is born while the server drains listens',
    from: '    this.#listening = false;\n',
    to: '',
  },
  {
    ...hopOfUrl,
    why: 'a % in the URL of a next hop ends the program',
    from: '[url.username, url.password].map((part) => decoded(part))',
    to: '[url.username, url.password].map((part) => decodeURIComponent(part))',
  },
  {
    ...hopOfUrl,
    why: 'a part of a password is shown',
    from: '/^([a-z]+:\\/\\/)?(.*)$/is',
    to: '/^(.*:\\/\\/)?(.*)$/is',
  },
  {
    file: 'src/server/in-force.ts',
    tests: ['src/server/reload-reach'],
    why: 'another socket for local submission is said to be reloaded',
    from: 'return next.local?.socket === now.local?.socket ? different',
    to: 'return next.local?.socket !== undefined ? different',
  },
  {
    file: 'src/server/plan-of-config.ts',
    tests: ['src/server/reload-reach'],
    why: 'a reload forgets how long a handshake may take',
    from: 'tlsHandshakeMs: timeouts.tlsHandshake,',
    to: 'tlsHandshakeMs: 10_000,',
  },
];
