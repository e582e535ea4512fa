// The public web site: which document answers which request. Pure: a request as a value in, an answer out. Nothing of a request is
// repeated but an address of our domains where the document demands it; nothing is looked up, so that nobody learns who exists (F-AUTH-4).

import { addressDomain, canonicalAddress } from '../policy/address.ts';
import { addressOfRequest, autodiscover, autodiscoverError } from './autodiscover.ts';
import { autoconfig } from './autoconfig.ts';
import { mobileconfig } from './mobileconfig.ts';
import { mtaSts } from './mta-sts.ts';
import { pacc } from './pacc.ts';
import type { OnboardingSettings } from './settings.ts';

export interface SiteRequest {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** A name in lower case, without port and final dot. */
  readonly host: string;
  readonly body: string;
}

export interface SiteAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const XML = 'text/xml; charset=utf-8';
const hostPrefixes = /^(autoconfig|autodiscover|mta-sts|ua-auto-config)\./;

type Page = (settings: OnboardingSettings, request: SiteRequest) => SiteAnswer;

const pages: Readonly<Record<string, { readonly methods: readonly string[]; readonly page: Page }>> = {
  '/mail/config-v1.1.xml': { methods: ['GET', 'HEAD'], page: autoconfigPage },
  '/.well-known/autoconfig/mail/config-v1.1.xml': { methods: ['GET', 'HEAD'], page: autoconfigPage },
  '/autodiscover/autodiscover.xml': { methods: ['POST'], page: autodiscoverPage },
  '/apple.mobileconfig': { methods: ['GET', 'HEAD'], page: mobileconfigPage },
  '/.well-known/user-agent-configuration.json': { methods: ['GET', 'HEAD'], page: paccPage },
  '/.well-known/mta-sts.txt': { methods: ['GET', 'HEAD'], page: mtaStsPage },
};

export function answer(settings: OnboardingSettings, request: SiteRequest): SiteAnswer {
  // In any case: Outlook writes /autodiscover/ in at least three ways.
  const path = request.path.toLowerCase();
  const found = Object.hasOwn(pages, path) ? pages[path] : undefined;
  if (found === undefined) return notFound();
  if (!found.methods.includes(request.method))
    return { ...text(405, 'This document is not asked for in this way\n'), headers: allow(found.methods) };
  return found.page(settings, request);
}

function allow(methods: readonly string[]): Readonly<Record<string, string>> {
  return { 'content-type': 'text/plain; charset=utf-8', allow: methods.join(', ') };
}

/** Which of our domains is meant: the Host says it, or else the address. */
function domainOf(settings: OnboardingSettings, { host, query }: SiteRequest): string | undefined {
  return domainOfHost(settings, host) ?? domainOfAddress(settings, query.get('emailaddress') ?? '');
}

function domainOfHost({ domains }: OnboardingSettings, host: string): string | undefined {
  return domains.find((domain) => domain === host || domain === host.replace(hostPrefixes, ''));
}

/** The address as it is used in the documents, if it is one of our domains. */
function ourAddress({ domains }: OnboardingSettings, given: string): string | undefined {
  if (given.length > 320) return undefined;
  const address = canonicalAddress(given);
  return address !== undefined && domains.includes(addressDomain(address)) ? address : undefined;
}

function domainOfAddress(settings: OnboardingSettings, given: string): string | undefined {
  const address = ourAddress(settings, given);
  return address === undefined ? undefined : addressDomain(address);
}

function autoconfigPage(settings: OnboardingSettings, request: SiteRequest): SiteAnswer {
  const domain = domainOf(settings, request);
  return domain === undefined ? notFound() : document(XML, autoconfig(settings, domain));
}

function autodiscoverPage(settings: OnboardingSettings, { body }: SiteRequest): SiteAnswer {
  const given = addressOfRequest(body);
  if (given === undefined) return personal(XML, autodiscoverError('invalid'));
  const address = ourAddress(settings, given);
  return personal(
    XML,
    address === undefined ? autodiscoverError('unknown') : autodiscover(settings, address),
  );
}

function mobileconfigPage(settings: OnboardingSettings, { query }: SiteRequest): SiteAnswer {
  const address = ourAddress(settings, query.get('emailaddress') ?? '');
  if (address === undefined) return text(400, 'Say ?emailaddress= with an address of this server\n');
  const profile = mobileconfig(settings, address);
  if (profile === undefined) return notFound();
  const made = personal('application/x-apple-aspen-config', profile);
  return {
    ...made,
    headers: { ...made.headers, 'content-disposition': 'attachment; filename="mail.mobileconfig"' },
  };
}

function paccPage(settings: OnboardingSettings, request: SiteRequest): SiteAnswer {
  const domain = domainOfHost(settings, request.host);
  const made = domain === undefined ? undefined : pacc(settings, domain);
  return made === undefined ? notFound() : document('application/json', made);
}

function mtaStsPage({ domains, mtaSts: policy }: OnboardingSettings, { host }: SiteRequest): SiteAnswer {
  const asked = domains.some((domain) => host === `mta-sts.${domain}`);
  return !asked || policy === undefined ? notFound() : document('text/plain; charset=utf-8', mtaSts(policy));
}

function document(type: string, body: string): SiteAnswer {
  return {
    status: 200,
    headers: { 'content-type': type, 'cache-control': 'public, max-age=3600' },
    body,
  };
}

function personal(type: string, body: string): SiteAnswer {
  return { status: 200, headers: { 'content-type': type, 'cache-control': 'no-store' }, body };
}

function text(status: number, body: string): SiteAnswer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

function notFound(): SiteAnswer {
  return text(404, 'There is no such document\n');
}
