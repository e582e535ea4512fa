// The settings of one user, told for the mail programs that people have: where to enter what. For those that set themselves up, what they ask.

import type { MailService, OnboardingSettings } from './settings.ts';

export interface ProgramSteps {
  readonly program: string;
  readonly steps: readonly string[];
  /** Lines of a file, for programs that are set up by one. */
  readonly file?: { readonly name: string; readonly lines: readonly string[] };
}

/** Empty: there is no way out that could be told of. */
export function programSteps(settings: OnboardingSettings, login: string): readonly ProgramSteps[] {
  const [best] = settings.outgoing;
  if (best === undefined) return [];
  const [incoming] = settings.incoming;
  const out = `Outgoing server: ${enter(best, login)}.`;
  const both = incoming === undefined ? [out] : [`Incoming server: ${enter(incoming, login)}.`, out];
  return [
    {
      program: 'Thunderbird',
      steps: [
        'Account settings, Account actions, Add mail account: your name, your address, the password.',
        'It looks the settings up by itself. If it finds none: Configure manually.',
        ...both,
        'Authentication: Normal password.',
      ],
    },
    {
      program: 'Apple Mail, iPhone, iPad',
      steps: [
        ...(incoming === undefined
          ? []
          : [
              'Open the profile below on the device, then Settings, General, VPN & Device Management, Install. It asks for the password.',
            ]),
        'By hand: Settings, Apps, Mail, Mail accounts, Add account, Other.',
        ...both,
        'The password is asked for at the outgoing server too, though it says "optional".',
      ],
    },
    {
      program: 'Outlook',
      steps: [
        'File, Add account: your address, Advanced options, Let me set up my account manually.',
        ...both,
        `Encryption: ${best.tls === 'implicit' ? 'SSL/TLS' : 'STARTTLS'}. Leave "Secure Password Authentication" off.`,
      ],
    },
    {
      program: 'Android: Gmail, FairEmail, Thunderbird',
      steps: [
        'Add account, Other or Personal (IMAP): your address, Manual setup.',
        ...both,
        'Sign-in required: yes.',
      ],
    },
    {
      program: 'msmtp, for programs on a computer',
      steps: ['Put this into the file, readable by yourself alone (chmod 600).'],
      file: { name: '~/.msmtprc', lines: msmtp(best, login) },
    },
  ];
}

function enter({ host, port, tls }: MailService, login: string): string {
  return `${host}, port ${port}, ${tls === 'implicit' ? 'SSL/TLS' : 'STARTTLS'}, user name ${login}`;
}

function msmtp({ host, port, tls }: MailService, login: string): readonly string[] {
  return [
    'account default',
    `host ${host}`,
    `port ${port}`,
    'tls on',
    `tls_starttls ${tls === 'implicit' ? 'off' : 'on'}`,
    'auth on',
    `user ${login}`,
    ...(login.includes('@') ? [`from ${login}`] : []),
    'passwordeval "cat ~/.msmtp-password"',
  ];
}
