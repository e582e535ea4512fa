// Local parts that a mailer after us may read as more than a name: a route (`user%far`, `far!user`, a quoted `user@far`, `@a:user@b`), a command,
// a file or a list (`|id`, `/etc/passwd`, `:include:/x`), an option (`-oQ`), several addresses. Postfix by default sends `user%far@ours` of a
// host that it trusts on to far; an empty one (`""@ours`) is the key of its catch-all. In a domain of ours such a name is nobody's, whatever it would be matched by (requirements F-REL-1, -5, -7).

/** Exim's `restricted characters` for local domains, and what else has a meaning in an address or an alias file. */
const special = /[%!@|:;,<>()[\]"\\]/;
const leading = /^[./-]/;
/** `a/../b`: where mailboxes are directories, another's. */
const pathStep = /(?:^|\/)\.{1,2}(?:\/|$)/;

/** `localPart`: unquoted. */
export function leadsOnward(localPart: string): boolean {
  return localPart === '' || special.test(localPart) || leading.test(localPart) || pathStep.test(localPart);
}
