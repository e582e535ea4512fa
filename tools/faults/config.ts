// Faults in what a configuration may say.

import type { Fault } from './fault.ts';

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
];
