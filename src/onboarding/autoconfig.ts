// The configuration file of Thunderbird and its kin, version 1.1 (draft-ietf-mailmaint-autoconfig). One document for each domain: it is the same
// for every user, known or not (C-AC-1, F-AUTH-4), because the program itself fills in %EMAILADDRESS%.

import type { MailService, OnboardingSettings } from './settings.ts';
import { XML_DECLARATION, xmlText } from './xml.ts';

export function autoconfig(settings: OnboardingSettings, domain: string): string {
  const name = xmlText(settings.displayName ?? domain);
  const lines = [
    XML_DECLARATION,
    '<clientConfig version="1.1">',
    `  <emailProvider id="${xmlText(domain)}">`,
    `    <domain>${xmlText(domain)}</domain>`,
    `    <displayName>${name}</displayName>`,
    `    <displayShortName>${name}</displayShortName>`,
    ...settings.incoming.flatMap((service) => server('incomingServer', service)),
    ...settings.outgoing.flatMap((service) => server('outgoingServer', service)),
    ...(settings.help === undefined
      ? []
      : [
          `    <documentation url="${xmlText(settings.help)}">`,
          '      <descr lang="en">Help</descr>',
          '    </documentation>',
        ]),
    '  </emailProvider>',
    '</clientConfig>',
  ];
  return `${lines.join('\n')}\n`;
}

function server(element: 'incomingServer' | 'outgoingServer', service: MailService): readonly string[] {
  return [
    `    <${element} type="${service.protocol}">`,
    `      <hostname>${xmlText(service.host)}</hostname>`,
    `      <port>${service.port}</port>`,
    `      <socketType>${service.tls === 'implicit' ? 'SSL' : 'STARTTLS'}</socketType>`,
    '      <authentication>password-cleartext</authentication>',
    '      <username>%EMAILADDRESS%</username>',
    `    </${element}>`,
  ];
}
