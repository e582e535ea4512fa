// Data: the configuration, once: type, default, unit, limit and prose of every key. The example file, the reference page and the JSON Schema
// are generated from it (`npm run docs`); the type of the loaded configuration is derived from it.

import { z } from 'zod';
import { dkimKey } from './dkim.ts';
import { mechanismNames } from '../protocol/sasl/mechanisms.ts';
import { DATA_DEFAULT } from './read-lite.ts';
import { storeChoice } from './store.ts';
import {
  count,
  domainName,
  duration,
  ipAddress,
  mailAddress,
  mailboxEntry,
  network,
  nodeName,
  secret,
  size,
} from './values.ts';

const listener = z.strictObject({
  port: count(1, 65535).meta({ description: 'TCP port.' }),
  address: ipAddress.optional().meta({
    description:
      'IP address to listen on; without it all addresses, v4 and v6. `::` is all of v6 alone, `0.0.0.0` all of v4.',
  }),
  role: z.enum(['submission', 'mx']).prefault('submission').meta({
    description:
      '`submission`: mail of authenticated users. `mx`: unauthenticated mail for our own domains and existing mailboxes only; never a relay, nor by names that the next server could take for a route (`user%far@ours`).',
  }),
  tls: z.enum(['starttls', 'implicit', 'none']).prefault('starttls').meta({
    description: '`starttls` (587, 25), `implicit` (465), or `none`, which only role `mx` may have.',
  }),
  proxy: z.array(network).max(1000).prefault([]).meta({
    description:
      'Networks of load balancers. What connects from there must say for whom, by a PROXY header (version 1 or 2) within 5 s, before greeting and TLS, or is closed; from elsewhere a header is nonsense.',
  }),
});

const certificate = z.strictObject({
  cert: z.string().meta({ description: 'PEM file: the certificate and its chain.' }),
  key: z.string().meta({ description: 'PEM file: the private key. It must not be readable by everybody.' }),
});

const password = secret.optional().meta({
  description:
    'Password for the user named in `smarthost`; a text, `{ file: PATH }` (a file that is not readable by everybody) or `{ env: NAME }`.',
});

const destination = {
  smarthost: z
    .union([z.string(), z.array(z.string()).min(1).max(10)])
    .optional()
    .meta({
      description:
        'URL of the next server, or a list for fail-over: `smtp://host:25` (STARTTLS if offered), `smtp://user@host:587` (STARTTLS, certificate verified), `smtps://user@host:465` (TLS, verified).',
    }),
  password,
  lmtp: z
    .union([z.string(), z.array(z.string()).min(1).max(10)])
    .optional()
    .meta({ description: 'Where mailboxes live: `lmtp://host:24` or `unix:/run/dovecot/lmtp`.' }),
  files: z
    .string()
    .optional()
    .meta({ description: 'A directory: each message becomes an .eml file. For a first try and for tests.' }),
  tls: z.enum(['none', 'opportunistic', 'required', 'verified']).optional().meta({
    description:
      '`opportunistic`: STARTTLS if it is offered; where it breaks, one connection in clear, which log and trail tell. `required`: STARTTLS or nothing, whatever the certificate. `verified`: its certificate must be valid for the name. `none`: never. Without it: `verified` for `smtps:` and with a user, whose password goes nowhere else; else `opportunistic`; `none` for `unix:`.',
  }),
};

const perHour = (name: string) =>
  z.union([count(1, 10_000_000), z.literal('none')]).meta({
    description: `${name} an hour for each identity; per day four times as much. \`none\` lifts it.`,
  });

const longLine = z.enum(['refuse', 'pass']);

