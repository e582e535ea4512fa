// What a front counts. Plain numbers by name and label: main adds up those of all fronts when it is asked (http/metrics).

export interface FrontMetrics {
  connected(role: string): void;
  tls(version: string): void;
  authentication(mechanism: string, outcome: string): void;
  refused(name: string): void;
  accepted(octets: number): void;
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export function createFrontMetrics(): FrontMetrics {
  const counts: Record<string, Record<string, number>> = {
    connections: {},
    tls: {},
    authentications: {},
    refusals: {},
    accepted: { messages: 0, octets: 0 },
  };
  function add(name: string, label: string, value = 1): void {
    const labels = counts[name] ?? {};
    labels[label] = (labels[label] ?? 0) + value;
  }
  return {
    connected: (role) => add('connections', role),
    tls: (version) => add('tls', version),
    authentication: (mechanism, outcome) => add('authentications', `${mechanism} ${outcome}`),
    refused: (name) => add('refusals', name),
    accepted(octets) {
      add('accepted', 'messages');
      add('accepted', 'octets', octets);
    },
    counts,
  };
}
