// Who is in the console: a secret in the browser's cookie leads to a session in the store, and whatever the session stands on is looked at for each request.

import {
  type SessionActor,
  SESSION_MS,
  actorOf,
  beginSession,
  forgetProof,
  isOver,
  proveSession,
  signOut,
  whoStands,
  write,
} from '../administration/console-sessions.ts';
import { isOfTimeToCome } from '../administration/fresh-proof.ts';
import type { AdministrationPorts } from '../administration/ports.ts';
import type { RightCode } from '../administration/second-factor.ts';
import { signInMark } from '../identity/sign-in-mark.ts';
import type { Entropy } from '../platform/platform.ts';
import type { ConsoleSession } from '../store/console-sessions.ts';
import { type ShownIdentity, withCredentials } from '../store/shown-identity.ts';
import type { Client } from './client.ts';
import { hashOf, newSecret } from './kept.ts';

export type { SessionActor };

const NAME_OCTETS = 6;
/** That it was used is written so often. */
const USE_MS = 60_000;

export interface Session {
  /** Short, for the trail; it opens nothing. */
  readonly name: string;
  readonly actor: SessionActor;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Stands in each form of this session. */
  readonly formToken: string;
}

/** Whoever is let in, and by what. */
export interface LetIn {
  /** A person with an account; or a user of the operating system, who is an admin. */
  readonly who: ShownIdentity | { readonly osUser: string };
  readonly by: 'password' | 'link' | `password and ${Exclude<Proof, 'link'>}`;
}

/** What is more than a password. */
export type Proof = 'link' | RightCode | 'passkey';

export interface Begun {
  readonly token: string;
  readonly session: Session;
}

export interface Sessions {
  /** `token` goes into the cookie; whatever stood there before counts for nothing. Rejects if it could not be recorded. */
  begin(of: LetIn, client: Client): Promise<Begun>;
  /** Its use counts. */
  find(token: string | undefined): Promise<Session | undefined>;
  /** Looks, and keeps nothing alive: an open page is nobody at the desk. */
  lives(session: Session): Promise<boolean>;
  /** Its person proved anew that it is he. `token` goes into the cookie: a copy of the one before opens nothing. Undefined: it is over. */
  prove(session: Session, proof: Proof, client: Client): Promise<Begun | undefined>;
  /** After an act of this session by which its person signs in otherwise than before: this one stays, the others of his are over. It does not if anything else of the account was changed since it was found. */
  renew(session: Session): Promise<void>;
  end(session: Session): Promise<void>;
}

export function createSessions(o: {
  readonly entropy: Entropy;
  readonly ports: Pick<AdministrationPorts, 'store' | 'clock' | 'lookups'>;
}): Sessions {
  return new StoredSessions(o.entropy, o.ports);
}

class StoredSessions implements Sessions {
  readonly #entropy: Entropy;
  readonly #ports: Pick<AdministrationPorts, 'store' | 'clock' | 'lookups'>;
  /** What was found, with its place in the store. */
  readonly #kept = new WeakMap<Session, Found>();

  constructor(entropy: Entropy, ports: Pick<AdministrationPorts, 'store' | 'clock' | 'lookups'>) {
    this.#entropy = entropy;
    this.#ports = ports;
  }

