// What is kept of an event, in two parts that can be forgotten, and shown to others, apart: `payload`, who did what, and `place`, from where
// (addresses, ports, greeting name, network).

/** One part: JSON, and the salt that hides it from whoever has its hash alone. */
export interface ContentPart {
  readonly salt: Uint8Array;
  readonly octets: Uint8Array;
}

export interface EventContent {
  readonly payload: ContentPart;
  /** Only for events that came over a connection. */
  readonly place: ContentPart | undefined;
}

type Facts = Readonly<Record<string, unknown>>;

/** `salt`: gives a new one each time. */
export function contentOf(payload: object, salt: () => Uint8Array): EventContent {
  const { payload: rest, place } = split(payload as Facts);
  const part = (facts: Facts): ContentPart => ({ salt: salt(), octets: Buffer.from(JSON.stringify(facts)) });
  return { payload: part(rest), place: place === undefined ? undefined : part(place) };
}

/** The payload as it was given; of a place that was forgotten, nothing. */
export function payloadOf(payload: Uint8Array | undefined, place: Uint8Array | undefined): unknown {
  if (payload === undefined) return undefined;
  const facts = parsed(payload);
  if (place === undefined) return facts;
  const { network, ...ofSession } = parsed(place);
  const { sessionId, role, ...protection } = (facts['session'] ?? {}) as Facts;
  return {
    ...facts,
    session: { sessionId, role, ...ofSession, ...protection },
    ...(network === undefined ? {} : { network }),
  };
}

function split(payload: Facts): { readonly payload: Facts; readonly place: Facts | undefined } {
  const session = payload['session'];
  if (typeof session !== 'object' || session === null) return { payload, place: undefined };
  const { network, session: _session, ...others } = payload;
  const { clientAddress, clientPort, serverAddress, serverPort, ehlo, ...protection } = session as Facts;
  const place = { clientAddress, clientPort, serverAddress, serverPort, ehlo, network };
  return { payload: { ...others, session: protection }, place };
}

function parsed(octets: Uint8Array): Facts {
  return JSON.parse(Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString()) as Facts;
}
