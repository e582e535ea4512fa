// Our domains: the records that each should publish beside what the DNS says, and the keys that sign its mail.

import type { DomainCheck } from '../onboarding/domain-checks.ts';
import type { CheckedRecord, RecordVerdict } from '../onboarding/dns-check.ts';
import { type PublishedKey, type WantedRecord, wantedRecords, zoneLine } from '../onboarding/dns-records.ts';
import { onboardingOf } from '../onboarding/of-config.ts';
import { pastedText } from '../onboarding/pasted-txt.ts';
import { type Sheet, sheetOf } from '../onboarding/sheet.ts';
import { spfNote } from '../onboarding/spf-note.ts';
import { dkimRecordFault } from '../message/dkim/record.ts';
import { dkimRecordName } from '../message/dkim/record-name.ts';
import { canonicalDomain } from '../protocol/wire/mailbox.ts';
import type { Actor } from './actor.ts';
import { NotThere, UseCaseFailure } from './failure.ts';
import { identityOf } from './identities.ts';
import type { AdministrationPorts } from './ports.ts';

/** How many records of each verdict. */
export type Verdicts = Readonly<Partial<Record<RecordVerdict, number>>>;

export interface ListedDomain {
  readonly domain: string;
  /** Selectors of the keys that sign. */
  readonly selectors: readonly string[];
  /** Absent: the DNS was not asked since the start. */
  readonly checkedAt?: number;
  readonly verdicts?: Verdicts;
  /** Records that are needed, and missing or different. */
  readonly bad?: number;
}

export interface ListedDomains {
  readonly domains: readonly ListedDomain[];
  /** Domains come after this one. */
  readonly next?: string;
}

export function listDomains(
  { config, domainChecks }: AdministrationPorts,
  _actor: Actor,
  { after, max }: { readonly after?: string; readonly max: number },
): Promise<ListedDomains> {
  const { domains: all, dkim } = config();
  const sorted = all.toSorted();
  const from = after === undefined ? 0 : sorted.findIndex((domain) => domain > after);
  const page = from < 0 ? [] : sorted.slice(from, from + max);
  const keys = Map.groupBy(dkim, ({ domain }) => domain);
  const domains = page.map((domain) => ({
    domain,
    selectors: (keys.get(domain) ?? []).map(({ selector }) => selector),
    ...verdictsOf(domainChecks.last(domain)),
  }));
  const last = page.at(-1);
  const isMore = last !== undefined && last !== sorted.at(-1);
  return Promise.resolve({ domains, ...(isMore ? { next: last } : {}) });
}

function verdictsOf(check: DomainCheck | undefined): Partial<ListedDomain> {
  if (check === undefined) return {};
  const verdicts: Partial<Record<RecordVerdict, number>> = {};
  for (const { verdict } of check.records) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  return { checkedAt: check.checkedAt, verdicts, bad: badRecords(check).length };
}

/** Those that are needed, and missing or different. */
export function badRecords({ records }: DomainCheck): readonly CheckedRecord[] {
  return records.filter(
    ({ record, verdict }) => record.isNeeded && (verdict === 'missing' || verdict === 'different'),
  );
}

export interface ShownRecord {
  readonly name: string;
  readonly type: WantedRecord['type'];
  /** Empty: the addresses of this server. */
  readonly wanted: string;
  readonly isNeeded: boolean;
  /** What happens without it. */
  readonly consequence: string;
  /** As a line of a zone file. */
  readonly zoneLine: string;
  /** Absent, as what follows: the DNS was not asked for it since the start. */
  readonly verdict?: RecordVerdict;
  readonly found?: readonly string[];
  readonly because?: string;
}

export interface ShownDomain {
  readonly domain: string;
  /** When the DNS was asked last; absent: not since the start. */
  readonly checkedAt?: number;
  readonly records: readonly ShownRecord[];
  readonly keys: readonly SigningKey[];
  /** Why the keys that sign can't be told. */
  readonly keysBecause?: string;
  readonly warnings: readonly string[];
}

export interface SigningKey {
  readonly selector: string;
  readonly type: 'rsa' | 'ed25519';
  /** Where its record stands, without the final dot. */
  readonly name: string;
  readonly verdict?: RecordVerdict;
}

interface Named {
  readonly domain: string;
}

/** As it was found last: the DNS is asked by `checkDomain`. */
export async function showDomain(
  ports: AdministrationPorts,
  _actor: Actor,
  named: Named,
): Promise<ShownDomain> {
  const domain = oursNamed(ports, named);
  const keys = await keysOf(ports, domain);
  return shown(ports, domain, keys, ports.domainChecks.last(domain));
}

/** Asks the DNS, within ten seconds. */
export async function checkDomain(
  ports: AdministrationPorts,
  _actor: Actor,
  named: Named,
): Promise<ShownDomain> {
  const domain = oursNamed(ports, named);
  const keys = await keysOf(ports, domain);
  const check = await inBounds(
    ports.domainChecks.check(domain, () => Promise.resolve(wantedOf(ports, domain, keys.keys))),
  );
  return shown(ports, domain, keys, check);
}

interface Keys {
  readonly keys: readonly PublishedKey[];
  readonly keysBecause?: string;
}

