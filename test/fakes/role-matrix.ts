// Each role at a door, on what is its own, on what is foreign and on what there never was: one table of what the door does, and what must come of it by the table of
// permissions. A door is a way to the use cases: the forms and pages of the console, the paths of the API.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Verifier } from '../../src/audit/verifier.ts';
import { isFor } from '../../src/administration/permissions.ts';
import type { UseCaseName } from '../../src/administration/use-cases.ts';
import type { TrailEvent } from '../../src/record/events.ts';
import { type Role, roles } from '../../src/record/identity.ts';
import type { Office } from './administration.ts';

/** All that can tell somebody from another. */
export interface Target {
  readonly login: string;
  readonly domain: string;
  readonly message: string;
  readonly newLogin: string;
  readonly address: string;
  /** The id of an app password. */
  readonly device: string;
}

const targetOf = (name: string, domain: string, last: string): Target => ({
  ...{ domain, login: `${name}@${domain}`, newLogin: `new@${domain}`, address: `sales@${domain}` },
  ...{ message: `01ARZ3NDEKTSV4RRFFQ69G5FA${last}`, device: `4Q7WJ2Z${last}` },
});

export const own = targetOf('alice', 'example.org', 'V');
/** Of the same domain: a user knows nothing of him either. */
export const colleague = targetOf('carol', 'example.org', 'W');
export const foreign = targetOf('mallory', 'other.example', 'X');
const nowhere = targetOf('nobody', 'nowhere.example', 'Y');

/** What a door does. */
export interface Row {
  /** All that it asks: whose role may not do one of them may do none. */
  readonly needs: readonly UseCaseName[];
  /** It is of who acts alone. */
  readonly ofOneself?: true;
  /** It changes what is kept; or a look is recorded; or it tells something, and leaves nothing. */
  readonly does: 'changes' | 'looks' | 'tells';
}

export interface Attempt {
  readonly office: Office;
  /** Asks the door. */
  ask(): Promise<Answer>;
}

export interface Answer {
  readonly came: 'done' | 'denied' | 'refused';
  /** All that who asked is told. */
  readonly text: string;
}

export type Begin<R extends Row> = (row: R, role: Role, target: Target) => Promise<Attempt>;

interface Came extends Answer {
  /** Something of anybody is other than before. */
  readonly isChanged: boolean;
  /** What is kept of others afterwards. */
  readonly others: string;
  readonly events: readonly TrailEvent[];
}

/** A test for each role and row. */
export function testEachRole<R extends Row>(
  door: string,
  rows: Readonly<Record<string, R>>,
  begin: Begin<R>,
): void {
  for (const role of roles)
    test(`${door}: ${role}`, async (t) => {
      for (const [name, row] of Object.entries(rows))
        await t.test(name, () =>
          row.needs.every((useCase) => isFor(role, useCase))
            ? isAllowed(row, role, begin)
            : isDenied(row, role, begin),
        );
    });
}

async function attempt<R extends Row>(begin: Begin<R>, row: R, role: Role, target: Target): Promise<Came> {
  const { office, ask } = await begin(row, role, target);
  const [before, trail] = [await keptOf(office), await office.trail()];
  const { came, text } = await ask();
  const after = await keptOf(office);
  return {
    ...{ came, text: unnamed(text, target), isChanged: after.all !== before.all },
    ...{ others: after.others, events: (await office.trail()).slice(trail.length) },
  };
}

async function isDenied<R extends Row>(row: R, role: Role, begin: Begin<R>): Promise<void> {
  for (const target of [own, foreign]) {
    const { came, isChanged, events } = await attempt(begin, row, role, target);
    assert.deepEqual([came, isChanged, events], ['denied', false, []], target.login);
  }
}

async function isAllowed<R extends Row>(row: R, role: Role, begin: Begin<R>): Promise<void> {
  isDone(row, await attempt(begin, row, role, own));
  const isScoped = row.ofOneself === true || role === 'user' || role === 'domainAdmin';
  if (!isScoped) return isDone(row, await attempt(begin, row, role, foreign));
  const absent = await attempt(begin, row, role, nowhere);
  const outside = role === 'domainAdmin' && row.ofOneself !== true ? [foreign] : [colleague, foreign];
  for (const target of outside) {
    const { came, text, others, events } = await attempt(begin, row, role, target);
    assert.deepEqual([came, text, others], [absent.came, absent.text, absent.others], target.login);
    assert.deepEqual(typesOf(events), typesOf(absent.events), target.login);
  }
}

function isDone({ does }: Row, { came, text, isChanged, events }: Came): void {
  assert.equal(came, 'done', text);
  assert.equal(isChanged, does === 'changes', 'what is kept');
  const looks = events.filter(({ type }) => type === 'lookedUp').length;
  assert.equal(looks, does === 'looks' ? 1 : 0, 'looks that are recorded');
  if (does === 'tells') assert.deepEqual(events, []);
}

const typesOf = (events: readonly TrailEvent[]): readonly string[] => events.map(({ type }) => type);

/** `others`: of who is not `own`. */
async function keptOf({ ports }: Office): Promise<{ readonly all: string; readonly others: string }> {
  const { lookups, verifier, domainChecks } = ports;
  const of = async ({ login, message, newLogin, domain }: Target) => {
    const identity = await lookups.identityByLogin(login);
    return {
      ...{ identity, made: await lookups.identityByLogin(newLogin), asked: domainChecks.last(domain) },
      sessions: await lookups.consoleSessions(identity?.id ?? ''),
      queue: await lookups.queue({ messageId: message }, { max: 10 }),
    };
  };
  const [hers, ...others] = await Promise.all([own, colleague, foreign].map(of));
  const all = JSON.stringify([hers, others, verifier.view?.state, verifier]);
  return { all, others: JSON.stringify(others) };
}

/** What is told of it is that it runs, and that somebody stopped it. */
export class EndlessVerifier extends Verifier {
  isStopped = false;

  constructor() {
    super({ now: () => 0, monotonic: () => 0, rest: () => new Promise(() => undefined) });
  }

  override stop(): void {
    this.isStopped = true;
    super.stop();
  }
}

/** As if it were about nobody in particular, as text, in an address, and in markup. */
function unnamed(text: string, target: Target): string {
  // Our own domain may be told.
  const { domain, ...names } = target;
  const all = domain === own.domain ? Object.values(names) : [...Object.values(names), domain];
  return all.reduce(
    (left, name) => left.replaceAll(name, 'X').replaceAll(encodeURIComponent(name), 'X'),
    text,
  );
}
