// Mail that waits because of its next hop, as the queue and the trail have it: a server that has just been started knows of no hop that is down until it has tried it.

import { html } from 'hono/html';
import type { TotalsByHop } from '../administration/queue-hops.ts';
import { type ListedEntry, wasPutBack } from '../administration/queue-why.ts';
import type { DownRoute } from '../relay/down-routes.ts';
import { type HopDomains, hopOf } from '../store/hop-domains.ts';
import { withoutWords } from './hop-words.ts';
import type { Html } from './page.ts';
import { ago, counted } from './words.ts';

/** Recipients that were put off and wait longer: so many are worth a word. */
const MANY = 20;
const LONG_MS = 3_600_000;
/** RFC 3463: no answer from the host, and no TLS with it. */
const UNREACHED = /^4\.(?:4\.1|7\.5)$/;
/** What waits shorter may just have come back from a hop that takes a breath. */
const SHORT_MS = 60_000;

type LastAttempt = NonNullable<ListedEntry['waiting']['last']>;

interface Waiting {
  /** Those that wait longest, some. */
  readonly waiting: readonly ListedEntry[];
  readonly totals: TotalsByHop;
  /** Of the configuration in force. */
  readonly hops: readonly HopDomains[];
  /** Those that the server knows of itself. */
  readonly downHops: readonly DownRoute[];
  readonly now: number;
}

/** As items of a list; none: nothing is known to be in the way. */
export function waits({ waiting, totals, hops, downHops, now }: Waiting): readonly Html[] {
  const itsHop = ({ entry }: ListedEntry): string | undefined => hopOf(hops, entry.delivery.domain)?.name;
  const known = new Set<string | undefined>(downHops.map(({ route }) => route));
  const others = waiting.filter((one) => one.entry.heldBy.length === 0 && !known.has(itsHop(one)));
  const stopped = Map.groupBy(
    others.filter((one) => isStopped(one, now)),
    itsHop,
  );
  const late = others.filter(
    (one) => !stopped.has(itsHop(one)) && one.waiting.last !== undefined && isLong(one, now),
  );
  return [
    ...[...stopped].map(([hop, entries]) => {
      const all = totals.byHop.find((one) => one.hop === hop)?.deliveries ?? entries.length;
      return stoppedItem(hop, all, entries, now);
    }),
    ...(late.length < MANY
      ? []
      : [
          html`<li>
            <b>Waits</b>${late.length} or more recipients wait longer than an hour, and were put off when they
            were tried last. <a href="/queue">The queue</a> says why.
          </li>`,
        ]),
  ];
}

/** Its hop was not reached when it was tried last, or was down when it was its turn. */
function isStopped({ entry, waiting: { last } }: ListedEntry, now: number): boolean {
  if (last !== undefined) return UNREACHED.test(last.status);
  return wasPutBack(entry, now) && now - entry.message.acceptedAt >= SHORT_MS;
}

const isLong = ({ entry }: ListedEntry, now: number): boolean => now - entry.message.acceptedAt > LONG_MS;

function stoppedItem(
  hop: string | undefined,
  all: number,
  entries: readonly ListedEntry[],
  now: number,
): Html {
  const last = entries
    .flatMap(({ waiting }) => (waiting.last === undefined ? [] : [waiting.last]))
    .reduce<LastAttempt | undefined>(
      (newest, one) => (newest && newest.at > one.at ? newest : one),
      undefined,
    );
  return html`<li>
    <b>Waits</b>${counted(all, 'recipient')} for
    ${hop === undefined ? 'a next hop' : html`the next hop <code>${hop}</code>`}:
    ${
      last === undefined
        ? 'it was down when it was their turn'
        : html`it was not reached when it was tried last, ${ago(last.at, now)} ago
          (${withoutWords(last.reply)})`
    }.
    It is tried again by itself.
  </li>`;
}
