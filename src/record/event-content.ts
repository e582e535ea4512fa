// What is kept of an event, in two parts that can be forgotten, and shown to others, apart: `payload`, who did what, and `place`, from where
// (addresses, ports, greeting name, network).

import { hash } from 'node:crypto';

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

/** A part as it is made, with its hash. */
export interface NewPart extends ContentPart {
  readonly hash: Uint8Array;
}

export const SALT_OCTETS = 16;

type Facts = Readonly<Record<string, unknown>>;

/** `salt`: gives a new one each time. */
export function contentOf(
  payload: object,
  salt: () => Uint8Array,
): { readonly payload: NewPart; readonly place: NewPart | undefined } {
  const { payload: rest, place } = split(payload as Facts);
  return { payload: partOf(rest, salt()), place: place === undefined ? undefined : partOf(place, salt()) };
}

/** In one piece with its salt, as it is hashed: nothing is copied for that. */
function partOf(facts: Facts, salt: Uint8Array): NewPart {
  const text = JSON.stringify(facts);
  const whole = Buffer.allocUnsafe(SALT_OCTETS + Buffer.byteLength(text));
  whole.set(salt);
  whole.write(text, SALT_OCTETS);
  return {
    salt: whole.subarray(0, SALT_OCTETS),
    octets: whole.subarray(SALT_OCTETS),
    hash: hash('sha256', whole, 'buffer'),
  };
}

export function partHash({ salt, octets }: ContentPart): Uint8Array {
  return hash('sha256', Buffer.concat([salt, octets]), 'buffer');
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
  const { clientAddress, clientPort, serverAddress, serverPort, proxy, ehlo, ...protection } =
    session as Facts;
  const place = { clientAddress, clientPort, serverAddress, serverPort, proxy, ehlo, network };
  return { payload: { ...others, session: protection }, place };
}

function parsed(octets: Uint8Array): Facts {
  return JSON.parse(Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString()) as Facts;
}
