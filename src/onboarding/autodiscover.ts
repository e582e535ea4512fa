// Outlook's Autodiscover, the plain XML (POX) form. The request is read by a parser that has neither DTD nor entities of a document's own, and bounds
// depth and number (C-AC-4); what is no mail address of ours is answered by an error without echo.

import { parseXml, type XmlElement } from '../base/xml.ts';
import type { MailService, OnboardingSettings } from './settings.ts';
import { XML_DECLARATION, xmlText } from './xml.ts';

const RESPONSE = 'http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006';
const OUTLOOK = 'http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a';
/** Octets of an address in SMTP (RFC 5321 section 4.5.3.1: 64 + 1 + 255). */
const ADDRESS_MAX = 320;

/** What stands in the only `EMailAddress` element, whatever its prefix; or undefined: none, several, no such document, a DTD, markup inside. */
export function addressOfRequest(xml: string): string | undefined {
  const root = parseXml(xml);
  if (root === undefined || localName(root) !== 'Autodiscover') return undefined;
  const [element, ...more] = elementsNamed(root, 'EMailAddress');
  if (element === undefined || more.length > 0 || element.children.length > 0) return undefined;
  const address = element.text.trim();
  return Buffer.byteLength(address) > ADDRESS_MAX ? undefined : address;
}

function localName({ name }: XmlElement): string {
  return name.slice(name.indexOf(':') + 1);
}

function elementsNamed(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.flatMap((child) => [
    ...(localName(child) === name ? [child] : []),
    ...elementsNamed(child, name),
  ]);
}

/** The settings of one address; its domain must be ours, whether the user exists does not count. */
export function autodiscover(settings: OnboardingSettings, address: string): string {
  const services = [...settings.incoming, ...settings.outgoing];
  const lines = [
    XML_DECLARATION,
    `<Autodiscover xmlns="${RESPONSE}">`,
    `  <Response xmlns="${OUTLOOK}">`,
    '    <Account>',
    '      <AccountType>email</AccountType>',
    '      <Action>settings</Action>',
    ...services.flatMap((service) => protocol(service, address)),
    '    </Account>',
    '  </Response>',
    '</Autodiscover>',
  ];
  return `${lines.join('\n')}\n`;
}

function protocol(service: MailService, address: string): readonly string[] {
  return [
    '      <Protocol>',
    `        <Type>${service.protocol.toUpperCase()}</Type>`,
    `        <Server>${xmlText(service.host)}</Server>`,
    `        <Port>${service.port}</Port>`,
    '        <DomainRequired>off</DomainRequired>',
    `        <LoginName>${xmlText(address)}</LoginName>`,
    // On when absent.
    '        <SPA>off</SPA>',
    '        <SSL>on</SSL>',
    `        <Encryption>${service.tls === 'implicit' ? 'SSL' : 'TLS'}</Encryption>`,
    '        <AuthRequired>on</AuthRequired>',
    ...(service.protocol === 'smtp'
      ? ['        <UsePOPAuth>off</UsePOPAuth>', '        <SMTPLast>off</SMTPLast>']
      : []),
    '      </Protocol>',
  ];
}

const errors = {
  invalid: { code: 600, message: 'Invalid Request' },
  unknown: { code: 500, message: 'The email address can not be found.' },
} as const;

/** `invalid`: no request that can be read; `unknown`: an address of a domain that is not ours. */
export function autodiscoverError(kind: keyof typeof errors): string {
  const { code, message } = errors[kind];
  const lines = [
    XML_DECLARATION,
    `<Autodiscover xmlns="${RESPONSE}">`,
    '  <Response>',
    '    <Error Time="00:00:00.0000000" Id="0">',
    `      <ErrorCode>${code}</ErrorCode>`,
    `      <Message>${message}</Message>`,
    '      <DebugData />',
    '    </Error>',
    '  </Response>',
    '</Autodiscover>',
  ];
  return `${lines.join('\n')}\n`;
}
