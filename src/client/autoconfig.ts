// Submission servers by the configuration document that a domain publishes (Thunderbird's config-v1.1, draft-ietf-mailmaint-autoconfig): over
// HTTPS alone, so that the domain itself says which servers are its own. What a document says of servers without TLS is not heard.

import { utf8Text } from '../base/bytes.ts';
import { KIB } from '../base/size.ts';
import type { DocumentAnswer, DocumentSource } from '../platform/web-document.ts';
import { canonicalDomain } from '../protocol/wire/mailbox.ts';
import { foreignDomainOf, isWithin } from './domain.ts';
import type { Candidate } from './server.ts';
import { parseXml, type XmlElement } from '../base/xml.ts';

const OCTETS_MAX = 64 * KIB;
const TIMEOUT_MS = 5000;
const REDIRECTS_MAX = 3;
const SERVERS_MAX = 10;

export interface AutoconfigFinding {
  readonly candidates: readonly Candidate[];
  readonly details: readonly { readonly question: string; readonly answer: string }[];
}

export interface Account {
  /** As the user writes it. */
  readonly address: string;
  readonly localPart: string;
  /** Lower-case A-labels. */
  readonly domain: string;
}

export async function findByAutoconfig(
  account: Account,
  documents: DocumentSource,
): Promise<AutoconfigFinding> {
  const { domain, address } = account;
  const places = [
    `https://autoconfig.${domain}/mail/config-v1.1.xml?emailaddress=${encodeURIComponent(address)}`,
    `https://${domain}/.well-known/autoconfig/mail/config-v1.1.xml`,
  ];
  const details: { question: string; answer: string }[] = [];
  for (const url of places) {
    const question = `GET ${url.replace(/\?.*/, '')}`;
    const answer = await fetchWithin(url, domain, documents);
    const read = answer.type === 'document' ? readConfig(answer.bytes, account) : undefined;
    details.push({ question, answer: read?.answer ?? tell(answer) });
    if (read !== undefined && read.candidates.length > 0) return { candidates: read.candidates, details };
  }
  return { candidates: [], details };
}

function tell(answer: DocumentAnswer): string {
  switch (answer.type) {
    case 'document':
      return 'a document';
    case 'redirect':
      return `leads out of the domain or round in circles (${answer.location.slice(0, 100)}): not followed`;
    case 'notThere':
      return `nothing is there (status ${answer.status})`;
    case 'failed':
      return `could not be asked: ${answer.cause}`;
  }
}

/** Redirects are followed inside the domain only (C-AC-2): outside of it others would answer in its name. */
async function fetchWithin(url: string, domain: string, documents: DocumentSource): Promise<DocumentAnswer> {
  let next = url;
  for (let redirects = 0; ; redirects += 1) {
    const answer = await documents.fetch(next, { octetsMax: OCTETS_MAX, timeoutMs: TIMEOUT_MS });
    if (answer.type !== 'redirect' || redirects === REDIRECTS_MAX) return answer;
    const target = URL.parse(answer.location, next);
    if (target === null || target.protocol !== 'https:' || !isWithin(target.hostname, domain)) return answer;
    next = target.href;
  }
}

/** Implicit TLS first among what is offered (C-ORD-3), else in the order of the document. */
function readConfig(
  bytes: Uint8Array,
  account: Account,
): { readonly candidates: readonly Candidate[]; readonly answer: string } {
  const text = utf8Text(bytes);
  const root = text === undefined ? undefined : parseXml(text);
  if (root?.name !== 'clientConfig')
    return { candidates: [], answer: 'what is there is no configuration document' };
  const servers = childrenOf(root, 'emailProvider')
    .flatMap((provider) => childrenOf(provider, 'outgoingServer'))
    .filter(({ attributes }) => attributes['type'] === 'smtp')
    .slice(0, SERVERS_MAX)
    .map((server) => readServer(server, account));
  const usable = servers.filter((one) => typeof one !== 'string');
  const refused = servers.filter((one) => typeof one === 'string');
  const candidates = ['implicit', 'starttls'].flatMap((tls) => usable.filter((one) => one.tls === tls));
  const found = candidates.map(({ host, port, tls }) => `${host}:${port} (${tls})`);
  return { candidates, answer: [...found, ...refused].join(', ') || 'it names no submission server' };
}

const socketTypes: ReadonlyMap<string, Candidate['tls']> = new Map([
  ['SSL', 'implicit'],
  ['STARTTLS', 'starttls'],
]);
const withPassword: ReadonlySet<string> = new Set(['password-cleartext', 'password-encrypted']);

/** The candidate, or why it is none. */
function readServer(server: XmlElement, account: Account): Candidate | string {
  const written = textOf(server, 'hostname')?.replaceAll('%EMAILDOMAIN%', account.domain) ?? '';
  const host = canonicalDomain(written);
  const port = Number(textOf(server, 'port'));
  if (host === undefined || !Number.isInteger(port) || port < 1 || port > 65_535)
    return 'a server without a valid name and port: not used';
  const tls = socketTypes.get(textOf(server, 'socketType') ?? '');
  if (tls === undefined) return `${host}:${port} without TLS: not used`;
  const methods = childrenOf(server, 'authentication').map(({ text }) => text.trim());
  if (methods.length > 0 && !methods.some((method) => withPassword.has(method)))
    return `${host}:${port} takes no password: not used`;
  const login = loginOf(textOf(server, 'username'), account);
  const foreignDomain = foreignDomainOf(host, account.domain);
  return {
    ...{ host, port, tls, source: 'autoconfig', identities: { dns: [host], srv: [] } },
    ...(login === undefined ? {} : { logins: [login] }),
    ...(foreignDomain === undefined ? {} : { foreignDomain }),
  };
}

function loginOf(template: string | undefined, account: Account): string | undefined {
  if (template === undefined || template === '' || template.length > 255) return undefined;
  const login = template
    .replaceAll('%EMAILADDRESS%', () => account.address)
    .replaceAll('%EMAILLOCALPART%', () => account.localPart)
    .replaceAll('%EMAILDOMAIN%', () => account.domain);
  // Another placeholder, or something that could break a line: then we guess instead.
  return /%[A-Z]+%|[\x00-\x1f\x7f]/.test(login) ? undefined : login;
}

function childrenOf({ children }: XmlElement, name: string): readonly XmlElement[] {
  return children.filter((child) => child.name === name);
}

function textOf(element: XmlElement, name: string): string | undefined {
  return childrenOf(element, name)[0]?.text.trim();
}