const limits = z.strictObject({
  message: size(65_536).prefault('25MiB').meta({ description: 'Largest message.' }),
  header: size(16_384).prefault('256KiB').meta({ description: 'Largest message header.' }),
  recipients: count(100, 100_000).prefault(1000).meta({ description: 'Recipients of one transaction.' }),
  receivedHops: count(25, 1000)
    .prefault(100)
    .meta({ description: 'Received fields before a message counts as looping.' }),
  longLines: z
    .union([
      longLine,
      z.strictObject({ submission: longLine.prefault('refuse'), mx: longLine.prefault('pass') }),
    ])
    .prefault({})
    .transform((both) => (typeof both === 'string' ? { submission: both, mx: both } : both))
    .meta({
      description:
        'Lines over 998 octets: refused, or passed on unchanged; one word for both roles, or one for each. Role `submission` passes them in bodies alone.',
    }),
  unauthenticatedPerNetwork: count(1, 100_000).prefault(50).meta({
    description:
      'Connections without AUTH from one IPv4 address or one IPv6 /64, at a time; four times as many from a /56, sixteen times from a /48.',
  }),
  newConnections: z
    .union([count(10, 10_000_000), z.literal('none')])
    .prefault(600)
    .meta({
      description:
        'New connections from one network (as above) within a minute; those that log in are not counted. `none` lifts it.',
    }),
  connectionsPerIdentity: count(1, 100_000)
    .prefault(200)
    .meta({ description: 'Connections of one identity, at a time.' }),
  connections: count(10, 1_000_000)
    .prefault(10_000)
    .meta({ description: 'Connections in all, of all front threads together.' }),
  strangersShare: z.number().min(0.05).max(1).prefault(0.5).meta({
    description:
      'Part of `connections`, `queuedMessages` and `incomingMemory` that mail of strangers (role `mx`) may take; the rest is kept for users.',
  }),
  exempt: z.array(network).max(1000).prefault([]).meta({
    description:
      'Networks of webmail and monitors: free of the limits per network, and wrong passwords from there count for each login by itself. Never free of AUTH.',
  }),
  errors: z
    .strictObject({
      beforeAuth: count(5, 10_000).prefault(25).meta({
        description:
          'Failed commands before AUTH until the connection is closed, refused content among them. 4yz is no failure (4,000 of them, or four times `limits.recipients` where that is more, close it all the same); accepted mail begins the count again. Recipients refused on role mx are counted for the whole connection too, up to four times as many.',
      }),
      afterAuth: count(25, 100_000).prefault(500).meta({
        description:
          'Failed commands after AUTH until the connection is closed. 4yz and recipients that policy refuses are no failures; accepted mail begins the count again.',
      }),
      authentications: count(3, 100)
        .prefault(3)
        .meta({ description: 'Failed AUTH in one session until the next one closes it.' }),
    })
    .prefault({}),
  identity: z
    .strictObject({
      messagesPerHour: perHour('Messages').prefault(500),
      recipientsPerHour: perHour('Recipients').prefault(2000),
      nullSenderPerHour: perHour('Messages with the null sender').prefault(50),
    })
    .prefault({}),
  freeSpace: z
    .strictObject({
      share: z
        .number()
        .min(0)
        .max(0.5)
        .prefault(0.05)
        .meta({ description: 'Of the file system of `data`, from 0 to 1.' }),
      size: size().prefault('512MiB').meta({ description: 'At least so much.' }),
    })
    .prefault({})
    .meta({
      description: 'Below this floor nothing is accepted (452 4.3.1). PostgreSQL looks after its own disk.',
    }),
  queuedMessages: z
    .union([count(1, 100_000_000), z.literal('none')])
    .prefault(2_000_000)
    .meta({
      description:
        'Messages in the queue: at so many new mail hears 452 4.3.1 until some have left. Reports of our own always find room. `none` lifts it.',
    }),
  incomingMemory: size(1_048_576).prefault('64MiB').meta({
    description:
      'Memory for messages on their way in, in all; each front thread has its part of it, and room for four headers at least. Beyond it bodies go to disk.',
  }),
  relayMemory: size().prefault('64MiB').meta({
    description: 'Accepted messages that are relayed from memory, in all; each front thread has its part.',
  }),
});

