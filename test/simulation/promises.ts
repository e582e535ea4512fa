// The promise of the server (docs/ARCHITECTURE.md), counted at the end of a run: what was promised arrived or was reported, what was
// refused did not leave, what came twice had its reason, and the trail tells all of it.

import { verifyTrail } from '../../src/audit/verify.ts';
import type { AcceptedPayload, FatePayload, ReportedPayload, TrailEvent } from '../../src/record/events.ts';
import type { Ledger, Sending, Taking } from './ledger.ts';
import { identityIdOf, type Plan } from './plan.ts';
import type { Site } from './site.ts';
import { HOUR, MINUTE } from './time.ts';

export interface Evidence {
  readonly plan: Plan;
  readonly site: Site;
  readonly ledger: Ledger;
}

const fateTypes = new Set(['delivered', 'relayed', 'deferred', 'failed', 'expired', 'dropped']);

/** What the trail says of one message. */
interface Told {
  readonly accepted: readonly TrailEvent[];
  /** By number of the recipient, in order. */
  readonly fates: ReadonlyMap<number, readonly { readonly type: string; readonly payload: FatePayload }[]>;
  /** By number of the recipient: the ids of the reports that tell of its end. */
  readonly reports: ReadonlyMap<number, readonly string[]>;
}

interface GrowingTold {
  readonly accepted: TrailEvent[];
  readonly fates: Map<number, { readonly type: string; readonly payload: FatePayload }[]>;
  readonly reports: Map<number, string[]>;
}

export async function checkPromises(evidence: Evidence): Promise<Readonly<Record<string, number>>> {
  const { site, ledger } = evidence;
  const { lookups } = site.memory;
  const verified = await verifyTrail(lookups);
  if (verified.broken !== undefined) ledger.breach(`the trail: ${JSON.stringify(verified.broken)}`);
  const events = await lookups.events({ max: 1_000_000 });
  const told = byMessage(events);
  for (const [id, one] of told) checkTrailOf(id, one, evidence, told);
  for (const id of ledger.durable.keys())
    if (!told.has(id)) ledger.breach(`${id} was accepted, and the trail does not say so`);
  const counts = { promised: 0, refused: 0, broken: 0, unasked: 0, refusedButLeft: 0 };
  for (const sending of ledger.sendings.values()) checkSending(sending, evidence, told, counts);
  const copies = checkCopies(evidence, told);
  for (const taking of ledger.takings) checkContent(taking, ledger);
  checkHealed(evidence, events);
  checkLimits(evidence, events);
  checkLostReplies(evidence);
  const recalled = Math.max(0, ledger.logins.taken - ledger.logins.asked);
  const ofNodes = site.promises?.check(site.everyFront, site.killed);
  return { ...counts, ...ofNodes, recalled, events: events.length, takings: ledger.takings.length, copies };
}

function byMessage(events: readonly TrailEvent[]): ReadonlyMap<string, Told> {
  const told = new Map<string, GrowingTold>();
  for (const event of events) {
    const { messageId, type } = event;
    if (messageId === undefined) continue;
    const one: GrowingTold = told.get(messageId) ?? { accepted: [], fates: new Map(), reports: new Map() };
    told.set(messageId, one);
    if (type === 'accepted') one.accepted.push(event);
    if (type === 'reported') addReports(one, event.payload);
    if (!fateTypes.has(type) && !isHeldByServer(event)) continue;
    const payload = fateOf(event);
    const fates = one.fates.get(payload.recipientNumber) ?? [];
    one.fates.set(payload.recipientNumber, [...fates, { type, payload }]);
  }
  return told;
}

/** A report that was refused for good ends so. */
function isHeldByServer(event: TrailEvent): boolean {
  return event.type === 'held' && event.payload?.by === 'server';
}

function fateOf(event: TrailEvent): FatePayload {
  return (event.type === 'held' ? event.payload?.detail : event.payload) as unknown as FatePayload;
}

function addReports({ reports }: GrowingTold, payload: ReportedPayload | undefined): void {
  for (const { recipientNumber, action } of payload?.recipients ?? [])
    if (action === 'failed' && payload?.reportId !== undefined)
      reports.set(recipientNumber, [...(reports.get(recipientNumber) ?? []), payload.reportId]);
}

