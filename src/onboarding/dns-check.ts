// Compares the DNS with the records that we want. A failed query is told apart from a missing record.

import { dkimRecordFault } from '../message/dkim/record.ts';
import type { RecordAnswer, RecordSource, RecordType } from '../platform/record-lookup.ts';
import type { WantedRecord } from './dns-records.ts';
import { spfFault, spfVersion } from './spf-record.ts';
import { dmarcFault, stsFault, tlsrptFault, versions } from './tagged-records.ts';

export type RecordVerdict = 'right' | 'missing' | 'different' | 'unknown';

export interface CheckedRecord {
  readonly record: WantedRecord;
  readonly verdict: RecordVerdict;
  /** Records found, as in a zone file; at most ten. */
  readonly found: readonly string[];
  /** Why it is `unknown`, or the fault of the records found. */
  readonly because?: string;
}

const SHOWN_MAX = 10;
const AT_ONCE = 8;

/** In the order of the records; a few questions at a time. */
export async function checkRecords(
  records: readonly WantedRecord[],
  source: RecordSource,
): Promise<readonly CheckedRecord[]> {
  const checked: CheckedRecord[] = [];
  for (let at = 0; at < records.length; at += AT_ONCE)
    checked.push(
      ...(await Promise.all(records.slice(at, at + AT_ONCE).map((one) => checkRecord(one, source)))),
    );
  return checked;
}

async function checkRecord(record: WantedRecord, source: RecordSource): Promise<CheckedRecord> {
  if (record.compare === 'alias') return checkAlias(record, source);
  if (record.compare === 'address') return checkAddress(record, source);
  const answer = await lookup(source, record.name, record.type);
  if (answer.type === 'failed') return unknown(record, answer.cause);
  return judge(record, answer.records);
}

function lookup(source: RecordSource, name: string, type: RecordType): Promise<RecordAnswer> {
  return source.lookup(name.replace(/\.$/, ''), type);
}

function unknown(record: WantedRecord, cause: string): CheckedRecord {
  return { record, verdict: 'unknown', found: [], because: `the DNS gave no answer (${cause})` };
}

/** The kinds of TXT record that stand beside others at the same name. */
const kinds: Readonly<Partial<Record<WantedRecord['compare'], readonly RegExp[]>>> = {
  spf: [spfVersion],
  dmarc: [versions.dmarc.exact, versions.dmarc.is],
  sts: [versions.sts.exact, versions.sts.is],
  tlsrpt: [versions.tlsrpt.exact, versions.tlsrpt.is],
};

function judge(record: WantedRecord, all: readonly string[]): CheckedRecord {
  const { compare, data } = record;
  const [kind, near = kind] = (compare === 'exact' ? exactKind(data) : kinds[compare]) ?? [];
  const ours = kind === undefined ? all : all.filter((text) => kind.test(text));
  const found = ours.length > 0 || near === undefined ? ours : all.filter((text) => near.test(text));
  const told = { record, found: found.slice(0, SHOWN_MAX) };
  if (found.length === 0) return { ...told, verdict: 'missing' };
  const fault = kind !== undefined && found.length > 1 ? 'there may be only one' : faultOf(record, found);
  return fault === undefined
    ? { ...told, verdict: 'right' }
    : { ...told, verdict: 'different', because: fault };
}

/** Other TXT records at the name don't count. PACC may have two while it rolls over. */
function exactKind(data: string): readonly RegExp[] | undefined {
  return spfVersion.test(data) ? kinds.spf : undefined;
}

/** The fault of the records found, of which there is at least one. */
function faultOf({ compare, data }: WantedRecord, found: readonly string[]): string | undefined {
  const [first = ''] = found;
  switch (compare) {
    case 'service': {
      const place = (text: string): string => text.split(' ').slice(2).join(' ').toLowerCase();
      if (found.some((text) => text.split(' ')[3] === '.')) return 'it says that there is no such service';
      return found.some((text) => place(text) === place(data)) ? undefined : 'it names another server';
    }
    case 'spf':
      return spfFault(first);
    case 'dmarc':
      return dmarcFault(first);
    case 'sts':
      return stsFault(first, data);
    case 'dkim':
      return found.length > 1 ? 'there may be only one' : dkimRecordFault(first, data);
    case 'tlsrpt':
      return tlsrptFault(first);
    case 'exact':
    case 'alias':
    case 'address':
      return found.some((text) => sameText(text, data)) ? undefined : 'its content is another';
  }
}

function sameText(one: string, other: string): boolean {
  const plain = (text: string): string => text.trim().replaceAll(/\s+/g, ' ').replace(/;$/, '');
  return plain(one) === plain(other);
}

async function addresses(source: RecordSource, name: string): Promise<RecordAnswer> {
  const both = await Promise.all([lookup(source, name, 'A'), lookup(source, name, 'AAAA')]);
  const records = both.flatMap((answer) => (answer.type === 'answer' ? answer.records : []));
  const failed = both.find(({ type }) => type === 'failed');
  return records.length === 0 && failed !== undefined ? failed : { type: 'answer', records };
}

async function checkAddress(record: WantedRecord, source: RecordSource): Promise<CheckedRecord> {
  const answer = await addresses(source, record.name);
  if (answer.type === 'failed') return unknown(record, answer.cause);
  const found = answer.records.slice(0, SHOWN_MAX);
  return { record, found, verdict: found.length === 0 ? 'missing' : 'right' };
}

/** By CNAME, or by the same addresses: at the top of a zone there is no CNAME, and a proxy may stand elsewhere. */
async function checkAlias(record: WantedRecord, source: RecordSource): Promise<CheckedRecord> {
  const name = await lookup(source, record.name, 'CNAME');
  if (name.type === 'answer' && name.records.some((text) => text === record.data))
    return { record, found: name.records, verdict: 'right' };
  const [own, target] = await Promise.all([addresses(source, record.name), addresses(source, record.data)]);
  if (own.type === 'failed') return unknown(record, own.cause);
  if (target.type === 'failed') return unknown(record, target.cause);
  const found = own.records.slice(0, SHOWN_MAX);
  if (found.length === 0) return { record, found, verdict: 'missing' };
  return own.records.some((address) => target.records.includes(address))
    ? { record, found, verdict: 'right' }
    : { record, found, verdict: 'different', because: 'it leads to another host (a proxy of yours?)' };
}
