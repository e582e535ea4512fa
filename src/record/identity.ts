// An identity: who may send. The id is opaque and never changes; login, addresses and names are attributes.
// Removal leaves a tombstone until retention ends, so that old mail is still traced and no address changes hands early.

export type IdentityId = string;

/** What an identity may put into reverse-path, From, Sender and Resent-*. All addresses canonical (see `canonicalAddress`). */
export type SenderRight =
  /** The address of the login, or another one of the domain, which others may have too: there is mail for it while somebody has it. `+detail` counts. */
  | { readonly kind: 'address'; readonly address: string }
  /** An address that is the login of another, or that a service without mailbox may use. */
  | { readonly kind: 'granted'; readonly address: string }
  /** Every address of a domain of ours. */
  | { readonly kind: 'domain'; readonly domain: string };

/** What an identity may look at and do beyond sending (`src/administration/permissions.ts`): `user` himself, `domainAdmin` the identities of his domains. */
export const roles = ['user', 'domainAdmin', 'desk', 'auditor', 'admin'] as const;

export type Role = (typeof roles)[number];

/** Which part of what its identity may do a token may do. */
export const tokenScopes = ['trace', 'reports', 'contain', 'queue', 'accounts', 'backup'] as const;

export type TokenScope = (typeof tokenScopes)[number];

/** argon2id in PHC string form for human passwords; salted SHA-256 (hex) for app passwords and tokens, whose secret has 128 random bits, and for recovery codes, which have 80. */
export type Verifier =
  | { readonly type: 'argon2id'; readonly phc: string }
  | { readonly type: 'sha256'; readonly salt: string; readonly digest: string }
  | TotpVerifier
  | PasskeyVerifier;

export interface TotpVerifier {
  readonly type: 'totp';
  /** Hex. The only secret that is kept as it is: codes are made from it. */
  readonly secret: string;
  /** No code of this step or an earlier one counts any more. */
  readonly usedStep: number;
  /** Wrong codes since the last right one, and when the newest came. */
  readonly wrong: number;
  readonly wrongAt: number;
}

/** What proves a passkey is public. */
export interface PasskeyVerifier {
  readonly type: 'passkey';
  /** As browsers know it, like the key base64url. */
  readonly credentialId: string;
  /** COSE. */
  readonly publicKey: string;
  /** Grows with each use, or stays 0 (most that are copied between devices). */
  readonly counter: number;
  /** How a browser reaches it: `usb`, `internal` … */
  readonly transports: readonly string[];
}

/** What is asked for at the console after the password. Alone it lets nobody in, and no mail is submitted with it. */
export const secondFactorKinds = ['totp', 'passkey', 'recoveryCode'] as const;

export type SecondFactorKind = (typeof secondFactorKinds)[number];

export interface Credential {
  /** `password`, `totp`, `recovery`, or the id part of an app password or a token; of a passkey such an id. Unique in the store for app passwords, in its identity for all others. */
  readonly id: string;
  /** `token`: for the API alone, no mail is submitted with it. */
  readonly kind: 'password' | 'appPassword' | 'token' | SecondFactorKind;
  readonly label: string;
  readonly createdAt: number;
  readonly expiresAt?: number;
  /** Revoked: no login any more; kept so that the revocation can be taken back. */
  readonly disabled?: { readonly at: number; readonly by: string };
  /** Of recovery codes: one for each that is left. */
  readonly verifiers: readonly Verifier[];
  /** Of a token. */
  readonly scopes?: readonly TokenScope[];
}

/** Per hour; per day is four times as much. `none` lifts the limit. Absent: the configured default. */
export interface IdentityLimits {
  readonly messagesPerHour?: number | 'none';
  readonly recipientsPerHour?: number | 'none';
  readonly nullSenderPerHour?: number | 'none';
}

export type IdentityState = 'active' | 'suspended' | 'removed';

/** What may have become of who was let in: of the identity, or of the credential alone. */
export type IdentityStatus = IdentityState | 'credentialRevoked' | 'credentialExpired' | 'passwordChanged';

const statusTexts: Readonly<Record<IdentityStatus, string>> = {
  active: 'the identity is active',
  suspended: 'the identity is suspended',
  removed: 'the identity is removed',
  credentialRevoked: 'the credential of the login was revoked',
  credentialExpired: 'the credential of the login has expired',
  passwordChanged: 'the password of the login was changed',
};

/** For the record; the client is not told. */
export function identityStatusText(status: IdentityStatus): string {
  return statusTexts[status];
}

export interface Identity {
  readonly id: IdentityId;
  /** Canonical full address, or a bare name for a service identity without a mailbox. */
  readonly login: string;
  readonly displayName?: string;
  /** Who keeps the person, and by which key there, which never changes (src/identity/directory). Absent: it is an account of our own. */
  readonly origin?: { readonly directory: string; readonly key: string };
  readonly state: IdentityState;
  /** False: a service identity, mail to its login is not accepted. */
  readonly mailbox: boolean;
  readonly rights: readonly SenderRight[];
  readonly credentials: readonly Credential[];
  readonly limits: IdentityLimits;
  /** Undo window: so long its mail waits before it leaves, in whole seconds (`src/policy/undo-window.ts`). Absent: not at all. */
  readonly undoSeconds?: number;
  /** Absent: `user`. */
  readonly role?: Role;
  /** Of a domain admin: lower-case A-labels. */
  readonly adminOf?: readonly string[];
  /** Grows with every change; compared before somebody is let in, at MAIL, at end of data and before each relay attempt. */
  readonly revision: number;
  readonly createdAt: number;
  readonly removedAt?: number;
  /** State that a removed identity comes back to. */
  readonly removedFrom?: 'active' | 'suspended';
}

/** Those that let somebody in. */
export function enabledCredentials({ credentials }: Pick<Identity, 'credentials'>): readonly Credential[] {
  return credentials.filter(({ disabled }) => disabled === undefined);
}

/** Ids of credentials that were good for a login before a change and are not any more; a changed password is one. */
export function credentialsGone(before: Identity | undefined, after: Identity): readonly string[] {
  if (before === undefined) return [];
  const left = enabledCredentials(after);
  return enabledCredentials(before)
    .filter(({ id, createdAt }) => !left.some((one) => one.id === id && one.createdAt === createdAt))
    .map(({ id }) => id);
}

/** What proved it. Whether it still stands is asked by kind (`src/identity/standing.ts`). */
export interface Proof {
  /** `directory`: the password that one keeps; `osUser`: no credential, but this host's kernel says who it is. */
  readonly kind: Credential['kind'] | 'directory' | 'osUser';
  /** Of the credential; empty: there is none. */
  readonly id: string;
  readonly label: string;
  /** When the credential was made: a password that was changed since is another one. */
  readonly since?: number;
  readonly expiresAt?: number;
  /** Of the kind `directory`: its name. */
  readonly directory?: string;
}

/** The identity as authenticated in a session, with its proof. Plain data: it crosses threads. */
export interface Principal {
  readonly identityId: IdentityId;
  readonly login: string;
  readonly proof: Proof;
  readonly mechanism: string;
  readonly revision: number;
  readonly mailbox: boolean;
  readonly rights: readonly SenderRight[];
  readonly limits: IdentityLimits;
  readonly undoSeconds?: number;
}

/** What the record keeps of a principal. */
export function principalFacts(principal: Principal) {
  const { identityId, login, proof, mechanism } = principal;
  const { id: credentialId, label: credentialLabel, directory } = proof;
  const facts = { identityId, login, credentialId, credentialLabel, mechanism };
  return { ...facts, ...(directory === undefined ? {} : { directory }) };
}