const timeouts = z.strictObject({
  beforeAuth: duration(5000)
    .prefault('60s')
    .meta({ description: 'From connect to TLS, in all; on role `mx` from connect to the first MAIL.' }),
  login: duration(10_000).prefault('5m').meta({
    description:
      'Inside TLS: for a login, in all, and again after each that failed. A person may be typing a password.',
  }),
  tlsHandshake: duration(1000).prefault('10s').meta({ description: 'For a TLS handshake.' }),
  idle: duration(10_000)
    .prefault('5m')
    .meta({ description: 'Without a whole command or an octet of content.' }),
  reply: duration(5000, 119_000)
    .prefault('110s')
    .meta({ description: 'Longest time until any reply (RFC 6409 section 5.3: under two minutes).' }),
});

const relay = z.strictObject({
  ...destination,
  routes: z.record(domainName, z.strictObject(destination)).prefault({}).meta({
    description: 'Other ways by domain of the recipient, each with one of `smarthost`, `lmtp`, `files`.',
  }),
  ca: z.string().optional().meta({ description: "PEM file of authorities to trust beside the system's." }),
  retry: z
    .array(duration(1000))
    .min(1)
    .max(50)
    .prefault(['15m', '30m', '1h', '2h', '3h'])
    .meta({ description: 'Delays between attempts; the last one repeats.' }),
  expire: duration(60_000)
    .prefault('5d')
    .meta({ description: 'After this the message goes back to its sender.' }),
  delayNotice: duration(1000)
    .prefault('4h')
    .meta({ description: 'After this the sender is told once that it is late.' }),
  connections: count(1, 1000).prefault(20).meta({
    description: 'Connections to one next server, in all; each front thread has its part, and one at least.',
  }),
});

const incomingServer = (port: number) =>
  z
    .strictObject({
      host: domainName.meta({ description: 'Its name.' }),
      port: count(1, 65535).prefault(port).meta({ description: 'TCP port.' }),
      tls: z.enum(['implicit', 'starttls']).prefault('implicit').meta({ description: 'How TLS begins.' }),
    })
    .optional();

const onboarding = z.strictObject({
  displayName: z
    .string()
    .min(1)
    .max(60)
    .optional()
    .meta({ description: 'What people see as the name of their mail; else the domain.' }),
  imap: incomingServer(993).meta({ description: 'The IMAP server of our users; this server has none.' }),
  pop3: incomingServer(995).meta({ description: 'The POP3 server of our users.' }),
  help: z
    .url({ protocol: /^https$/ })
    .max(500)
    .optional()
    .meta({ description: 'Page that helps users to set up their mail; https.' }),
  spf: z
    .string()
    .regex(/^v=spf1( [!-~]+)*$/)
    .max(450)
    .optional()
    .meta({
      description:
        'SPF record to publish, if mail leaves by other hosts than this one and the MX hosts: `v=spf1 include:_spf.example.net -all`.',
    }),
  pacc: z.enum(['off', 'smtp', 'submit']).prefault('off').meta({
    description:
      'The document of draft-ietf-mailmaint-pacc: with the key `smtp` (up to -02) or `submit` (from -03). It names no port: 465 must be open.',
  }),
  mtaSts: z
    .strictObject({
      mode: z.enum(['testing', 'enforce', 'none']).prefault('testing').meta({
        description: 'Begin with `testing`; `enforce` makes others refuse an MX without a valid certificate.',
      }),
      mx: z
        .array(z.string().regex(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/))
        .min(1)
        .max(100)
        .meta({ description: 'Names of the MX hosts of our domains, `*.` for one label.' }),
      maxAge: duration(86_400_000, 31_557_600_000)
        .prefault('7d')
        .meta({ description: 'How long others remember it.' }),
    })
    .optional()
    .meta({ description: 'The MTA-STS policy that the `web:` listener serves (RFC 8461).' }),
});

