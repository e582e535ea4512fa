// What went wrong in words, for people: the system's and OpenSSL's errors without their codes, numbers and source paths.

/** By the code of the system. What it happened to stands in front. */
const words: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or directory',
  EACCES: 'not permitted',
  EPERM: 'not permitted',
  EISDIR: 'it is a directory, and a file is wanted',
  ENOTDIR: 'a part of this path is no directory',
  EEXIST: 'it exists already, and nothing is overwritten',
  ENOTEMPTY: 'the directory is not empty',
  ENOSPC: 'there is no space left on the disk',
  EDQUOT: 'the disk quota of this user is used up',
  EROFS: 'the file system is read-only',
  EIO: 'the disk reports an error',
  EMFILE: 'too many files are open: raise the limit of the process (LimitNOFILE, ulimit -n)',
  ENFILE: 'too many files are open on this host',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  EADDRINUSE: 'another process listens there already',
  EADDRNOTAVAIL: 'it is no address of this host',
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was cut',
  ECONNABORTED: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'no answer in time',
  ENOTFOUND: 'the name is not known in the DNS',
  EHOSTUNREACH: 'it cannot be reached from here',
  ENETUNREACH: 'it cannot be reached from here',
};

/** Of OpenSSL: what its reasons mean for who has to do something about them. */
const openSslWords: Readonly<Record<string, string>> = {
  'wrong version number':
    'it answers in clear text: use STARTTLS on this port, as on 587, or a port with TLS from the first octet, as 465',
  'http request':
    'it answers in clear text: use STARTTLS on this port, as on 587, or a port with TLS from the first octet, as 465',
  'unsupported protocol': 'it knows no TLS version that we take (1.2 or newer)',
  'tlsv1 alert protocol version': 'it takes no TLS version that we know',
  'ssl/tls alert handshake failure': 'no cipher or version of TLS suits both sides',
  'no start line': 'it is not in PEM form',
  'unexpected eof while reading': 'the connection was closed during the handshake',
  'key values mismatch': 'the key is not that of the certificate',
  'bad decrypt': 'it is encrypted',
};

interface Told {
  readonly code?: unknown;
  readonly path?: unknown;
  readonly address?: unknown;
  readonly port?: unknown;
  readonly reason?: unknown;
  readonly library?: unknown;
}

/** What happened, without what it happened to. */
export function reasonInWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, reason, library } = error as Told;
  if (typeof code === 'string' && Object.hasOwn(words, code)) return words[code] ?? error.message;
  if (typeof library !== 'string' || typeof reason !== 'string') return error.message;
  const plain = reason.toLowerCase();
  return (Object.hasOwn(openSslWords, plain) ? openSslWords[plain] : undefined) ?? reason;
}

/** What it happened to, and what happened. */
export function failureInWords(error: unknown): string {
  const reason = reasonInWords(error);
  if (!(error instanceof Error) || reason === error.message) return reason;
  const { path, address, port } = error as Told;
  const to = typeof path === 'string' ? path : typeof address === 'string' ? address : undefined;
  if (to === undefined) return reason;
  return typeof port === 'number'
    ? `${to.includes(':') ? `[${to}]` : to}:${port}: ${reason}`
    : `${to}: ${reason}`;
}

/** SQLSTATE, as the server of a database tells it. */
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** For the log: what happened, and for an error of a database its SQLSTATE, by which its documentation tells more. */
export function causeInWords(error: unknown): string {
  const reason = reasonInWords(error);
  const code = sqlStateOf(error);
  return code === undefined ? reason : `${reason} (SQLSTATE ${code})`;
}

/** Undefined: it is no error of a database. */
export function sqlStateOf(error: unknown): string | undefined {
  const { code } = error instanceof Error ? (error as Told) : {};
  const isIt = typeof code === 'string' && SQLSTATE.test(code) && !Object.hasOwn(words, code);
  return isIt ? code : undefined;
}

/** The other side has no TLS at all on this port, or not yet. */
export function isClearText(error: unknown): boolean {
  return (
    error instanceof Error && /^(?:wrong version number|http request)$/.test(String((error as Told).reason))
  );
}
