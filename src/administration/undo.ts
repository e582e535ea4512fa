// Undo: a person takes a message back before it leaves, and how long his mail waits for that. Whether it is early enough is decided in the store (`src/store/undo.ts`).

import { fatesOf, type RecipientFate } from '../audit/fates.ts';
import { setUndoWindow as withUndoWindow } from '../identity/identity-changes.ts';
import type { HoldReason } from '../store/queue-change.ts';
import { type Actor, whoActs } from './actor.ts';
import { NotThere, UseCaseFailure } from './failure.ts';
import { changeIdentity } from './identities.ts';
import type { AdministrationPorts } from './ports.ts';
import { ownIdentity } from './second-factor.ts';

export interface UndoWindow {
  readonly login: string;
  /** 0: what it sends leaves at once. */
  readonly undoSeconds: number;
}

export async function setUndoWindow(
  ports: AdministrationPorts,
  actor: Actor,
  of: UndoWindow,
): Promise<UndoWindow> {
  const deed = { action: 'undo window', detail: { seconds: String(of.undoSeconds) } };
  const { login, undoSeconds = 0 } = await changeIdentity(ports, actor, of.login, deed, (identity) =>
    withUndoWindow(identity, of.undoSeconds),
  );
  return { login, undoSeconds };
}

/** Of who acts. It counts for what he sends from then on. */
export async function setMyUndoWindow(
  ports: AdministrationPorts,
  actor: Actor,
  { undoSeconds }: Pick<UndoWindow, 'undoSeconds'>,
): Promise<UndoWindow> {
  const { login } = await ownIdentity(ports, actor);
  return setUndoWindow(ports, actor, { login, undoSeconds });
}

export interface Undone {
  readonly id: string;
  /** That it does not go to. */
  readonly recipients: number;
}

/** A message of who acts, whole or not at all. Done once, it stays done, however often it is asked. */
export async function undoMessage(
  ports: AdministrationPorts,
  actor: Actor,
  named: { readonly id: string },
): Promise<Undone> {
  const { id: identityId, state } = await ownIdentity(ports, actor);
  const id = named.id.toUpperCase();
  const before = await look(ports, id);
  if (before.identityId !== identityId)
    throw new NotThere(`you sent no message ${named.id}, or it is forgotten`);
  const already = undoneOf(id, before);
  if (already !== undefined) return already;
  if (state !== 'active') throw new UseCaseFailure(whyHeld.identity);
  if (before.undoUntil === undefined)
    throw new UseCaseFailure(
      'it can not be taken back: you had no undo window when you sent it, so it was sent on at once',
    );
  const { now, by } = whoActs(ports, actor);
  const recipients = before.fates.filter(({ fate }) => fate === 'queued').length;
  const isUntouched = before.fates.every(({ fate }) => fate === 'queued' || fate === 'dropped');
  if (isUntouched && recipients === 0)
    throw new UseCaseFailure('an operator has taken it out already: it goes to nobody');
  if (isUntouched) {
    const [outcome] = await ports.store.commit([
      { type: 'undo', messageId: id, identityId, recipients, now, by },
    ]);
    if (outcome.type === 'failed') throw new UseCaseFailure(outcome.cause, 'trouble');
    if (outcome.type === 'undone') return { id, recipients };
  }
  // It may have been asked twice at the same moment.
  const after = undoneOf(id, await look(ports, id));
  if (after !== undefined) return after;
  throw new UseCaseFailure(await whyNot(ports, id));
}

interface Seen {
  readonly identityId: string | undefined;
  readonly undoUntil: number | undefined;
  readonly fates: readonly RecipientFate[];
}

/** What has not left has few events: those of its acceptance, of holds, and of recipients that were dropped. */
const EVENTS_MAX = 10_000;

async function look({ lookups }: Pick<AdministrationPorts, 'lookups'>, id: string): Promise<Seen> {
  const events = await lookups.eventsOfMessage(id, EVENTS_MAX);
  const acceptance = events.find((event) => event.type === 'accepted');
  return {
    identityId: acceptance?.identityId,
    undoUntil: acceptance?.payload?.undoUntil,
    fates: fatesOf(acceptance?.payload, events),
  };
}

/** Undefined: it was not taken back. */
function undoneOf(id: string, { fates }: Seen): Undone | undefined {
  const recipients = fates.filter(({ takenBack }) => takenBack === true).length;
  return recipients === 0 ? undefined : { id, recipients };
}

const whyHeld: Readonly<Record<HoldReason, string>> = {
  identity: 'your account is stopped, and its mail is held: ask your administrator',
  operator: 'an operator holds it, so it does not leave now: ask your administrator to drop it',
  review: 'it is held until an operator has looked at it: ask your administrator to drop it',
};

async function whyNot({ lookups }: Pick<AdministrationPorts, 'lookups'>, id: string): Promise<string> {
  const [held] = await lookups.queue({ messageId: id, held: true }, { max: 1 });
  const [reason] = held?.heldBy ?? [];
  return reason === undefined
    ? 'it is too late: it has begun to leave, and what has left can not be taken back'
    : whyHeld[reason];
}
