// Records of `tag=value;` in the DNS, each by its own grammar: DMARC (RFC 7489 section 6.4), MTA-STS (RFC 8461 section 3.1), TLS reports
// (RFC 8460 section 3). They differ in what may stand in blanks, and in whether the case of a letter counts.

/** Ours, as receivers choose among the TXT records of a name. `near`: somebody meant one, and nobody will read it. */
export const versions = {
  dmarc: { is: /^v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)/i, exact: /^[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)/ },
  sts: { is: /^v=STSv1[ \t]*(?:;|$)/i, exact: /^v=STSv1[ \t]*(?:;|$)/ },
  tlsrpt: { is: /^v=TLSRPTv1[ \t]*(?:;|$)/i, exact: /^v=TLSRPTv1[ \t]*(?:;|$)/ },
} as const;

type Tags = ReadonlyMap<string, string>;

/** In words; undefined: nothing. */
export function dmarcFault(record: string): string | undefined {
  if (!versions.dmarc.exact.test(record)) return 'receivers ignore it: DMARC1 is written in capitals';
  const parts = record
    .split(';')
    .slice(1)
    .map((part) => part.trim());
  if (parts.at(-1) === '') parts.pop();
  const tags = new Map<string, string>();
  for (const part of parts) {
    const [, name = '', value = ''] = /^([a-z][a-z0-9_]*)[ \t]*=[ \t]*(.*)$/is.exec(part) ?? [];
    if (name === '') return `it has an error: ${JSON.stringify(part)} is no tag`;
    if (tags.has(name.toLowerCase())) return `it has an error: ${name}= stands there twice`;
    tags.set(name.toLowerCase(), value);
  }
  return dmarcTagFault(tags);
}

const policy = /^(?:none|quarantine|reject)$/i;
const dmarcValues: Readonly<Record<string, RegExp>> = {
  sp: policy,
  np: policy,
  adkim: /^[rs]$/i,
  aspf: /^[rs]$/i,
  fo: /^[01ds](?:[ \t]*:[ \t]*[01ds])*$/i,
  pct: /^(?:\d{1,2}|100)$/,
  ri: /^\d{1,10}$/,
  rf: /^[a-z0-9_-]+(?:[ \t]*:[ \t]*[a-z0-9_-]+)*$/i,
};

function dmarcTagFault(tags: Tags): string | undefined {
  if (!policy.test(tags.get('p') ?? '')) return 'it has no valid p=';
  for (const [name, pattern] of Object.entries(dmarcValues)) {
    const value = tags.get(name);
    if (value !== undefined && !pattern.test(value))
      return `it has no valid ${name}= (${JSON.stringify(value)})`;
  }
  for (const name of ['rua', 'ruf'])
    if (
      tags.has(name) &&
      !isReportList(tags.get(name) ?? '', /^[a-z][a-z0-9+.-]*:[^\s,!;]+(?:![0-9]+[kmgt]?)?$/i)
    )
      return `it has no valid ${name}=`;
  return undefined;
}

/** `wanted`: the record that we would publish. */
export function stsFault(record: string, wanted: string): string | undefined {
  const tags = fieldsOf(record, versions.sts.exact);
  if (typeof tags === 'string') return tags;
  const id = tags.get('id');
  if (id === undefined || !/^[A-Za-z0-9]{1,32}$/.test(id)) return 'it has no valid id=';
  const ours = fieldsOf(wanted, versions.sts.exact);
  return typeof ours === 'string' || ours.get('id') === id ? undefined : 'its id= is that of another policy';
}

export function tlsrptFault(record: string): string | undefined {
  const tags = fieldsOf(record, versions.tlsrpt.exact);
  if (typeof tags === 'string') return tags;
  return isReportList(tags.get('rua') ?? '', /^(?:mailto|https):[^\s,!;]+$/i)
    ? undefined
    : 'it has no valid rua=';
}

function isReportList(value: string, uri: RegExp): boolean {
  return value.split(',').every((one) => uri.test(one.trim()));
}

/** RFC 8460 and 8461: no blanks around `=`, names in their own case; a string says what is wrong. */
function fieldsOf(record: string, version: RegExp): Tags | string {
  if (!version.test(record)) return 'senders ignore it: its version is written otherwise';
  const parts = record.split(';').slice(1);
  if (parts.at(-1)?.trim() === '') parts.pop();
  const tags = new Map<string, string>();
  for (const part of parts.map((one) => one.trim())) {
    const [, name = '', value = ''] = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=(.*)$/s.exec(part) ?? [];
    const isText =
      name === 'rua' ? /^[\x21-\x7e \t]+$/.test(value) : /^[\x21-\x3a\x3c\x3e-\x7e]+$/.test(value);
    if (name === '' || !isText) return `it has an error: ${JSON.stringify(part)} is no field`;
    if (!tags.has(name)) tags.set(name, value);
  }
  return tags;
}