  async begin({ who, by }: LetIn, { address, browser }: Client) {
    const now = this.#ports.clock.now();
    const token = newSecret(this.#entropy);
    const name = Buffer.from(this.#entropy.bytes(NAME_OCTETS)).toString('base64url');
    const stands = 'osUser' in who ? rootStands(who.osUser) : standsAs(who);
    const { actor } = stands;
    const mark = 'osUser' in who ? '' : signInMark(withCredentials(who));
    const kept: ConsoleSession = {
      ...{ key: hashOf(token), name, identityId: actor.identityId ?? '', mark },
      ...{ usedAt: now, endsAt: now + SESSION_MS },
      facts: {
        ...{ who: actor.who, beganAt: now, by, address, browser },
        ...(by === 'password' ? {} : { provedAt: now }),
      },
    };
    await beginSession(this.#ports, actor, kept);
    return { token, session: this.#sessionOf(token, { kept, ...stands }) };
  }

  async find(token = '') {
    const kept = token === '' ? undefined : await this.#ports.lookups.consoleSession(hashOf(token));
    const stands = kept && (await this.#whoIs(kept));
    if (kept === undefined || stands === undefined) return undefined;
    const { clock } = this.#ports;
    const { provedAt } = kept.facts;
    // Where that can't be written it does not count now at least.
    if (provedAt !== undefined && isOfTimeToCome(clock, provedAt))
      await forgetProof(this.#ports, stands.actor, kept).catch(() => undefined);
    const now = clock.now();
    if (now - kept.usedAt >= USE_MS) {
      const { key, mark } = kept;
      // A store that can't write now, as on a full disk, is what somebody is in here to see: he is let go on, and his half hour does not begin again.
      await write(this.#ports, { type: 'consoleSession', use: { key, usedAt: now, mark } }).catch(
        () => undefined,
      );
    }
    return this.#sessionOf(token, { kept, ...stands });
  }

  async lives(session: Session) {
    const { kept: found } = this.#kept.get(session) ?? {};
    const kept = found && (await this.#ports.lookups.consoleSession(found.key));
    return kept !== undefined && (await this.#whoIs(kept)) !== undefined;
  }

  async prove(session: Session, proof: Proof, { address }: Client) {
    const found = this.#kept.get(session);
    if (found === undefined) return undefined;
    const token = newSecret(this.#entropy);
    const of = { session: found.kept, next: hashOf(token), proof, address };
    if (!(await proveSession(this.#ports, session.actor, of))) return undefined;
    const proved = await this.find(token);
    return proved && { token, session: proved };
  }

  async renew(session: Session) {
    const found = this.#kept.get(session);
    const { identityId } = session.actor;
    if (found?.revision === undefined || identityId === undefined) return;
    const shown = await this.#ports.lookups.identityById(identityId);
    // Changed by somebody else too, such as its owner, who has just found out that another is in.
    if (shown?.revision !== found.revision + 1) return;
    const mark = signInMark(withCredentials(shown));
    const use = { key: found.kept.key, usedAt: this.#ports.clock.now(), mark };
    await write(this.#ports, { type: 'consoleSession', use });
  }

  async end({ actor, name }: Session) {
    await signOut(this.#ports, actor, name);
  }

  async #whoIs(kept: ConsoleSession): Promise<Stands | undefined> {
    const stands =
      kept.identityId === ''
        ? rootStands(kept.facts.who)
        : standing(kept, await this.#ports.lookups.identityById(kept.identityId));
    return stands === undefined || isOver(kept, stands.actor.role, this.#ports.clock.now())
      ? undefined
      : stands;
  }

  #sessionOf(token: string, found: Found): Session {
    const { kept } = found;
    const { provedAt } = kept.facts;
    const actor = { ...found.actor, ...(provedAt === undefined ? {} : { provedAt }) };
    const session = {
      ...{ name: kept.name, actor, startedAt: kept.facts.beganAt, formToken: hashOf(`form ${token}`) },
    };
    this.#kept.set(session, found);
    return session;
  }
}

interface Stands {
  readonly actor: SessionActor;
  /** Of the account as it was looked at; absent: a user of the operating system. */
  readonly revision?: number;
}

interface Found extends Stands {
  readonly kept: ConsoleSession;
}

const rootStands = (who: string): Stands => ({ actor: { who, through: 'console', role: 'admin' } });

const standsAs = (shown: ShownIdentity): Stands => ({
  actor: actorOf(withCredentials(shown)),
  revision: shown.revision,
});

function standing(kept: ConsoleSession, shown: ShownIdentity | undefined): Stands | undefined {
  return shown === undefined || whoStands(kept, shown) === undefined ? undefined : standsAs(shown);
}
