// The options of the client, judged before anything is asked or opened: what comes out is fit for the wire (C-ORD-13).

import { isIP } from '../base/network.ts';
import { canonicalDomain, mailboxText, parseMailbox } from '../protocol/wire/mailbox.ts';
import type { Account } from './autoconfig.ts';
import { readCredential, readEhloName, readHost } from './envelope.ts';
import { badInput } from './errors.ts';
import type { DiscoveryMemory } from './memory.ts';
import { type ClientPorts, systemPorts } from './ports.ts';
import type { Candidate } from './server.ts';
import type { Listener } from './transcript.ts';

export interface DiscoveryOptions {
  /** The server, if the user named one. Without `port` the default list is tried on it. */
  readonly host?: string;
  /** With `host`: this port alone. */
  readonly port?: number;
  /** Default: implicit on 465, STARTTLS elsewhere. */
  readonly tls?: 'implicit' | 'starttls';
  /** `implicit-first`: without published data 465 is tried before 587 (RFC 8314 section 3). Default: 587 first (RFC 5068 section 3.2). */
  readonly profile?: 'standard' | 'implicit-first';
  /** Tried after 587 and 465 where nothing was published. */
  readonly extraPorts?: readonly { readonly port: number; readonly tls: 'implicit' | 'starttls' }[];
  /** What worked last time; default: nothing is remembered. */
  readonly memory?: DiscoveryMemory;
  /** May this server have the password? Asked for servers outside the domain of the address that only the DNS named. Default: no. */
  confirm?(candidate: Candidate): boolean | Promise<boolean>;
  /** Certificates of authorities to trust beside the well-known ones, PEM. */
  readonly ca?: string;
  readonly signal?: AbortSignal;
  /** Network, DNS, clock and chance; default: the system's. For tests. */
  readonly ports?: Partial<ClientPorts>;
}

export interface SubmissionOptions extends DiscoveryOptions {
  /** The account's address: its domain is asked for the server, and it is the login unless that is given. */
  readonly address?: string;
  /** Default: what the domain's configuration says, or the address, or its local part. */
  readonly login?: string;
  /** Without one there is no AUTH. Never sent but inside verified TLS. */
  readonly password?: string;
  /** For EHLO; default `[127.0.0.1]`, which tells nobody who we are. */
  readonly ehloName?: string;
  /** For one server to take the connection and to finish the TLS handshake, ms each; default 10,000. */
  readonly connectTimeoutMs?: number;
  /** Each line that is said, credentials hidden and content left out. */
  transcript?(direction: 'client' | 'server', line: string): void;
}

export interface DiscoverySettings {
  readonly explicit:
    | { readonly host: string; readonly port: number | undefined; readonly tls: Candidate['tls'] | undefined }
    | undefined;
  readonly account: Account | undefined;
  readonly profile: 'standard' | 'implicit-first';
  readonly extraPorts: readonly { readonly port: number; readonly tls: Candidate['tls'] }[];
  readonly memory: DiscoveryMemory | undefined;
  readonly ports: ClientPorts;
}

export interface Settings extends DiscoverySettings {
  readonly login: string | undefined;
  readonly password: string | undefined;
  readonly ehloName: string;
  readonly connectTimeoutMs: number;
  readonly ca: string | undefined;
  readonly transcript: Listener | undefined;
  confirm(candidate: Candidate): boolean | Promise<boolean>;
}

const CONNECT_MS = 10_000;
const CONNECT_MS_MAX = 300_000;
const EXTRA_PORTS_MAX = 10;

/** Throws `badInput`. */
export function readOptions(options: SubmissionOptions): Settings {
  const { login, password, ehloName = '[127.0.0.1]', connectTimeoutMs = CONNECT_MS } = options;
  const discovery = readDiscovery(options.address, options);
  if (!(connectTimeoutMs >= 1 && connectTimeoutMs <= CONNECT_MS_MAX))
    throw badInput(`connectTimeoutMs is ${connectTimeoutMs}`, `Use 1 to ${CONNECT_MS_MAX} milliseconds.`);
  if (login !== undefined && password === undefined)
    throw badInput('there is a login and no password', 'Give both, or neither.');
  if (password !== undefined && login === undefined && discovery.account === undefined)
    throw badInput('there is a password and no login', 'Give `login`, or `address` to use it as the login.');
  return {
    ...discovery,
    login: login === undefined ? undefined : readCredential(login, 'login'),
    password: password === undefined ? undefined : readCredential(password, 'password'),
    ehloName: readEhloName(ehloName),
    connectTimeoutMs,
    ca: options.ca,
    confirm: options.confirm?.bind(options) ?? (() => false),
    transcript: options.transcript?.bind(options),
  };
}

export function readDiscovery(address: string | undefined, options: DiscoveryOptions): DiscoverySettings {
  const { host, port, tls, profile = 'standard', extraPorts = [] } = options;
  if (host === undefined && address === undefined)
    throw badInput(
      'there is neither a host nor an address',
      'Name the server, or the address of the account.',
    );
  if (host === undefined && (port !== undefined || tls !== undefined))
    throw badInput('`port` and `tls` say nothing without `host`', 'Name the server too.');
  if (profile !== 'standard' && profile !== 'implicit-first')
    throw badInput(`profile is ${JSON.stringify(profile)}`, 'Use standard or implicit-first.');
  if (extraPorts.length > EXTRA_PORTS_MAX)
    throw badInput(`there are ${extraPorts.length} extra ports`, `Give at most ${EXTRA_PORTS_MAX}.`);
  return {
    explicit:
      host === undefined
        ? undefined
        : {
            host: readHost(host, 'the host'),
            port: port === undefined ? undefined : readPort(port),
            tls: tls === undefined ? undefined : readTls(tls),
          },
    account: address === undefined ? undefined : readAccount(address),
    profile,
    extraPorts: extraPorts.map((one) => ({ port: readPort(one.port), tls: readTls(one.tls) })),
    memory: options.memory,
    ports: { ...systemPorts(options.ca), ...options.ports },
  };
}

function readPort(port: number): number {
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw badInput(`the port is ${JSON.stringify(port)}`, 'Use a number from 1 to 65535.');
}

function readTls(tls: string): Candidate['tls'] {
  if (tls === 'implicit' || tls === 'starttls') return tls;
  throw badInput(`tls is ${JSON.stringify(tls)}`, 'Use implicit or starttls; nothing is ever sent in clear.');
}

function readAccount(address: string): Account {
  const parsed = parseMailbox(address);
  if (!parsed.ok)
    throw badInput(
      `the address ${JSON.stringify(String(address).slice(0, 80))} is no full mail address`,
      'Give it as alice@example.org.',
    );
  const { localPart, domain, isLiteral } = parsed.value;
  const bare = domain.replace(/^\[(?:IPv6:)?|\]$/gi, '');
  const canonical = isLiteral && isIP(bare) !== 0 ? bare : (canonicalDomain(domain) ?? domain);
  return { address: mailboxText(parsed.value), localPart, domain: canonical };
}
