// The trail itself: its events are exported, and a person's part of it is erased.

import { shownJson } from '../base/shown-json.ts';
import type { Cursor } from '../store/lookups.ts';
import { type Actor, reasonGiven, whoActs } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import { identityOf } from './identities.ts';
import { assertReason, recordLook } from './looks.ts';
import type { AdministrationPorts } from './ports.ts';

const PAGE = 1000;
const DAY_MS = 86_400_000;
/** Events that one slice of an erasure looks for: what others' commands may have to wait for. */
const SLICE = 500;
/** What is younger, and may still be queued, stays traceable. */
const FLOOR_MS = 7 * DAY_MS;

/** Events as JSON, one a line, oldest first; the last one tells of this export. */
export async function exportTrail(
  ports: AdministrationPorts,
  actor: Actor,
  { after, login }: { readonly after?: Cursor; readonly login?: string },
): Promise<AsyncIterable<Uint8Array>> {
  assertReason(ports, actor);
  const identity = login === undefined ? undefined : await identityOf(ports, login);
  const detail = {
    ...(after === undefined ? {} : { after }),
    ...(identity === undefined ? {} : { identity: identity.login }),
  };
  await recordLook(ports, actor, 'audit export', { ...detail, ...reasonGiven(actor) }, identity?.id);
  return linesOf(ports, after, identity?.id);
}

async function* linesOf(
  { lookups }: AdministrationPorts,
  from: Cursor | undefined,
  identityId: string | undefined,
): AsyncGenerator<Uint8Array> {
  let after = from;
  for (;;) {
    const page = await lookups.events({ max: PAGE, ...(after === undefined ? {} : { after }) });
    const events = page.filter((event) => identityId === undefined || event.identityId === identityId);
    if (events.length > 0) yield Buffer.from(events.map((event) => `${shownJson(event, 0)}\n`).join(''));
    after = page.at(-1)?.cursor;
    if (page.length < PAGE) return;
  }
}

export interface TrailEnd {
  readonly chain: number;
  /** Of the node that began it. */
  readonly name: string;
  readonly startedAt: number;
  readonly events: number;
  /** Hex. Kept elsewhere, it shows later that nothing before it was changed (`audit verify --expect`). */
  readonly lastLink: string;
}

/** How far each chain had come when the register was written last. */
export async function trailEnds(
  { lookups }: AdministrationPorts,
  _actor: Actor,
): Promise<readonly TrailEnd[]> {
  const chains = await lookups.chains();
  return chains.map(({ chain, name, startedAt, head }) => ({
    ...{ chain, name, startedAt },
    ...{ events: head.sequence, lastLink: Buffer.from(head.link).toString('hex') },
  }));
}

export interface Erased {
  readonly forgotten: number;
  readonly kept: number;
  readonly until: number;
}

/** Forgets what is known of an account or of addresses, older than `before`; the chain still verifies. */
export async function eraseFromTrail(
  ports: AdministrationPorts,
  actor: Actor,
  of: { readonly login?: string; readonly addresses: readonly string[]; readonly before: number },
): Promise<Erased> {
  const who = whoActs(ports, actor);
  const { login, addresses, before } = of;
  if (login === undefined && addresses.length === 0)
    throw new UseCaseFailure('name --identity or --address', 'usage');
  const floor = who.now - FLOOR_MS - ports.config().relay.expire;
  if (before > floor)
    throw new UseCaseFailure(
      `what is younger than 7 days plus relay.expire must stay traceable: the latest --before is ${new Date(floor).toISOString().slice(0, 10)}`,
    );
  const identity = login === undefined ? {} : { identityId: (await identityOf(ports, login)).id };
  const sum = { forgotten: 0, kept: 0 };
  for (let after: Cursor | undefined, isLast = false; !isLast;) {
    const slice = {
      ...identity,
      addresses,
      before,
      ...who,
      max: SLICE,
      ...(after === undefined ? {} : { after }),
    };
    const [outcome] = await ports.store.commit([{ type: 'erase', ...slice }]);
    if (outcome.type === 'failed') throw new UseCaseFailure(outcome.cause, 'trouble');
    sum.forgotten += outcome.count;
    sum.kept += outcome.kept;
    after = outcome.next;
    isLast = after === undefined;
  }
  return { ...sum, until: before };
}