const web = z.strictObject({
  port: count(1, 65535).meta({ description: 'TCP port: 443, or another one behind a proxy.' }),
  address: ipAddress.optional().meta({
    description:
      'IP address to listen on; without it all addresses, v4 and v6. `::` is all of v6 alone, `0.0.0.0` all of v4.',
  }),
  tls: z.boolean().prefault(true).meta({
    description: 'With the certificates of `tls`, chosen by name; `false` only behind a proxy that does it.',
  }),
});

const local = z.strictObject({
  socket: z.string().min(1).prefault('/run/postern/submit.sock').meta({
    description:
      'Socket that `postern send` submits over when it has no login. Its directory must be there, and others must be able to enter it.',
  }),
  services: z
    .array(
      z.strictObject({
        osUser: z
          .string()
          .regex(/^(?:[A-Za-z_][A-Za-z0-9_.-]{0,63}\$?|\d{1,10})$/)
          .meta({ description: 'User of the operating system: a name, or a uid.' }),
        identity: z.string().min(1).max(320).meta({
          description: 'Login of the account that it submits as (`account add NAME --no-mailbox`).',
        }),
      }),
    )
    .min(1)
    .max(1000)
    .meta({ description: 'Who may submit without a password, and as whom. Nobody else may.' }),
});

const consoleListener = z.strictObject({
  address: ipAddress.prefault('127.0.0.1').meta({
    description: 'Address to listen on. With `tls: false` a loopback address alone.',
  }),
  port: count(1, 65535).prefault(8588).meta({ description: 'TCP port.' }),
  tls: z.boolean().prefault(false).meta({
    description:
      'TLS with the certificates of `tls`, chosen by name: needed on other addresses than loopback.',
  }),
  origin: z
    .string()
    .regex(/^https?:\/\/[a-z0-9.-]+(:\d{1,5})?$|^http:\/\/\[::1\](:\d{1,5})?$/)
    .optional()
    .meta({
      description:
        'How browsers call it, if not by `http://` and that address, or with `tls` by `https://`, the hostname and the port: `https://console.example.org` behind a proxy of this machine that does TLS.',
    }),
});

