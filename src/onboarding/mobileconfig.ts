// Apple's configuration profile with one mail account (payload com.apple.mail.managed). It needs an incoming server: without one there is
// no profile. It holds no password. Not signed: devices show it as unsigned and ask.

import { createHash } from 'node:crypto';
import { addressDomain } from '../policy/address.ts';
import type { MailService, OnboardingSettings } from './settings.ts';
import { XML_DECLARATION, xmlText } from './xml.ts';

type Value = string | number | boolean | readonly Dictionary[];
interface Dictionary {
  readonly [key: string]: Value;
}

/** Undefined if no incoming server is configured. `address` is one of our domains. */
export function mobileconfig(settings: OnboardingSettings, address: string): string | undefined {
  const [incoming] = settings.incoming;
  const [outgoing] = settings.outgoing;
  if (incoming === undefined || outgoing === undefined) return undefined;
  const name = settings.displayName ?? addressDomain(address);
  const identifier = `mail.${stableUuid('identifier', address)}`;
  const profile = {
    PayloadType: 'Configuration',
    PayloadVersion: 1,
    PayloadIdentifier: identifier,
    PayloadUUID: stableUuid('profile', address),
    PayloadDisplayName: `${name} mail`,
    PayloadOrganization: name,
    PayloadContent: [
      {
        PayloadType: 'com.apple.mail.managed',
        PayloadVersion: 1,
        PayloadIdentifier: `${identifier}.account`,
        PayloadUUID: stableUuid('account', address),
        PayloadDisplayName: name,
        EmailAccountDescription: name,
        EmailAccountName: address.slice(0, address.lastIndexOf('@')),
        EmailAccountType: incoming.protocol === 'pop3' ? 'EmailTypePOP' : 'EmailTypeIMAP',
        EmailAddress: address,
        ...side('Incoming', incoming, address),
        ...side('Outgoing', outgoing, address),
        OutgoingPasswordSameAsIncomingPassword: true,
      },
    ],
  };
  return [
    XML_DECLARATION,
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    ...dictionary(profile),
    '</plist>\n',
  ].join('\n');
}

function side(direction: 'Incoming' | 'Outgoing', service: MailService, address: string): Dictionary {
  const prefix = `${direction}MailServer`;
  return {
    [`${prefix}Authentication`]: 'EmailAuthPassword',
    [`${prefix}HostName`]: service.host,
    [`${prefix}PortNumber`]: service.port,
    [`${prefix}UseSSL`]: true,
    [`${prefix}Username`]: address,
  };
}

function dictionary(values: Dictionary): readonly string[] {
  const entries = Object.entries(values).flatMap(([key, value]) => [
    `<key>${xmlText(key)}</key>`,
    ...element(value),
  ]);
  return ['<dict>', ...entries.map((line) => `  ${line}`), '</dict>'];
}

function element(value: Value): readonly string[] {
  if (typeof value === 'boolean') return [value ? '<true/>' : '<false/>'];
  if (typeof value === 'number') return [`<integer>${value}</integer>`];
  if (typeof value === 'string') return [`<string>${xmlText(value)}</string>`];
  return ['<array>', ...value.flatMap(dictionary), '</array>'];
}

/** The same for the same account, so that a second profile replaces the first (a UUID of version 8, RFC 9562 section 5.8). */
function stableUuid(purpose: string, address: string): string {
  const hash = createHash('sha256').update(`postern mobileconfig ${purpose} ${address}`).digest('hex');
  const variant = ((Number.parseInt(hash.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    `${variant}${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ]
    .join('-')
    .toUpperCase();
}
