// Is a server of the domain whose mail it takes? By name alone: one that lies in the domain is, every other one is foreign.

/** Both lower-case A-labels. Undefined: the host lies in the domain. Else what to show to people: the host without its first label, never cut. */
export function foreignDomainOf(host: string, domain: string): string | undefined {
  if (isWithin(host, domain)) return undefined;
  const labels = host.split('.');
  return labels.length > 2 ? labels.slice(1).join('.') : host;
}

export function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}
