// A person's own mail, and what became of it. It leaves no record: nobody looks at anybody else. He learns what a delivery report would tell him, and that somebody
// held his mail, not who; next hops, paths and nodes are the operator's.

import { eventsOfAll } from '../audit/events-of-messages.ts';
import { fatesOf, isFate, type RecipientFate } from '../audit/fates.ts';
import { type AcceptedEvent, type AcceptedPayload, isAcceptance, type TrailEvent } from '../record/events.ts';
import type { Cursor, QueueEntry } from '../store/lookups.ts';
import type { HoldReason } from '../store/queue-change.ts';
import type { Actor } from './actor.ts';
import { NotThere } from './failure.ts';
import type { AdministrationPorts } from './ports.ts';
import { waitsForUndo, wasPutBack } from './queue-why.ts';
import { ownIdentity } from './second-factor.ts';
import { isReply } from './told-to-user.ts';

export interface MyFate {
  readonly recipient: string;
  readonly fate: RecipientFate['fate'];
  /** Of the last attempt. */
  readonly at?: number;
  readonly status?: string;
  /** In the words of the other server. */
  readonly said?: string;
  /** That came to something. */
  readonly attempts: number;
  /** While it waits: when it is tried next. */
  readonly dueAt?: number;
  /** An attempt is under way. */
  readonly active?: true;
  /** Its next hop was down when it was its turn: it was not tried yet. */
  readonly hopWasDown?: true;
  /** It was dropped by oneself, before it left. */
  readonly takenBack?: true;
  /** Empty: it is not held. */
  readonly heldBy: readonly HoldReason[];
}

export interface MyMessage {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly acceptedAt: number;
  /** Absent, and nobody below: what was recorded is forgotten. */
  readonly from?: string;
  readonly octets?: number;
  /** With which it was submitted. */
  readonly device?: string;
  readonly recipients: number;
  /** Until then it can be taken back. Absent: it can't. */
  readonly undoUntil?: number;
  /** Of some recipients, of whom it is known: first those of whom something is wrong. */
  readonly fates: readonly MyFate[];
}

/** What happened, oldest first. */
export interface MyStep extends Pick<Partial<MyFate>, 'recipient' | 'status' | 'said'> {
  readonly type:
    'accepted' | Exclude<RecipientFate['fate'], 'queued'> | 'takenBack' | 'held' | 'released' | 'reported';
  readonly at: number;
  readonly dueAt?: number;
}

const MESSAGES_MAX = 100;
/** Events that are looked through for an address: some hundred messages, as fast as a page has to be. */
const SEARCHED_MAX = 500;
/** Of one message in a list. */
const FATES_LISTED = 5;
/** Of one message by itself. */
const FATES_MAX = 200;
const STEPS_MAX = 200;
/** Events of one message that are looked at: in a list that has no other, and by itself. */
const EVENTS_LISTED = 500;
const EVENTS_MAX = 10_000;
/** Events of all the messages of a list, and as many recipients that wait: what an answer holds does not grow with both its messages and their recipients. */
export const LIST_EVENTS_MAX = 2_500;

export interface MyMail {
  readonly messages: readonly MyMessage[];
  /** So long one's mail waits, to be taken back. Absent: it can't have such a window. */
  readonly undoSeconds?: number;
  readonly next?: Cursor;
}

/** Newest first. `to`: for a recipient in whose address this stands; what lies deep in the past may take several pages, some of them empty. */
export async function myMail(
  ports: AdministrationPorts,
  actor: Actor,
  { to = '', max, after }: { readonly to?: string; readonly max: number; readonly after?: Cursor },
): Promise<MyMail> {
  const { id: identityId, mailbox, undoSeconds = 0 } = await ownIdentity(ports, actor);
  const { lookups } = ports;
  const { events, next } = await lookups.findEvents([{ kind: 'identity', identityId }], {
    ...{ types: ['accepted'], max: Math.min(max, MESSAGES_MAX) },
    ...(to === '' ? {} : { recipient: to, examinedMax: SEARCHED_MAX }),
    ...(after === undefined ? {} : { after }),
  });
  const ids = new Set(
    events.flatMap(({ type, messageId }) => (type === 'accepted' ? (messageId ?? []) : [])),
  );
  const eventsMax = Math.min(EVENTS_LISTED, Math.floor(LIST_EVENTS_MAX / Math.max(1, ids.size)));
  const found = await messagesOf(ports, [...ids], { eventsMax, fatesMax: FATES_LISTED });
  return {
    messages: found.map(({ message }) => message),
    ...(mailbox ? { undoSeconds } : {}),
    ...(next === undefined ? {} : { next }),
  };
}

export interface MyMessageStory {
  readonly message: MyMessage;
  readonly steps: readonly MyStep[];
  /** Steps that are not told. */
  readonly left: number;
}

export async function myMessage(
  ports: AdministrationPorts,
  actor: Actor,
  { id }: { readonly id: string },
): Promise<MyMessageStory> {
  const self = await ownIdentity(ports, actor);
  const most = { eventsMax: EVENTS_MAX, fatesMax: FATES_MAX };
  const [found] = await messagesOf(ports, [id.toUpperCase()], most);
  if (found?.identityId !== self.id) throw new NotThere(`you sent no message ${id}, or it is forgotten`);
  const steps = found.events.flatMap(stepOf);
  return {
    message: found.message,
    steps: steps.slice(0, STEPS_MAX),
    left: Math.max(0, steps.length - STEPS_MAX),
  };
}

