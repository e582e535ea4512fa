// The cookie of a session (RFC 6265): not for scripts, not from other sites. With TLS its name binds it to this host (`__Host-`); on loopback in clear browsers take no such
// name everywhere, and the port in it keeps two consoles of one machine apart.

export interface Cookie {
  /** The line that sets it, to the end of the browser's session. */
  set(token: string): string;
  clear(): string;
  /** From the `Cookie` field. Undefined: it is not there, or there twice. */
  read(field: string | undefined): string | undefined;
}

export function cookieOf(origin: string): Cookie {
  const { protocol, port } = new URL(origin);
  const isSecure = protocol === 'https:';
  const name = isSecure ? '__Host-postern' : `postern-${port === '' ? '80' : port}`;
  const attributes = `Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
  return {
    set: (token) => `${name}=${token}; ${attributes}`,
    clear: () => `${name}=; Max-Age=0; ${attributes}`,
    read(field = '') {
      const found = field.split(';').flatMap((pair) => {
        const [key = '', ...value] = pair.trim().split('=');
        return key === name ? [value.join('=')] : [];
      });
      return found.length === 1 ? found[0] : undefined;
    },
  };
}
