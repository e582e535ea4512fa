// The settings of one user on one page, for a help desk: as text, or as one HTML file that holds everything itself. It never holds a password.

import type { MailService, OnboardingSettings } from './settings.ts';
import { xmlText } from './xml.ts';

export interface Sheet {
  readonly title: string;
  readonly sections: readonly {
    readonly title: string;
    readonly rows: readonly (readonly [name: string, value: string])[];
  }[];
  readonly notes: readonly string[];
}

export function sheetOf(settings: OnboardingSettings, login: string): Sheet {
  const section = (title: string, service: MailService, login_: string) => ({
    title,
    rows: [
      ['Server', service.host],
      ['Port', String(service.port)],
      ['Security', service.tls === 'implicit' ? 'SSL/TLS' : 'STARTTLS (always, never "if available")'],
      ['User name', login_],
      [
        'Password',
        'an app password of this program, else your mail password (Authentication: "normal password")',
      ],
    ] as const,
  });
  const [best, ...others] = settings.outgoing;
  return {
    title: `Mail settings for ${login}`,
    sections: [
      ...settings.incoming.map((service) =>
        section(`Incoming mail (${service.protocol.toUpperCase()})`, service, login),
      ),
      ...(best === undefined ? [] : [section('Outgoing mail (SMTP)', best, login)]),
      ...others.map((service) =>
        section(`Outgoing mail, if port ${best?.port ?? ''} cannot be reached`, service, login),
      ),
    ],
    notes: [
      'The outgoing server always wants the user name and the password, also for mail to colleagues. Port 25 does not work for this.',
      'If the mail program warns about a certificate, stop and ask: do not accept it.',
      ...(settings.help === undefined ? [] : [`Help: ${settings.help}`]),
    ],
  };
}

export function sheetText({ title, sections, notes }: Sheet): string {
  const parts = sections.map(({ title: name, rows }) =>
    [name, ...rows.map(([key, value]) => `  ${`${key}:`.padEnd(11)}${value}`)].join('\n'),
  );
  return [title, ...parts, ...notes].join('\n\n');
}

const STYLE = `
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 40rem; padding: 1rem; overflow-wrap: anywhere }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; break-after: avoid }
dl { display: grid; grid-template-columns: 6.5rem 1fr; gap: .25rem .75rem; margin: 0 } dt { font-weight: 600 } dd { margin: 0 }
@media print { :root { color-scheme: light } body { font-size: 11pt; max-width: none; padding: 0 } section, p { break-inside: avoid } }`;

/** One file without scripts, that loads nothing. */
export function sheetHtml({ title, sections, notes }: Sheet): string {
  const body = sections.map(({ title: name, rows }) => {
    const entries = rows.map(([key, value]) => `<dt>${xmlText(key)}</dt><dd>${xmlText(value)}</dd>`);
    return `<section><h2>${xmlText(name)}</h2><dl>${entries.join('')}</dl></section>`;
  });
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'; img-src data:">',
    `<title>${xmlText(title)}</title><link rel="icon" href="data:,"><style>${STYLE}</style></head>`,
    `<body><main><h1>${xmlText(title)}</h1>`,
    ...body,
    ...notes.map((note) => `<p>${xmlText(note)}</p>`),
    '</main></body></html>\n',
  ].join('\n');
}
