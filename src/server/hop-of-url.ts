// A next hop as the configuration writes it: `smtp://`, `smtps://`, `lmtp://` or `unix:`. What is refused is shown without what may be a password.

import { ConfigError } from '../config/find.ts';
import type { Hop } from '../relay/settings.ts';

const WRITTEN = 'write @ / ? # : % in a user or password as %40 %2F %3F %23 %3A %25';

/** `password`: the setting beside the URL. `where`: the key that both stand under. Throws `ConfigError`. */
export function smtpHop(text: string, password: string | undefined, where: string): Hop {
  const refuse = (because: string): never => refused(`${where}.smarthost`, text, because);
  const url = URL.parse(text);
  if (url === null || !/^smtps?:$/.test(url.protocol) || url.hostname === '' || hasMore(url))
    return refuse(`is no smtp://HOST or smtps://HOST; ${WRITTEN}, or set \`password:\``);
  const isImplicit = url.protocol === 'smtps:';
  const [user, inUrl] = [url.username, url.password].map((part) => decoded(part));
  if (user === undefined || inUrl === undefined)
    return refuse(`has a % before its @ that stands for nothing; ${WRITTEN}, or set \`password:\``);
  const secret = inUrl === '' ? password : inUrl;
  if (user !== '' && secret === undefined) return refuse(`names ${user}, who needs \`password:\``);
  if (user === '' && inUrl !== '') return refuse('has a password and no user before it');
  const tls = isImplicit ? 'implicit' : user === '' ? 'opportunistic' : 'required';
  return {
    protocol: 'smtp',
    host: hostOf(url),
    port: url.port === '' ? (isImplicit ? 465 : user === '' ? 25 : 587) : Number(url.port),
    tls,
    verify: tls !== 'opportunistic',
    ...(user === '' || secret === undefined ? {} : { auth: { user, password: secret } }),
  };
}

/** Throws `ConfigError`. */
export function lmtpHop(text: string, where: string): Hop {
  if (text.startsWith('unix:'))
    return { protocol: 'lmtp', path: text.slice('unix:'.length), tls: 'none', verify: false };
  const url = text.startsWith('lmtp://') ? URL.parse(text) : null;
  if (url === null || url.hostname === '' || hasMore(url))
    return refused(`${where}.lmtp`, text, 'is no lmtp://HOST:PORT or unix:PATH');
  if (url.username !== '' || url.password !== '')
    return refused(`${where}.lmtp`, text, 'names a user: nobody logs in over LMTP');
  return {
    protocol: 'lmtp',
    host: hostOf(url),
    port: Number(url.port || 24),
    tls: 'opportunistic',
    verify: false,
  };
}

const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

/** A path may be the rest of a password that was cut at its `/`, `?` or `#`. */
const hasMore = ({ pathname, search, hash }: URL): boolean => !/^\/?$/.test(pathname + search + hash);

/** Undefined: a `%` begins no octets of UTF-8. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

function refused(key: string, text: string, because: string): never {
  throw new ConfigError([`${key}: "${withoutPassword(text)}" ${because}`]);
}

/** Of what is perhaps no URL: what stands before the last @ may be a password; without an @, what follows a colon. */
function withoutPassword(text: string): string {
  const [, scheme = '', rest = ''] = /^([a-z]+:\/\/)?(.*)$/is.exec(text) ?? [];
  const at = rest.lastIndexOf('@');
  return scheme + (at >= 0 ? `…${rest.slice(at)}` : rest.replace(/(?<!\[[^\]]*):(?!\d{1,5}\/?$).*$/s, ':…'));
}
