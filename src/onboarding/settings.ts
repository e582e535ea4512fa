// The facts that a user's mail program needs of this server: every onboarding document and DNS record is made of them. Published data
// lists implicit TLS first and STARTTLS second (RFC 8314 section 4, requirements G-3); nothing without TLS is ever published.

export interface MailService {
  readonly protocol: 'imap' | 'pop3' | 'smtp';
  readonly host: string;
  readonly port: number;
  readonly tls: 'implicit' | 'starttls';
}

/** RFC 8461 section 3.2. */
export interface MtaStsPolicy {
  readonly mode: 'testing' | 'enforce' | 'none';
  readonly mx: readonly string[];
  readonly maxAgeSeconds: number;
}

export interface OnboardingSettings {
  readonly hostname: string;
  readonly domains: readonly string[];
  /** The name that people see; absent: the domain. */
  readonly displayName?: string;
  /** In order of preference; empty where the operator names none. */
  readonly incoming: readonly MailService[];
  readonly outgoing: readonly MailService[];
  /** Where people find help; https. */
  readonly help?: string;
  /** `smtp` is the key of draft-ietf-mailmaint-pacc up to -02, `submit` from -03 on. */
  readonly pacc?: 'smtp' | 'submit';
  readonly mtaSts?: MtaStsPolicy;
}

const standardPorts: readonly number[] = [465, 587];

/** Implicit TLS first, the registered ports before others; a port that listens on several addresses is one service. */
export function outgoingServices(
  hostname: string,
  listeners: readonly {
    readonly port: number;
    readonly role: string;
    readonly tls: 'implicit' | 'starttls' | 'none';
  }[],
): readonly MailService[] {
  const found = new Map<number, MailService>();
  for (const { port, role, tls } of listeners)
    if (role === 'submission' && tls !== 'none')
      found.set(port, { protocol: 'smtp', host: hostname, port, tls });
  const rank = ({ port, tls }: MailService): number =>
    (tls === 'implicit' ? 0 : 2) + (standardPorts.includes(port) ? 0 : 1);
  return [...found.values()].sort((one, other) => rank(one) - rank(other));
}