/** Accepted once; each recipient tried in order, and ended once, with a report where one is due. */
function checkTrailOf(
  id: string,
  { accepted, fates, reports }: Told,
  { ledger }: Evidence,
  told: ReadonlyMap<string, Told>,
): void {
  if (accepted.length !== 1) ledger.breach(`${id} has ${accepted.length} accepted events`);
  if (!ledger.durable.has(id)) ledger.breach(`${id} is in the trail, and was not accepted`);
  const payload = accepted[0]?.payload as AcceptedPayload | undefined;
  payload?.envelope.recipients.forEach(({ forwardPath, notify }, number) => {
    const steps = fates.get(number) ?? [];
    const last = steps.at(-1);
    const ends = steps.filter(({ type }) => type !== 'deferred');
    if (ends.length !== 1 || ends[0] !== last)
      ledger.breach(
        `${id} ${forwardPath} ended ${ends.length} times: ${steps.map(({ type }) => type).join(' ')}`,
      );
    let before = 0;
    for (const {
      type,
      payload: { attempt },
    } of steps) {
      if (type !== 'dropped' && attempt <= before)
        ledger.breach(`${id} ${forwardPath}: attempt ${attempt} after ${before}`);
      before = attempt;
    }
    const isTold =
      (last?.type === 'failed' || last?.type === 'expired') &&
      payload.envelope.reversePath !== '' &&
      notify === undefined;
    const reported = reports.get(number) ?? [];
    if (isTold && (reported.length !== 1 || reported.some((report) => !told.has(report))))
      ledger.breach(`${id} ${forwardPath} ${last?.type} and its sender was told ${reported.length} times`);
    if (!isTold && reported.length > 0)
      ledger.breach(`${id} ${forwardPath} ${last?.type} was reported to nobody's wish`);
  });
}

function checkSending(
  sending: Sending,
  { ledger, site }: Evidence,
  told: ReadonlyMap<string, Told>,
  counts: { promised: number; refused: number; broken: number; unasked: number; refusedButLeft: number },
): void {
  const { tag, state, reply } = sending;
  const ids = ledger.idsOf(tag);
  const takings = ledger.takings.filter((taking) => taking.tag === tag);
  if (ids.length > 1) ledger.breach(`${tag} was accepted ${ids.length} times`);
  if (state === 'promised') {
    counts.promised += 1;
    if (sending.id !== ids[0])
      ledger.breach(`${tag} was promised as ${sending.id} and accepted as ${ids[0]}`);
    return checkPromised(sending, ledger, told.get(sending.id ?? ''));
  }
  if (state === 'whole') {
    counts.broken += 1;
    if (takings.length > 0) counts.unasked += 1;
    return;
  }
  counts.refused += 1;
  if (state === 'begun' && ids.length > 0) ledger.breach(`${tag} never had an end, and was accepted`);
  if (takings.length === 0) return;
  // The front that had to withdraw it died first, or its node was taken over from: two faults at once, for one message.
  const diedAt = site.killed.get(sending.life) ?? Infinity;
  const isLost = ids.some((id) => site.promises?.lostHold.has(id));
  if (state === 'refused' && (isLost || takings.every(({ at }) => at > diedAt))) counts.refusedButLeft += 1;
  else ledger.breach(`${tag} was delivered after "${reply}" (${state})`);
}

function checkPromised(sending: Sending, ledger: Ledger, told: Told | undefined): void {
  const { tag, recipients, login } = sending;
  const [accepted] = told?.accepted ?? [];
  const payload = accepted?.payload as AcceptedPayload | undefined;
  const envelope = payload?.envelope;
  const isStranger = login === '' && accepted?.identityId === undefined;
  if (!isStranger && (accepted?.identityId !== identityIdOf(login) || payload?.principal?.login !== login))
    ledger.breach(`${tag} is not accounted to ${login}`);
  if (envelope?.recipients.map(({ forwardPath }) => forwardPath).join(' ') !== recipients.join(' '))
    ledger.breach(`${tag} was promised to ${recipients.join(' ')}`);
  recipients.forEach((recipient, number) => {
    const last = told?.fates.get(number)?.at(-1)?.type;
    const taken = ledger.takings.filter(
      (taking) => taking.tag === tag && taking.recipients.includes(recipient),
    );
    if (last === 'dropped') ledger.breach(`${tag} was promised and dropped`);
    if ((last === 'relayed' || last === 'delivered') && taken.length === 0)
      ledger.breach(`${tag} is called ${last} to ${recipient}, and nobody has it`);
  });
}

/** Twice only if the next hop's reply was lost, or the front that got it died before the settle was durable. */
function checkCopies({ ledger, site }: Evidence, told: ReadonlyMap<string, Told>): number {
  const byRecipient = new Map<string, Taking[]>();
  for (const taking of ledger.takings) {
    for (const recipient of taking.recipients) {
      const key = `${taking.id} ${recipient}`;
      byRecipient.set(key, [...(byRecipient.get(key) ?? []), taking]);
    }
  }
  let copies = 0;
  for (const [key, takings] of byRecipient) {
    const unexcused = takings.filter((taking) => taking.heard && !isExcused(taking, key, { ledger, site }));
    copies += takings.length - 1;
    if (unexcused.length > 1) ledger.breach(`${key} was delivered ${takings.length} times without need`);
    const [id = '', recipient] = key.split(' ');
    const fates = [...(told.get(id)?.fates.values() ?? [])].map((steps) => steps.at(-1));
    const last = fates.find((fate) => fate?.payload.recipient === recipient);
    if (unexcused.length === 1 && last?.type !== 'relayed' && last?.type !== 'delivered')
      ledger.breach(`${key} was delivered and called ${last?.type}`);
  }
  return copies;
}

