// The name of the record that publishes a DKIM key. Apart from its content, because who only names it need not load keys.

/** Without the final dot (RFC 6376 section 3.6.2.1). */
export function dkimRecordName(selector: string, domain: string): string {
  return `${selector}._domainkey.${domain}`;
}
