// Version 1 of the PROXY header: one line of text, `PROXY TCP4 192.0.2.1 198.51.100.1 50123 587`.

import { canonicalIp } from '../../base/address-network.ts';
import { octetString } from '../../base/bytes.ts';
import type { Endpoint } from '../../base/endpoint.ts';
import { isIPv4, isIPv6 } from '../../base/network.ts';
import { malformed, type ProxyFinding } from './proxy-finding.ts';

const BEGIN = 'PROXY ';
const CRLF = '\r\n';
/** With CRLF (section 2.1). */
const OCTETS_MAX = 107;
const PORT_MAX = 65_535;

const families: ReadonlyMap<string, (address: string) => boolean> = new Map([
  ['TCP4', isIPv4],
  // A zone means something on another host only.
  ['TCP6', (address: string) => isIPv6(address) && !address.includes('%')],
]);

/** Undefined: these octets begin otherwise. */
export function readProxyV1(octets: Uint8Array): ProxyFinding | undefined {
  const text = octetString(octets.subarray(0, OCTETS_MAX));
  if (text.slice(0, BEGIN.length) !== BEGIN.slice(0, text.length)) return undefined;
  const line = /^[ -~]*/.exec(text)?.[0] ?? '';
  const ended = text.slice(line.length);
  if (ended.startsWith(CRLF)) return readLine(line);
  if (ended !== '' && ended !== '\r') return malformed('does not end with CRLF');
  return text.length < OCTETS_MAX ? { type: 'more' } : malformed(`is longer than ${OCTETS_MAX} octets`);
}

function readLine(line: string): ProxyFinding {
  const octets = line.length + CRLF.length;
  const [, protocol = '', ...fields] = line.split(' ');
  // Whatever follows is to be ignored.
  if (protocol === 'UNKNOWN') return { type: 'header', header: { type: 'nobody' }, octets };
  const isAddress = families.get(protocol);
  if (isAddress === undefined) return malformed('names neither TCP4, TCP6 nor UNKNOWN');
  const [from = '', to = '', fromPort = '', toPort = ''] = fields;
  if (fields.length !== 4) return malformed('has not two addresses and two ports');
  if (!isAddress(from) || !isAddress(to)) return malformed(`holds an address that is none of ${protocol}`);
  const [source, destination] = [endpoint(from, fromPort), endpoint(to, toPort)];
  if (source === undefined || destination === undefined) return malformed('holds a port that is none');
  return { type: 'header', header: { type: 'client', source, destination }, octets };
}

function endpoint(address: string, port: string): Endpoint | undefined {
  if (!/^(0|[1-9]\d{0,4})$/.test(port) || Number(port) > PORT_MAX) return undefined;
  return { address: canonicalIp(address), port: Number(port) };
}
