// The documents field by field, whole: what stands in them, in which order, and that nothing else does (requirements C.3).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { autoconfig } from './autoconfig.ts';
import { autodiscover } from './autodiscover.ts';
import { mobileconfig } from './mobileconfig.ts';
import { type OnboardingSettings, outgoingServices } from './settings.ts';

const settings: OnboardingSettings = {
  ...{ hostname: 'msa.example.org', domains: ['example.org'], displayName: 'R & D' },
  incoming: [{ protocol: 'imap', host: 'imap.example.org', port: 993, tls: 'implicit' }],
  outgoing: outgoingServices('msa.example.org', [
    { port: 587, role: 'submission', tls: 'starttls' },
    { port: 465, role: 'submission', tls: 'implicit' },
  ]),
};

/** Elements with what stands in them, one a line: `name=text`, or `name` that opens and `/name` that closes. */
function elements(xml: string): readonly string[] {
  const leaf = /<([\w-]+)((?: [^<>]*)?)>([^<>]+)<\/\1>/g;
  return xml
    .replace(/^<\?xml[^>]*\?>\n/, '')
    .replaceAll(leaf, '$1$2=$3')
    .replaceAll(/<([^<>]+)>/g, '$1')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

const server = (kind: string, type: string, host: string, port: number, socketType: string) => [
  `${kind} type="${type}"`,
  ...[`hostname=${host}`, `port=${port}`, `socketType=${socketType}`],
  ...['authentication=password-cleartext', 'username=%EMAILADDRESS%', `/${kind}`],
];

test('C-AC-1 G-3: autoconfig has exactly the fields of the draft, the best server first', () => {
  const xml = autoconfig(settings, 'example.org');
  assert.match(xml, /^<\?xml version="1\.0" encoding="UTF-8"\?>\n/i, 'no byte order mark');
  assert.deepEqual(elements(xml), [
    'clientConfig version="1.1"',
    'emailProvider id="example.org"',
    ...['domain=example.org', 'displayName=R &amp; D', 'displayShortName=R &amp; D'],
    ...server('incomingServer', 'imap', 'imap.example.org', 993, 'SSL'),
    ...server('outgoingServer', 'smtp', 'msa.example.org', 465, 'SSL'),
    ...server('outgoingServer', 'smtp', 'msa.example.org', 587, 'STARTTLS'),
    ...['/emailProvider', '/clientConfig'],
  ]);
});

const protocol = (type: string, host: string, port: number, encryption: string) => [
  ...['Protocol', `Type=${type}`, `Server=${host}`, `Port=${port}`, 'DomainRequired=off'],
  // SPA is on where it is not named; SSL alone would mean implicit TLS on 587 too.
  ...['LoginName=alice@example.org', 'SPA=off', 'SSL=on', `Encryption=${encryption}`, 'AuthRequired=on'],
  ...(type === 'SMTP' ? ['UsePOPAuth=off', 'SMTPLast=off'] : []),
  '/Protocol',
];

test('C-AD-1: Autodiscover has exactly the fields of the schema, those that default to the wrong value included', () => {
  const namespace = 'http://schemas.microsoft.com/exchange/autodiscover';
  assert.deepEqual(elements(autodiscover(settings, 'alice@example.org')), [
    `Autodiscover xmlns="${namespace}/responseschema/2006"`,
    `Response xmlns="${namespace}/outlook/responseschema/2006a"`,
    ...['Account', 'AccountType=email', 'Action=settings'],
    ...protocol('IMAP', 'imap.example.org', 993, 'SSL'),
    ...protocol('SMTP', 'msa.example.org', 465, 'SSL'),
    ...protocol('SMTP', 'msa.example.org', 587, 'TLS'),
    ...['/Account', '/Response', '/Autodiscover'],
  ]);
});

const UUID = '[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}';
const side = (direction: string, host: string, port: number) => [
  ...[`key=${direction}MailServerAuthentication`, 'string=EmailAuthPassword'],
  ...[`key=${direction}MailServerHostName`, `string=${host}`],
  ...[`key=${direction}MailServerPortNumber`, `integer=${port}`],
  ...[`key=${direction}MailServerUseSSL`, 'true/'],
  ...[`key=${direction}MailServerUsername`, 'string=alice@example.org'],
];

test('C-MC-1: a profile has exactly the keys of com.apple.mail.managed, and no password', () => {
  const made = elements(mobileconfig(settings, 'alice@example.org') ?? '');
  const plain = made.slice(1).map((line) => line.replace(new RegExp(UUID, 'g'), 'UUID'));
  assert.deepEqual(plain, [
    ...['plist version="1.0"', 'dict'],
    ...['key=PayloadType', 'string=Configuration', 'key=PayloadVersion', 'integer=1'],
    ...['key=PayloadIdentifier', 'string=mail.UUID', 'key=PayloadUUID', 'string=UUID'],
    ...['key=PayloadDisplayName', 'string=R &amp; D mail', 'key=PayloadOrganization', 'string=R &amp; D'],
    ...['key=PayloadContent', 'array', 'dict'],
    ...['key=PayloadType', 'string=com.apple.mail.managed', 'key=PayloadVersion', 'integer=1'],
    ...['key=PayloadIdentifier', 'string=mail.UUID.account', 'key=PayloadUUID', 'string=UUID'],
    ...['key=PayloadDisplayName', 'string=R &amp; D'],
    ...['key=EmailAccountDescription', 'string=R &amp; D', 'key=EmailAccountName', 'string=alice'],
    ...['key=EmailAccountType', 'string=EmailTypeIMAP', 'key=EmailAddress', 'string=alice@example.org'],
    ...side('Incoming', 'imap.example.org', 993),
    ...side('Outgoing', 'msa.example.org', 465),
    ...['key=OutgoingPasswordSameAsIncomingPassword', 'true/'],
    ...['/dict', '/array', '/dict', '/plist'],
  ]);
});
