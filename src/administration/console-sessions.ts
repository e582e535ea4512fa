// Who is in the console: sessions, which stand in the store. Each begins and ends with its record. One is over after twelve hours, for who may more than look after himself also
// after half an hour without use, and at once with whatever it stands on: his state, his role, his password, his second factor.

import { signInMark } from '../identity/sign-in-mark.ts';
import type { Identity, IdentityId, Role } from '../record/identity.ts';
import type { ConsoleSession, ConsoleSessionChange } from '../store/console-sessions.ts';
import { type ShownIdentity, withCredentials } from '../store/shown-identity.ts';
import { type Actor, byOf, reasonGiven } from './actor.ts';
import { NotThere, UseCaseFailure } from './failure.ts';
import { assertMayChange, identityOf } from './identities.ts';
import type { AdministrationPorts } from './ports.ts';

export const SESSION_MS = 12 * 3_600_000;
export const IDLE_MS = 30 * 60_000;

/** Who acts in a session. What he gives as a reason is of one act. */
export type SessionActor = Omit<Actor, 'reason' | 'token'>;

/** Who acts as this person, in the console. */
export function actorOf({ id, login, role = 'user', adminOf }: Identity): SessionActor {
  return {
    ...{ who: login, through: 'console', role, identityId: id },
    ...(adminOf === undefined ? {} : { domains: adminOf }),
  };
}

/** Nobody: he is gone, may not submit mail, or it is not what the session began with. */
export function whoStands(
  session: Pick<ConsoleSession, 'mark'>,
  shown: ShownIdentity | undefined,
): SessionActor | undefined {
  if (shown?.state !== 'active') return undefined;
  const identity = withCredentials(shown);
  return signInMark(identity) === session.mark ? actorOf(identity) : undefined;
}

export function isOver({ usedAt, endsAt }: ConsoleSession, role: Role, now: number): boolean {
  return now >= endsAt || (role !== 'user' && now - usedAt >= IDLE_MS);
}

type Ports = Pick<AdministrationPorts, 'store' | 'clock'>;

/** A link that lets somebody in was made. `login`: for this account; absent: for who asked. */
export async function recordLink(
  { store, clock }: Ports,
  by: Pick<Actor, 'who' | 'through'>,
  login?: string,
): Promise<void> {
  const detail = login === undefined ? {} : { login };
  const payload = { by: byOf(by), action: 'console link', detail };
  const [outcome] = await store.commit([
    { type: 'record', events: [{ type: 'consoleSession', time: clock.now(), payload }] },
  ]);
  if (outcome.type === 'failed') throw notWritten(outcome.cause);
}

/** Rejects if it could not be written: then nobody is let in. */
export async function beginSession(
  ports: Ports,
  actor: SessionActor,
  session: ConsoleSession,
): Promise<void> {
  const { name, facts } = session;
  const { by, address } = facts;
  const event = eventOf(ports, actor, 'console sign-in', { session: name, with: by, address });
  await write(ports, { type: 'consoleSession', begin: session, event });
}

/** Whoever is in it proved anew that it is he. False: it is over. */
export async function proveSession(
  ports: Ports,
  actor: SessionActor,
  of: {
    readonly session: ConsoleSession;
    readonly next: string;
    /** By what. */
    readonly proof: string;
    /** Of the client. */
    readonly address: string;
  },
): Promise<boolean> {
  const { key, name, facts } = of.session;
  const provedAt = ports.clock.now();
  const detail = { session: name, with: of.proof, address: of.address };
  const event = eventOf(ports, actor, 'console proof', detail);
  const prove = { key, next: of.next, facts: { ...facts, provedAt } };
  return write(ports, { type: 'consoleSession', prove, event });
}

/** Of a session whose proof counts no more (`isOfTimeToCome`): on no node, whatever the clock says later. */
export async function forgetProof(
  ports: Ports,
  actor: SessionActor,
  { key, name, facts }: ConsoleSession,
): Promise<void> {
  const { provedAt: _forgotten, ...rest } = facts;
  const event = eventOf(ports, actor, 'console proof forgotten', { session: name, cause: 'clock set back' });
  await write(ports, { type: 'consoleSession', prove: { key, next: key, facts: rest }, event });
}

/** False: it is over. */
export async function signOut(ports: Ports, actor: SessionActor, name: string): Promise<boolean> {
  return end(ports, actor, { action: 'console sign-out', identityId: actor.identityId ?? '', name });
}

async function end(
  ports: Ports,
  actor: Actor,
  of: { readonly action: string; readonly identityId: IdentityId | ''; readonly name: string },
): Promise<boolean> {
  const { action, identityId, name } = of;
  const detail = { session: name, ...reasonGiven(actor) };
  const event = eventOf(ports, { ...actor, identityId }, action, detail);
  return write(ports, { type: 'consoleSession', end: { identityId, name }, event });
}

function eventOf(
  { clock }: Ports,
  { identityId, ...actor }: Pick<Actor, 'who' | 'through'> & { readonly identityId?: IdentityId },
  action: string,
  detail: Readonly<Record<string, string>>,
) {
  const whose = identityId === undefined || identityId === '' ? {} : { identityId };
  const payload = { by: byOf(actor), action, detail };
  return { type: 'consoleSession', time: clock.now(), ...whose, payload } as const;
}

/** False: there is none such any more. Throws `UseCaseFailure`. */
export async function write({ store }: Ports, change: ConsoleSessionChange): Promise<boolean> {
  const [outcome] = await store.commit([change]);
  if (outcome.type === 'failed') throw notWritten(outcome.cause);
  return outcome.wasThere;
}

const notWritten = (cause: string): UseCaseFailure =>
  new UseCaseFailure(`it could not be recorded who comes and goes: ${cause}`, 'trouble');

export interface OwnSession extends Pick<ConsoleSession, 'name' | 'usedAt' | 'endsAt'> {
  readonly beganAt: number;
  /** What let him in. */
  readonly by: string;
  readonly address: string;
  readonly browser: string;
}

interface OfAccount {
  readonly login: string;
}

/** Those that are not over, the one that began last first. */
export async function listSessions(
  ports: AdministrationPorts,
  _actor: Actor,
  of: OfAccount,
): Promise<OfAccount & { readonly sessions: readonly OwnSession[] }> {
  const identity = await identityOf(ports, of.login);
  const all = await ports.lookups.consoleSessions(identity.id);
  const now = ports.clock.now();
  const sessions = all
    .filter((one) => !isOver(one, identity.role ?? 'user', now) && whoStands(one, identity) !== undefined)
    .map(({ name, usedAt, endsAt, facts: { who: _who, provedAt: _provedAt, ...facts } }) => ({
      ...{ name, usedAt, endsAt },
      ...facts,
    }));
  return { login: identity.login, sessions };
}

/** At once, on every node. `session`: its name. */
export async function endSession(
  ports: AdministrationPorts,
  actor: Actor,
  { login, session }: OfAccount & { readonly session: string },
): Promise<OfAccount & { readonly session: string }> {
  const identity = await identityOf(ports, login);
  assertMayChange(actor, withCredentials(identity), 'console session end');
  const ended = { action: 'console session end', identityId: identity.id, name: session };
  if (!(await end(ports, actor, ended)))
    throw new NotThere(`${identity.login} has no session ${session}: it may have ended meanwhile`);
  return { login: identity.login, session };
}
