// Which domains' mail takes one next hop, as whoever asks knows it: the store knows no hops.

export interface HopDomains {
  /** As the log and the metrics name it; for the record of a command. */
  readonly name: string;
  readonly domains: readonly string[];
  /** The domains above, or all others. */
  readonly takes: 'these' | 'others';
}

/** `hops`: of each domain one takes the mail. */
export function hopOf(hops: readonly HopDomains[], domain: string): HopDomains | undefined {
  return hops.find((hop) => takesDomain(hop, domain));
}

export function takesDomain({ domains, takes }: HopDomains, domain: string): boolean {
  return domains.includes(domain) === (takes === 'these');
}
