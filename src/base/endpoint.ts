// One end of a TCP connection.

export interface Endpoint {
  /** As sockets and the record spell it; an IPv4-mapped IPv6 address as the IPv4 address that it names. */
  readonly address: string;
  readonly port: number;
}