export const configSchema = z.strictObject({
  hostname: domainName.meta({
    description: 'Name of this server as clients know it: in the greeting, in Received, in the certificate.',
  }),
  domains: z
    .array(domainName)
    .min(1)
    .max(10_000)
    .meta({ description: 'Our domains: users send as addresses of these and of no others.' }),
  data: z.string().prefault(DATA_DEFAULT).meta({
    description:
      "Directory of everything that is kept, or with `store: { postgres: … }` of what is this node's own: its lock and its control socket. 0700; one server at a time.",
  }),
  store: storeChoice.prefault('embedded').meta({
    description:
      'What keeps accounts, queue and trail: `embedded`, a database in `data`, or PostgreSQL, which several nodes may share.',
  }),
  node: nodeName.optional().meta({
    description:
      'Name of this node among those that share a PostgreSQL; no two may have the same. By default the name of the machine. Without meaning for `embedded`.',
  }),
  tls: z
    .union([certificate, z.array(certificate).min(1).max(1000)])
    .optional()
    .meta({
      description:
        'Certificate and key, or a list of pairs, chosen by the name that a client asks for; the first one is for clients that ask for none. A second pair with another kind of key (ECDSA, RSA) and all names of the first is served to clients that can use only that.',
    }),
  listeners: z
    .array(listener)
    .min(1)
    .max(100)
    .prefault([
      { port: 587, role: 'submission', tls: 'starttls' },
      { port: 465, role: 'submission', tls: 'implicit' },
    ])
    .meta({ description: 'Where SMTP is spoken.' }),
  mechanisms: z
    .array(z.enum(mechanismNames))
    .min(1)
    .prefault(['PLAIN', 'LOGIN'])
    .meta({ description: 'SASL mechanisms that are offered, inside TLS only.' }),
  relay: relay.meta({ description: 'Where accepted mail goes: one of `smarthost`, `lmtp`, `files`.' }),
  mailboxes: z.array(mailboxEntry).max(100_000).prefault([]).meta({
    description:
      'Mailboxes of our domains that are no accounts here: addresses, or `@domain` for every name of a domain; never one with `%`, `!`, a quoted `@`, or a leading `|`, `/` or `-`.',
  }),
  postmaster: mailAddress.optional().meta({
    description:
      'Where postmaster@ and abuse@ of our domains go, and who hears of delivery reports that were refused, or not sent.',
  }),
  dkim: z.array(dkimKey).max(20_000).prefault([]).meta({
    description:
      'Keys that sign outgoing mail, by the domain of its From; several of one domain are several signatures. `postern dkim` makes one.',
  }),
  received: z.enum(['pseudonymous', 'full']).prefault('pseudonymous').meta({
    description:
      'What our Received field shows of the client: a label that only this server can resolve, or name and address.',
  }),
  displayNames: z.enum(['refuse', 'allow']).prefault('refuse').meta({
    description:
      'Display names of senders that show an address of ours which the sender may not use, or that not every mail program decodes alike.',
  }),
  limits: limits.prefault({}),
  timeouts: timeouts.prefault({}),
  drain: z
    .strictObject({
      announce: duration(0, 30_000).prefault('0s').meta({
        description:
          'How long a stop by SIGTERM is announced: `/readyz` says no, and connections are still taken. Behind a balancer that asks `/readyz`: as long as it takes to notice, e.g. `5s`; else it only makes stops longer.',
      }),
    })
    .prefault({})
    .meta({ description: 'How the server leaves.' }),
  audit: z
    .strictObject({
      retention: duration(86_400_000).prefault('30d').meta({
        description: 'How long it can be traced who sent what; at least 7 days plus `relay.expire`.',
      }),
      requireReason: z.boolean().prefault(false).meta({
        description: 'What shows personal data needs `--reason`: `trace`, `audit export`, `queue show`.',
      }),
    })
    .prefault({}),
  http: z
    .union([
      z.strictObject({
        address: ipAddress.prefault('127.0.0.1').meta({ description: 'Address of the private HTTP port.' }),
        port: count(1, 65535)
          .prefault(8587)
          .meta({ description: 'Its port: `/metrics`, `/health`, `/livez`, `/readyz`.' }),
      }),
      z.literal('off'),
    ])
    .prefault({})
    .meta({
      description:
        'Private HTTP for metrics, health, and who asks whether the server is alive and ready, or `off`.',
    }),
  local: local.optional().meta({
    description: 'Submission by programs on this host, off by default: `postern send` without a login.',
  }),
  web: web.optional().meta({
    description:
      'The public web listener, off by default: onboarding documents for mail programs, nothing else.',
  }),
  console: z
    .union([consoleListener, z.literal('off')])
    .prefault('off')
    .meta({
      description:
        'The console: pages for operators and users, or `off`. `console: {}` has it on 127.0.0.1:8588; `postern console link` lets somebody in.',
    }),
  onboarding: onboarding.prefault({}).meta({
    description:
      'What mail programs are told: in the documents of `web`, by `postern dns` and on its sheets.',
  }),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error'])
        .prefault('info')
        .meta({ description: 'What is logged.' }),
      format: z.enum(['text', 'json']).optional().meta({
        description:
          'How: `text` is a line for people, `json` an object on a line for programs. By default `text` on a terminal, else `json`.',
      }),
    })
    .prefault({}),
  threads: z
    .strictObject({
      fronts: count(1, 64)
        .optional()
        .meta({ description: 'Front threads; by default one less than there are cores, at least one.' }),
    })
    .prefault({}),
});

export type Config = z.output<typeof configSchema>;
export type DestinationConfig = Pick<Config['relay'], 'smarthost' | 'password' | 'lmtp' | 'files' | 'tls'>;