/** The front died, or its node was taken over from, before the settle was durable. */
function isExcused(
  taking: Taking,
  key: string,
  { ledger, site }: Pick<Evidence, 'ledger' | 'site'>,
): boolean {
  const { life } = taking;
  if (site.promises?.overtaken.has(taking) === true) return true;
  return site.killed.has(life) && ledger.ended.get(key) !== life.name;
}

/** The octets that were submitted, with our field in front; completed where it was not complete. */
function checkContent(taking: Taking, ledger: Ledger): void {
  const sending = ledger.sendings.get(taking.tag ?? '');
  if (sending === undefined) return;
  const { tag, content, complete } = sending;
  if (taking.from !== sending.reversePath) ledger.breach(`${tag} left as from ${taking.from}`);
  for (const recipient of taking.recipients)
    if (!sending.recipients.includes(recipient))
      ledger.breach(`${tag} went to ${recipient}, who was not named`);
  const body = complete ? content : content.subarray(content.indexOf('\r\n\r\n'));
  const whole = taking.content.subarray(-body.length).equals(body);
  if (!whole) return ledger.breach(`${tag}: other octets were delivered than submitted`);
  const front = taking.content.toString('latin1', 0, taking.content.length - body.length);
  const fields = complete ? /^Received: .*\r\n(?:[ \t].*\r\n)*$/ : /^Received: [^]*$/;
  if (!fields.test(front)) ledger.breach(`${tag}: in front of it stands ${JSON.stringify(front)}`);
}

/** The longest silence of a host that a connection may still wait for when the faults have ended. */
const SILENCE_MS = 15 * MINUTE;

/** When all is well again, what has the time for one more attempt is delivered, or refused: it does not expire. */
function checkHealed({ plan, ledger }: Evidence, events: readonly TrailEvent[]): void {
  if (neverTakesMail(plan)) return;
  const expiresLate = ledger.healedAt + SILENCE_MS + Math.max(...plan.retryMs);
  for (const { type, messageId = '' } of events) {
    const { acceptedAt } = ledger.durable.get(messageId)?.message ?? { acceptedAt: -Infinity };
    if (type === 'expired' && acceptedAt + plan.expireMs > expiresLate)
      ledger.breach(`${messageId} expired though everything was well`);
  }
}

/** TLS is required of hosts that do not have it. */
function neverTakesMail({ hostTls, hosts }: Plan): boolean {
  const outside = hosts.filter(({ name }) => name !== 'inside');
  return hostTls === 'required' && !outside.some(({ extensions }) => extensions.includes('STARTTLS'));
}

function checkLimits({ plan, ledger }: Evidence, events: readonly TrailEvent[]): void {
  for (const { message, recipients } of ledger.durable.values()) {
    if (message.role !== 'submission') continue;
    if (recipients.length > plan.recipientsMax)
      ledger.breach(`${message.id} has ${recipients.length} recipients`);
    if (message.octets - message.headerOctets > plan.messageOctetsMax)
      ledger.breach(`${message.id} has ${message.octets} octets`);
  }
  // A clock that steps back counts an hour twice.
  if (plan.messagesPerHour === undefined || plan.faults.some(({ type }) => type === 'clockStep')) return;
  const counts = new Map<string, number>();
  for (const { type, time, identityId } of events) {
    if (type !== 'accepted' || identityId === undefined) continue;
    const key = `${identityId} in hour ${Math.floor(time / HOUR)}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const [key, count] of counts)
    if (count > plan.messagesPerHour)
      ledger.breach(`${count} messages of ${key}, the limit is ${plan.messagesPerHour}`);
}

/** A front that lived to notice a lost reply has counted it. */
function checkLostReplies({ site, ledger }: Evidence): void {
  for (const { life, parts } of site.everyFront) {
    const { relay } = parts;
    if (site.killed.has(life)) continue;
    const lost = ledger.takings.filter((taking) => taking.life === life && !taking.heard);
    const transactions = new Set(lost.map(({ id, begunAt }) => `${id} ${begunAt}`)).size;
    if (relay.stats.repliesLost < transactions)
      ledger.breach(`${life.name} lost ${transactions} replies and counted ${relay.stats.repliesLost}`);
  }
}

/** After a drain: no memory, no connection, no timer. */
export function checkNothingIsLeft(site: Site, ledger: Ledger): void {
  for (const { life, parts } of site.fronts()) {
    const { memory, relay, admission, connections } = parts;
    const { memoryOctets, underWay } = relay.stats;
    const left = {
      incoming: memory.used,
      ...{ memoryOctets, underWay, admitted: admission.connections, connections: connections.size },
      timers: life.timers,
    };
    for (const [what, count] of Object.entries(left))
      if (count !== 0) ledger.breach(`${life.name} has ${count} ${what} left after its drain`);
  }
}
