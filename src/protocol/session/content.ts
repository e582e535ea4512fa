// Message content on its way through the session, by DATA or by BDAT: framed, watched, counted and passed on; or, once it can't be
// accepted any more, read to its end and thrown away, so that the session stays in step (EXT-SIZE-b, F-SMUG-1).

import { refusal, type Refusal } from '../refusal.ts';
import { ChunkFraming } from '../wire/chunk-framing.ts';
import { type ContentFlaw, DataFraming } from '../wire/data-framing.ts';
import {
  ask,
  close,
  concludeTransaction,
  countRefusal,
  emit,
  isStranger,
  leave,
  refuseWith,
  send,
  sendNamed,
  type ContentState,
  type SessionState,
  type TransactionState,
} from './state.ts';

/** Content beyond this many times the limit is not read to its end. */
const HARD_FACTOR = 4;

function newContent(
  state: SessionState,
  { envelope }: TransactionState,
  command: ContentState['command'],
): ContentState {
  const { longLines } = state.settings;
  const framing = command === 'DATA' ? new DataFraming(longLines) : new ChunkFraming(longLines);
  emit(state, { type: 'messageStart', envelope });
  return { command, framing, octets: 0, startedAt: state.now, last: false };
}

export function beginContent(state: SessionState): void {
  const { transaction } = state;
  if (transaction === undefined) return;
  transaction.content = newContent(state, transaction, 'DATA');
  state.phase = 'data';
  sendNamed(state, 'startMailInput');
}

export function beginChunk(state: SessionState, octets: number, last: boolean): void {
  const { transaction } = state;
  if (transaction === undefined) return;
  const content = (transaction.content ??= newContent(state, transaction, 'BDAT'));
  if (content.framing instanceof ChunkFraming) content.framing.begin(octets);
  content.last = last;
  state.phase = 'chunk';
}

/** True: octets were taken. */
export function readData(state: SessionState): boolean {
  const content = state.transaction?.content;
  if (state.input.length === 0 || content === undefined || !(content.framing instanceof DataFraming))
    return false;
  const { content: pieces, rest } = content.framing.push(state.input.takeAll());
  for (const piece of pieces) pass(state, content, piece);
  state.lastProgressAt = state.now;
  if (rest !== undefined) {
    state.input.unread(rest);
    endData(state, content);
  } else if (content.octets > HARD_FACTOR * state.settings.messageOctetsMax) {
    leave(state, 'tooManyErrors', 'protocol');
  }
  return true;
}

function pass(state: SessionState, content: ContentState, bytes: Uint8Array): void {
  content.octets += bytes.length;
  if (content.spoiled !== undefined) return;
  const problem = contentProblem(state, content);
  if (problem === undefined) return emit(state, { type: 'messageBytes', bytes });
  content.spoiled = problem;
  content.spoiledSince = { at: state.now, octets: content.octets };
  emit(state, { type: 'abort', because: problem.cause });
}

function contentProblem(state: SessionState, { framing, octets }: ContentState): Refusal | undefined {
  const limit = state.settings.messageOctetsMax;
  if (framing.flaw !== undefined) return flawRefusal(framing.flaw);
  return octets > limit ? refusal('sizeReal', `over ${limit} octets`, { limit }) : undefined;
}

function flawRefusal({ type, line }: ContentFlaw): Refusal {
  return type === 'longLine'
    ? refusal('lineTooLong', `line ${line} is too long`, { line })
    : refusal('bareCrLfNul', `bare CR, LF or NUL in line ${line}`, { line });
}

function endData(state: SessionState, content: ContentState): void {
  // The framing may have found more since: a bare CR before the end outranks the first flaw.
  const flaw = content.framing.flaw;
  const spoiled = flaw === undefined ? content.spoiled : flawRefusal(flaw);
  state.phase = 'command';
  if (spoiled === undefined) return askForAcceptance(state, content);
  if (content.spoiled === undefined) emit(state, { type: 'abort', because: spoiled.cause });
  emit(state, {
    type: 'refused',
    refusal: spoiled,
    command: 'DATA',
    envelope: state.transaction?.envelope,
  });
  concludeTransaction(state);
  send(state, spoiled.reply);
  if (isStranger(state)) countRefusal(state, spoiled);
  // After such octets the client may mean something else by the rest: nothing more is read (requirements H).
  if (spoiled.name === 'bareCrLfNul') close(state, 'framing');
}

function askForAcceptance(state: SessionState, { command, octets, framing }: ContentState): void {
  ask(state, { type: 'accept', command, octets, hasDotLines: framing.hasDotLines });
}

export function readChunk(state: SessionState): boolean {
  if (state.discard !== undefined) return discardChunk(state, state.discard);
  const content = state.transaction?.content;
  if (content === undefined || !(content.framing instanceof ChunkFraming)) return false;
  if (content.framing.left > 0 && state.input.length === 0) return false;
  if (content.framing.left > 0) pass(state, content, content.framing.take(state.input));
  state.lastProgressAt = state.now;
  if (content.framing.left === 0) endChunk(state, content, content.framing);
  return true;
}

function discardChunk(state: SessionState, discard: NonNullable<SessionState['discard']>): boolean {
  if (discard.left > 0 && state.input.length === 0) return false;
  discard.left -= state.input.takeOctets(discard.left).length;
  state.lastProgressAt = state.now;
  if (discard.left > 0) return true;
  state.discard = undefined;
  state.phase = 'command';
  refuseWith(state, 'BDAT', discard.refusal);
  return true;
}

function endChunk(state: SessionState, content: ContentState, framing: ChunkFraming): void {
  state.phase = 'command';
  const bareCrAtEnd = content.last && framing.endsAfterCr;
  if (bareCrAtEnd && content.spoiled === undefined) {
    content.spoiled = refusal('bareCrLfNul', 'bare CR at the end', { line: 'last' });
    emit(state, { type: 'abort', because: content.spoiled.cause });
  }
  if (content.spoiled !== undefined) {
    refuseWith(state, 'BDAT', content.spoiled);
    concludeTransaction(state);
    state.chunkFailed = true;
    return;
  }
  if (content.last) askForAcceptance(state, content);
  else sendNamed(state, 'chunkOk', { octets: content.octets });
}
