// How it is, in one sentence, and what is wrong with the way out.

import { html } from 'hono/html';
import type { ListedDomains } from '../administration/domains.ts';
import type { NearLimit } from '../administration/near-limits.ts';
import type { TotalsByHop } from '../administration/queue-hops.ts';
import type { ListedEntry } from '../administration/queue-why.ts';
import type { VerificationView } from '../audit/verifier.ts';
import { isUsedUp } from '../policy/limits.ts';
import { nothing, sum } from '../server/flow.ts';
import type { HopDomains } from '../store/hop-domains.ts';
import type { ConsoleCondition } from './condition.ts';
import { isWrong } from './domain-states.ts';
import { withoutWords } from './hop-words.ts';
import type { Html } from './page.ts';
import { waits } from './waits.ts';
import { ago, capital, counted, figure } from './words.ts';

const HOUR_MS = 3_600_000;

interface Queue {
  /** Of those that wait longest, some. */
  readonly waiting: readonly ListedEntry[];
  readonly totals: TotalsByHop;
}

interface Judged {
  readonly condition: ConsoleCondition;
  readonly now: number;
  /** Undefined: the store does not answer. */
  readonly queue: Queue | undefined;
  /** Of the configuration in force. */
  readonly hops: readonly HopDomains[];
  /** Undefined: it is not known, or not for who looks. */
  readonly nearLimits: readonly NearLimit[] | undefined;
  readonly domains: ListedDomains;
  /** The last one that was begun here. Undefined: there was none, or it is not for who looks. */
  readonly verification: VerificationView | undefined;
}

const shapes = {
  good: html`<path
    d="M16 3a13 13 0 1 0 0 26 13 13 0 0 0 0-26Zm-2 19-6-6 2.5-2.5 3.5 3.5 7.500-7.500L24 12Z"
  />`,
  warn: html`<path d="M16 3 30 28H2Zm-1.500 9v8h3v-8Zm0 10v3h3v-3Z" />`,
  bad: html`<path d="M10 3h12l7 7v12l-7 7H10l-7-7V10Zm4.500 5v10h3V8Zm0 12v3.500h3V20Z" />`,
};

export function verdict(judged: Judged): Html {
  const { condition, now, queue, hops, nearLimits = [], verification } = judged;
  const { downHops, health } = condition;
  const problems = [...health.problems, ...brokenInWords(verification)];
  const warnings = [...health.warnings, ...selfTestInWords(condition), ...usedUpInWords(nearLimits)];
  const waiting = queue === undefined ? [] : waits({ ...queue, hops, downHops, now });
  // Those are told below, each with its reply.
  const others = problems.filter((problem) => !problem.startsWith('the next hop '));
  const kind = problems.length > 0 ? 'bad' : warnings.length + waiting.length > 0 ? 'warn' : 'good';
  return html`<section class="verdict ${kind}" id="live-verdict">
    <svg viewBox="0 0 32 32" fill="currentColor" fill-rule="evenodd" aria-hidden="true">${shapes[kind]}</svg>
    <div>
      <h2 class="sentence">${kind === 'warn' && waiting.length > 0 ? WAITS : sentences[kind]}</h2>
      <p>${facts(judged)}</p>
    </div>
    ${
      kind === 'good'
        ? ''
        : html`<ul>
            ${others.map((problem) => html`<li><b>Problem</b>${problem}</li>`)}
            ${downHops.map(
              ({ route, diagnostic, since }) =>
                html`<li>
                  <b>Down</b>The next hop <code>${route}</code> has taken nothing for ${ago(since, now)}:
                  ${withoutWords(diagnostic)}. Its mail waits and is tried again by itself.
                </li>`,
            )}
            ${waiting} ${warnings.map((warning) => html`<li><b>Soon</b>${warning}</li>`)}
          </ul>`
    }
  </section>`;
}

function brokenInWords(verification: VerificationView | undefined): readonly string[] {
  return verification?.result?.broken === undefined
    ? []
    : ['the trail is not as it was written, as the last verification found: the page Trail says where'];
}

function selfTestInWords({ selfTest }: ConsoleCondition): readonly string[] {
  return selfTest === 'degraded'
    ? ['the self-test of the listeners found a requirement that is not met: the page Server says which']
    : [];
}

function usedUpInWords(accounts: readonly NearLimit[]): readonly string[] {
  const count = accounts.filter(({ limits }) => limits.some(isUsedUp)).length;
  if (count === 0) return [];
  const [have, they] = count === 1 ? ['has', 'it sends'] : ['have', 'they send'];
  return [
    `${counted(count, 'account')} ${have} used up a sending limit: what ${they} is put off, or refused`,
  ];
}

const sentences = {
  good: 'All is well.',
  warn: 'Mail goes through. Something needs you soon.',
  bad: 'Something is wrong.',
} as const;

const WAITS = 'Some mail waits for its way out.';

function facts({ condition: { flow }, queue, domains, now }: Judged): string {
  const { accepted } = flow.hour.reduce(sum, nothing);
  // What came before the start was counted by nobody.
  const when = now - flow.since < HOUR_MS ? 'since the start' : 'in the last hour';
  const first = capital(`${counted(accepted, 'message')} ${when}`);
  const inTheQueue = queue === undefined ? '. The store does not answer.' : `; ${queueInWords(queue, now)}.`;
  const wrong = domains.domains.filter(isWrong).length;
  const dns =
    wrong === 0
      ? ''
      : ` The DNS of ${wrong === 1 ? 'a domain of ours is' : `${figure(wrong)} of our domains is`} not as it should be.`;
  return `${first}${inTheQueue}${dns}`;
}

function queueInWords({ waiting, totals }: Queue, now: number): string {
  const long = waiting.filter(({ entry }) => now - entry.message.acceptedAt > HOUR_MS).length;
  const isAll = long < waiting.length || waiting.length === totals.deliveries;
  const longer = `${long === 0 ? 'none' : isAll ? figure(long) : `${figure(long)} or more`}`;
  const held = totals.held === 0 ? 'nothing is held' : `${figure(totals.held)} held`;
  const wait = `${counted(totals.deliveries, 'recipient')} in the queue`;
  return `${wait}${totals.deliveries === 0 ? '' : `, ${longer} of them longer than an hour`}; ${held}`;
}
