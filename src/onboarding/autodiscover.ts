// Outlook's Autodiscover, the plain XML (POX) form. The request is never parsed as XML: the one value that counts is taken by a bounded scan, so
// that neither entities nor nesting can do harm (C-AC-4), and what is no mail address of ours is answered by an error without echo.

import type { MailService, OnboardingSettings } from './settings.ts';
import { XML_DECLARATION, xmlText } from './xml.ts';

const RESPONSE = 'http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006';
const OUTLOOK = 'http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a';
/** Octets of an address in SMTP (RFC 5321 section 4.5.3.1: 64 + 1 + 255). */
const ADDRESS_MAX = 320;

/** What stands in the only `EMailAddress` element, or undefined: none, several, a DTD, markup inside. Linear in the text. */
export function addressOfRequest(xml: string): string | undefined {
  if (xml.includes('<!') || !/<Autodiscover[\s>]/.test(xml)) return undefined;
  const [before, inside, ...more] = xml.split('<EMailAddress>');
  if (before === undefined || inside === undefined || more.length > 0) return undefined;
  const end = inside.indexOf('</EMailAddress>');
  if (end < 0 || end > ADDRESS_MAX) return undefined;
  const address = inside.slice(0, end).trim();
  return /[<>&]/.test(address) ? undefined : address;
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
