// The TXT record that publishes a DKIM key (RFC 6376 section 3.6.1, RFC 8463 section 4), and whether a published one says the same.

import { createPublicKey, type KeyObject } from 'node:crypto';

/** One text, longer than the 255 octets of one string: the zone file cuts it. `key` may be the private one. */
export function dkimRecord(key: KeyObject): string {
  const publicKey = key.type === 'public' ? key : createPublicKey(key);
  if (publicKey.asymmetricKeyType === 'ed25519')
    return `v=DKIM1; k=ed25519; p=${base64(publicKey.export({ format: 'jwk' }).x ?? '')}`;
  return `v=DKIM1; k=rsa; p=${publicKey.export({ format: 'der', type: 'spki' }).toString('base64')}`;
}

function base64(text: string): string {
  return Buffer.from(text, 'base64url').toString('base64');
}

/** What is wrong with a published record, in words; undefined: verifiers will take it for ours. */
export function dkimRecordFault(published: string, wanted: string): string | undefined {
  const [found, ours] = [tagsOf(published), tagsOf(wanted)];
  const version = found.get('v');
  if (version !== undefined && version !== 'DKIM1') return 'it is no DKIM key';
  const key = keyOf(found);
  if (key === undefined) return 'it has no p=';
  if (key === '') return 'it is revoked (p= is empty)';
  if ((found.get('k') ?? 'rsa') !== (ours.get('k') ?? 'rsa') || key !== keyOf(ours))
    return 'it is another key';
  if (!listed(found.get('h'), 'sha256')) return 'it does not allow sha256 (h=)';
  if (!listed(found.get('s'), 'email')) return 'it is not for mail (s=)';
  const flags = found.get('t')?.split(':') ?? [];
  if (flags.some((flag) => flag.trim() === 'y')) return 'it says that the domain only tests DKIM (t=y)';
  return undefined;
}

/** White space inside has no meaning. */
function keyOf(tags: ReadonlyMap<string, string>): string | undefined {
  return tags.get('p')?.replaceAll(/\s/g, '');
}

/** RFC 6376 section 3.2. */
function tagsOf(record: string): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  for (const part of record.split(';')) {
    const at = part.indexOf('=');
    if (at > 0) tags.set(part.slice(0, at).trim(), part.slice(at + 1).trim());
  }
  return tags;
}

/** An absent list allows all. */
function listed(list: string | undefined, value: string): boolean {
  return list === undefined || list.split(':').some((one) => ['*', value].includes(one.trim()));
}
