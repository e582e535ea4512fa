// Who sent this? Asked with words, or with what was read from a file.

import { type FileQuestion, questionOfText, type TraceQuestion } from '../audit/question.ts';
import { trace, traceFile as traceMessages, type TraceAnswer } from '../audit/trace.ts';
import { loginCandidates } from '../identity/login.ts';
import { canonicalAddress } from '../policy/address.ts';
import type { Identity } from '../record/identity.ts';
import type { EventRange } from '../store/lookups.ts';
import type { ShownIdentity } from '../store/shown-identity.ts';
import type { Actor } from './actor.ts';
import { domainsOf } from './identities.ts';
import { assertReason, recordLook } from './looks.ts';
import type { AdministrationPorts } from './ports.ts';

export interface TracedWords {
  readonly question: TraceQuestion;
  /** Accounts that were named, removed ones too. */
  readonly identities: readonly Pick<Identity, 'id' | 'login' | 'state' | 'removedAt'>[];
  readonly answer: TraceAnswer;
}

/** Undefined: they name nothing that could be looked for. */
export async function traceWords(
  ports: AdministrationPorts,
  actor: Actor,
  { words, range }: { readonly words: string; readonly range: EventRange },
): Promise<TracedWords | undefined> {
  assertReason(ports, actor);
  const identities = await identitiesNamed(ports, words.trim());
  const question = questionOfText(
    words,
    identities.map(({ id }) => id),
  );
  if (question === undefined) return undefined;
  const answer = await trace(ports.lookups, question, range);
  await recordTrace(ports, actor, question.text, answer, identities);
  return {
    question,
    identities: identities.map(({ id, login, state, removedAt }) => ({
      ...{ id, login, state },
      ...(removedAt === undefined ? {} : { removedAt }),
    })),
    answer,
  };
}

/** The file itself stays where it is: `question` is what `questionOfMessage` read from it. */
export async function traceFile(
  ports: AdministrationPorts,
  actor: Actor,
  { question, max }: { readonly question: FileQuestion; readonly max: number },
): Promise<TraceAnswer> {
  assertReason(ports, actor);
  const answer = await traceMessages(ports.lookups, question, max);
  await recordTrace(ports, actor, question.text, answer);
  return answer;
}

function recordTrace(
  ports: AdministrationPorts,
  actor: Actor,
  question: string,
  { messages, refusals }: TraceAnswer,
  named: readonly Pick<Identity, 'id'>[] = [],
): Promise<void> {
  const found = messages.length + refusals.length;
  // Of whom it was asked; or else, if all that was found is one's, his.
  const whose = named.length > 0 ? named.map(({ id }) => id) : messages.map(({ identityId }) => identityId);
  const [only, ...others] = new Set(whose);
  const detail = { question, reason: actor.reason ?? '', found };
  return recordLook(ports, actor, 'trace', detail, others.length === 0 ? only : undefined);
}

/** By login, by id, and who has an address as an own one. Tombstones are found like any other. */
async function identitiesNamed(ports: AdministrationPorts, word: string): Promise<readonly ShownIdentity[]> {
  const { lookups } = ports;
  if (word === '' || /[<>\s]/.test(word)) return [];
  const address = canonicalAddress(word);
  if (address !== undefined) {
    const owner = await lookups.identityByAddress(address);
    return owner === undefined ? [] : [owner];
  }
  const byId = await lookups.identityById(word.toLowerCase());
  if (byId !== undefined) return [byId];
  // Only a bare name depends on which domains there are.
  const found = await Promise.all(
    loginCandidates(word, domainsOf(ports)).map((login) => lookups.identityByLogin(login)),
  );
  return found.filter((identity) => identity !== undefined);
}