async function keysOf(ports: Pick<AdministrationPorts, 'dkimKeys'>, domain: string): Promise<Keys> {
  try {
    return { keys: await ports.dkimKeys(domain) };
  } catch (error) {
    return { keys: [], keysBecause: error instanceof Error ? error.message : String(error) };
  }
}

/** What the DNS should have of this domain, by the configuration in force. */
export async function wantedNow(
  ports: Pick<AdministrationPorts, 'config' | 'dkimKeys'>,
  domain: string,
): Promise<readonly WantedRecord[]> {
  const { keys } = await keysOf(ports, domain);
  return wantedOf(ports, domain, keys);
}

function wantedOf(
  { config }: Pick<AdministrationPorts, 'config'>,
  domain: string,
  dkim: readonly PublishedKey[],
): readonly WantedRecord[] {
  const { postmaster, web, onboarding } = config();
  const { spf } = onboarding;
  return wantedRecords(
    { ...onboardingOf(config()), domains: [domain] },
    {
      ...{ web: web !== undefined, dkim },
      ...(spf === undefined ? {} : { spf }),
      ...(postmaster === undefined ? {} : { postmaster }),
    },
  );
}

function shown(
  ports: AdministrationPorts,
  domain: string,
  { keys, keysBecause }: Keys,
  check: DomainCheck | undefined,
): ShownDomain {
  const found = new Map(
    check?.records.map((one) => [`${one.record.name} ${one.record.type} ${one.record.data}`, one]),
  );
  const records = wantedOf(ports, domain, keys).map((record): ShownRecord => {
    const { name, type, data, isNeeded, consequence } = record;
    const { verdict, found: texts, because } = found.get(`${name} ${type} ${data}`) ?? {};
    return {
      ...{ name, type, wanted: data, isNeeded, consequence, zoneLine: zoneLine(record) },
      ...(verdict === undefined ? {} : { verdict }),
      ...(texts === undefined ? {} : { found: texts }),
      ...(because === undefined ? {} : { because }),
    };
  });
  const note = spfNote(ports.config());
  return {
    domain,
    ...(check === undefined ? {} : { checkedAt: check.checkedAt }),
    records,
    keys: keys.map(({ selector, record }) => {
      const name = dkimRecordName(selector, domain);
      const verdict = records.find((one) => one.name === `${name}.`)?.verdict;
      const type = record.includes('k=ed25519') ? ('ed25519' as const) : ('rsa' as const);
      return { selector, type, name, ...(verdict === undefined ? {} : { verdict }) };
    }),
    ...(keysBecause === undefined ? {} : { keysBecause }),
    warnings: note === undefined ? [] : [note],
  };
}

export interface SelectorLook {
  readonly domain: string;
  readonly selector: string;
  readonly name: string;
  /** It is a key of `dkim:`. */
  readonly signs: boolean;
  /** TXT records of that name; none: it is free, or not published yet. */
  readonly found: readonly string[];
  /** Of the key that was to be published: whether it is that one. Absent: none was given. */
  readonly isWanted?: boolean;
  /** Why it is not known. */
  readonly because?: string;
}

const SELECTOR = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const FOUND_MAX = 10;

/** What is published under a name that a key has, had or will have. `record`: what it should be, as text or as its line of a zone file. */
export async function lookUpSelector(
  ports: AdministrationPorts,
  _actor: Actor,
  { selector: given, record, ...named }: Named & { readonly selector: string; readonly record?: string },
): Promise<SelectorLook> {
  const domain = oursNamed(ports, named);
  const selector = given.trim().toLowerCase();
  if (!SELECTOR.test(selector))
    throw new UseCaseFailure('a selector is one word of letters, digits and hyphens, 63 at most', 'usage');
  const name = dkimRecordName(selector, domain);
  const answer = await inBounds(ports.domainChecks.texts(name));
  const signs = ports.config().dkim.some((key) => key.domain === domain && key.selector === selector);
  const look = { domain, selector, name, signs };
  if (answer.type === 'failed')
    return { ...look, found: [], because: `the DNS gave no answer (${answer.cause})` };
  const found = answer.records.slice(0, FOUND_MAX);
  if (record === undefined) return { ...look, found };
  const wanted = pastedText(record);
  return { ...look, found, isWanted: found.some((one) => dkimRecordFault(one, wanted) === undefined) };
}

/** What an account enters in its mail program, on one page. No password stands in it. */
export async function accountSheet(
  ports: AdministrationPorts,
  _actor: Actor,
  { login }: { readonly login: string },
): Promise<Sheet> {
  const identity = await identityOf(ports, login);
  return sheetOf(onboardingOf(ports.config()), identity.login);
}

/** Throws `NotThere`. */
function oursNamed({ config }: Pick<AdministrationPorts, 'config'>, { domain }: Named): string {
  const name = canonicalDomain(domain.trim());
  if (name !== undefined && config().domains.includes(name)) return name;
  throw new NotThere(`there is no domain ${domain} here`);
}

async function inBounds<T>(looked: Promise<T>): Promise<T> {
  try {
    return await looked;
  } catch (error) {
    if (error instanceof Error && error.name === 'TooManyChecks')
      throw new UseCaseFailure(error.message, 'trouble');
    throw error;
  }
}