interface Found {
  readonly message: MyMessage;
  readonly events: readonly TrailEvent[];
  readonly identityId?: string | undefined;
}

interface Limits {
  readonly eventsMax: number;
  readonly fatesMax: number;
}

interface Told {
  readonly id: string;
  readonly events: readonly TrailEvent[];
  readonly acceptance: AcceptedEvent | undefined;
  readonly fates: readonly RecipientFate[];
}

async function messagesOf(
  { lookups, clock }: Pick<AdministrationPorts, 'lookups' | 'clock'>,
  ids: readonly string[],
  limits: Limits,
): Promise<readonly Found[]> {
  const told = [...(await eventsOfAll(lookups, ids, limits.eventsMax))].map(toldOf);
  const waiting = told.flatMap(({ id, fates }) => (fates.some(waits) ? [id] : []));
  const queued = Map.groupBy(
    waiting.length === 0 ? [] : await lookups.queueOfMessages(waiting, limits.eventsMax),
    ({ message }) => message.id,
  );
  return told.map((one) => foundOf(one, queued.get(one.id) ?? [], { ...limits, now: clock.now() }));
}

function toldOf([id, events]: readonly [id: string, events: readonly TrailEvent[]]): Told {
  const acceptance = events.find(isAcceptance);
  return { id, events, acceptance, fates: fatesOf(acceptance?.payload, events) };
}

const waits = ({ fate }: RecipientFate): boolean => fate === 'queued' || fate === 'deferred';

function foundOf(
  { id, events, acceptance, fates }: Told,
  queued: readonly QueueEntry[],
  { eventsMax, fatesMax, now }: Limits & { readonly now: number },
): Found {
  const byRecipient = new Map(queued.map((entry) => [entry.delivery.recipient.forwardPath, entry]));
  // Of what comes after the events that were looked at, only the queue tells that somebody still waits; and of what comes after what was read of the queue, nothing tells
  // when it is due, and who holds it.
  const isCut = events.length >= eventsMax || queued.length >= eventsMax;
  const known = fates.filter((one) => !isCut || !waits(one) || byRecipient.has(one.recipient));
  return {
    ...{ events, identityId: acceptance?.identityId },
    message: {
      ...{ id, acceptedAt: acceptance?.time ?? 0, recipients: fates.length },
      ...whatOf(acceptance?.payload),
      ...undoOf(acceptance?.payload, queued, now),
      fates: known
        .toSorted((one, other) => rankOf(one) - rankOf(other))
        .slice(0, fatesMax)
        .map((fate) => myFate(fate, byRecipient.get(fate.recipient), now)),
    },
  };
}

function whatOf(accepted: AcceptedPayload | undefined): Pick<MyMessage, 'from' | 'octets' | 'device'> {
  if (accepted === undefined) return {};
  const { envelope, octets, principal } = accepted;
  const device = principal === undefined ? {} : { device: principal.credentialLabel };
  return { from: envelope.reversePath, octets, ...device };
}

/** As far as it can be told: whether it is early enough the store decides. */
function undoOf(
  accepted: AcceptedPayload | undefined,
  queued: readonly QueueEntry[],
  now: number,
): Pick<MyMessage, 'undoUntil'> {
  const undoUntil = accepted?.undoUntil ?? 0;
  const isUntouched = queued.every(
    (entry) => waitsForUndo(entry, now) && !entry.active && entry.heldBy.length === 0,
  );
  return undoUntil > now && queued.length > 0 && isUntouched ? { undoUntil } : {};
}

const order: readonly RecipientFate['fate'][] = ['failed', 'expired', 'dropped', 'deferred', 'queued'];

/** What a person has to know of comes first. */
function rankOf({ fate }: RecipientFate): number {
  const at = order.indexOf(fate);
  return at < 0 ? order.length : at;
}

function myFate(
  { recipient, fate, at, status, attempts, remote, diagnostic, takenBack }: RecipientFate,
  queued: QueueEntry | undefined,
  now: number,
): MyFate {
  return {
    ...{ recipient, fate, attempts, heldBy: queued?.heldBy ?? [] },
    ...(at === undefined ? {} : { at }),
    ...(status === undefined ? {} : { status }),
    ...saidBy(remote, diagnostic),
    ...(queued === undefined ? {} : { dueAt: queued.dueAt }),
    ...(queued?.active === true ? { active: true } : {}),
    ...(attempts === 0 && queued !== undefined && wasPutBack(queued, now) ? { hopWasDown: true } : {}),
    ...(takenBack === undefined ? {} : { takenBack }),
  };
}

/** What we say ourselves of a connection or a file tells of this server. */
function saidBy(remote: string | undefined, diagnostic = ''): { readonly said?: string } {
  return isReply(remote, diagnostic) ? { said: diagnostic } : {};
}

function stepOf(event: TrailEvent): readonly MyStep[] {
  const { type, time: at, payload } = event;
  if (type === 'accepted' || type === 'held' || type === 'released') return [{ type, at }];
  // That there was none is for the operator.
  if (type === 'reported') return payload?.reportId === undefined ? [] : [{ type, at }];
  if (!isFate(event)) return [];
  if (event.payload === undefined) return [{ type: event.type, at }];
  const { recipient, status, remote, diagnostic, nextAttemptAt, takenBack } = event.payload;
  if (takenBack === true) return [{ type: 'takenBack', at, recipient }];
  const due = nextAttemptAt === undefined ? {} : { dueAt: nextAttemptAt };
  return [{ type: event.type, at, recipient, status, ...saidBy(remote, diagnostic), ...due }];
}
