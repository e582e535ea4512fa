// Faults in what is kept: the trail's chain, the accept, bodies and their syncs.

import type { Fault } from './fault.ts';

const tampering = 'src/store/sqlite/tampering';
const link = { file: 'src/record/link.ts', tests: [tampering] };
const content = { file: 'src/record/event-content.ts', tests: [tampering] };
const chainWalk = {
  file: 'src/audit/chain-walk.ts',
  tests: ['src/audit/chain-walk.test'],
} as const;
const chain = { file: 'src/audit/chain.ts', tests: [tampering] };
const sqliteAccept = { file: 'src/store/sqlite/accept.ts', tests: ['src/store/sqlite/sqlite.test'] };
const bodies = { file: 'src/store/sqlite/bodies.ts', tests: ['src/store/sqlite/bodies'] };
const databaseFile = { file: 'src/platform/database-file.ts', tests: ['src/platform/database-file'] };
const files = { file: 'src/relay/files.ts', tests: ['src/relay/files'] };
const queueCommands = {
  file: 'src/store/sqlite/queue-commands.ts',
  tests: ['src/store/sqlite/sqlite.test'],
};
const parked = { file: 'src/store/sqlite/parked.ts', tests: ['src/store/sqlite/parked'] };
const undo = { file: 'src/store/undo.ts', tests: ['src/store/memory/memory.test'] };
const sqliteWriter = { file: 'src/store/sqlite/writer.ts', tests: ['src/store/sqlite'] };

export const storeFaults: readonly Fault[] = [
  {
    ...undo,
    why: 'what is due is taken back, though a claim may have it',
    from: ' && dueAt > now',
    to: '',
  },
  {
    ...undo,
    why: 'what was tried is taken back',
    from: 'attempt === 0 && ',
    to: '',
  },
  {
    ...undo,
    why: 'what an operator holds is taken back',
    from: ' && !isHeld',
    to: '',
  },
  {
    ...undo,
    why: 'a message of which a part has left is taken back by half',
    from: 'waiting.length === recipients &&',
    to: '',
  },
  {
    ...link,
    why: 'the link does not cover the event before',
    from: 'input.set(previous, 1 + 3 * NUMBER_OCTETS);',
    to: '',
  },
  {
    ...link,
    why: 'the link does not cover the chain',
    from: 'writeNumber(input, chain, 1);',
    to: '',
  },
  {
    ...link,
    why: 'the link does not cover the time',
    from: 'writeNumber(input, time, 1 + 2 * NUMBER_OCTETS);',
    to: '',
  },
  {
    ...link,
    why: 'the link does not cover the content',
    from: 'input.set(partHashes, hashesAt);',
    to: '',
  },
  {
    ...link,
    why: 'the link does not cover the identity of a message',
    from: '`${type}\\0${messageId}\\0${identityId}\\0`',
    to: "`${type}\\0${messageId === '' ? identityId : messageId}\\0`",
  },
  {
    ...content,
    why: 'the hash of a part does not cover its salt',
    from: 'Buffer.concat([salt, octets])',
    to: 'Buffer.concat([new Uint8Array(SALT_OCTETS), octets])',
  },
  {
    ...link,
    why: 'the hash of the content does not cover the place',
    from: 'inOne(partHash(payload), place && partHash(place))',
    to: 'inOne(partHash(payload), undefined)',
  },
  {
    ...chain,
    why: 'a missing event is not seen',
    from: 'if (event.sequence !== last.sequence + 1) return `event ${last.sequence + 1} is missing`;',
    to: '',
  },
  {
    ...chain,
    why: 'changed content is not seen',
    from: 'return equal(content, event.partHashes) ? undefined : CHANGED;',
    to: 'return undefined;',
  },
  {
    ...chain,
    why: 'half a content passes',
    from: "if (payload === undefined) return place === undefined ? undefined : 'half of its content is gone';",
    to: 'if (payload === undefined) return undefined;',
  },
  {
    ...chain,
    why: 'a chain may go back to version 1',
    from: 'version: fits };',
    to: 'version: undefined };',
  },
  {
    file: 'src/audit/forgetting.ts',
    tests: [tampering],
    why: 'content that nobody forgot may be gone',
    from: 'time >= erasedBefore);',
    to: 'time >= Infinity);',
  },
  {
    file: 'src/audit/forgetting.ts',
    tests: [tampering],
    why: 'more may be gone than was erased',
    from: 'const more = erasures[erased];',
    to: 'const more = erasures[Infinity];',
  },
  {
    file: 'src/audit/index-words.ts',
    tests: [tampering],
    why: 'a word that the index lacks is not seen',
    from: 'index === undefined || index.lacking === 0',
    to: 'index !== null',
  },
  {
    file: 'src/audit/index-words.ts',
    tests: [tampering],
    why: 'a word too many is not seen',
    from: 'if ((await lookups.indexEntries({ through })) === entries) return undefined;',
    to: 'if (entries >= 0) return undefined;',
  },
  {
    file: 'src/store/sqlite/chain-lookups.ts',
    tests: [tampering],
    why: 'what stands before the first number is not seen',
    from: 'after === undefined ? Number.MIN_SAFE_INTEGER : placeOf(after),',
    to: 'after === undefined ? 0 : placeOf(after),',
  },
  {
    ...chainWalk,
    why: 'an end that was cut off is not seen',
    from: 'if (last.sequence < entry.head.sequence)',
    to: 'if (last.sequence < 0)',
  },
  {
    ...chainWalk,
    why: 'a chain that was written again up to its head is not seen',
    from: 'if (next.sequence === head.sequence && linkText(next.link) !== linkText(head.link))',
    to: 'if (next.sequence < 0)',
  },
  {
    ...chainWalk,
    why: 'a chain that nobody registered passes',
    from: 'if (chain === undefined) return `the register knows no chain ${event.chain}`;',
    to: 'if (chain === undefined) return { ...event, version: undefined };',
  },
  {
    file: 'src/audit/verify.ts',
    tests: [tampering],
    why: 'queued mail may go to somebody else than was accepted',
    from: 'return recipient?.forwardPath === delivery.recipient.forwardPath',
    to: 'return recipient !== null',
  },
  {
    file: 'src/audit/verify.ts',
    tests: [tampering],
    why: 'the link that was kept is not looked for',
    from: 'let hasExpected = expect === undefined;',
    to: 'let hasExpected = true;',
  },
  {
    file: 'src/audit/beginnings.ts',
    tests: ['src/audit/chain-walk.test.ts'],
    why: 'a checkpoint that no purge tells of passes',
    from: '!told.has(checkpointText(checkpoint))',
    to: 'told.has(checkpointText(checkpoint))',
  },
  {
    file: 'src/audit/beginnings.ts',
    tests: ['src/audit/chain-walk.test.ts'],
    why: 'what was kept of a beginning is not compared',
    from: 'toldKept.has(kept.digest())',
    to: 'toldKept.size > 0',
  },
  {
    file: 'src/audit/verify.ts',
    tests: [tampering],
    why: 'queued mail without an acceptance passes',
    from: "? 'no event tells of its acceptance'",
    to: '? undefined',
  },
  {
    file: 'src/audit/fates.ts',
    tests: ['src/audit/fates'],
    why: 'the last event tells the fate, whatever attempt it is of',
    from: 'one.attempt - other.attempt || isEnd(one) - isEnd(other) || ',
    to: '',
  },
  {
    file: 'src/store/sqlite/withdraw.ts',
    tests: ['src/store/sqlite/sqlite.test'],
    why: 'what another front has under way is taken back',
    from: '(r.owner IS NULL OR r.owner = ?)',
    to: "(r.owner IS NULL OR r.owner <> '' OR r.owner = ?)",
  },
  {
    file: 'src/store/memory/queue.ts',
    tests: ['src/store/memory'],
    why: 'a lease is given back without regard to its attempt (memory)',
    from: 'chosen.includes(`${id} ${recipient.number} ${recipient.attempt}`)',
    to: 'chosen.some((key) => key.startsWith(`${id} ${recipient.number} `))',
  },
  {
    file: 'src/store/sqlite/queue.ts',
    tests: ['src/store/sqlite/sqlite.test'],
    why: 'a lease is given back without regard to its attempt (SQLite)',
    from: 'AND owner = ? AND attempt = ?',
    to: 'AND owner = ? AND ? > 0',
  },
  {
    ...sqliteAccept,
    why: 'an accept that comes after it was taken back is done',
    from: "if (writer.withdrawals.has(change.message.id)) return { type: 'failed', cause: WITHDRAWN };",
    to: '',
  },
  {
    file: 'src/store/packing.ts',
    tests: ['src/store/remote.test'],
    why: 'the store is not told that it was asked before',
    from: 'return again === true ? changes',
    to: "return again === true && changes.some(({ type }) => type === 'erase') ? changes",
  },
  {
    ...sqliteAccept,
    why: 'a message that is asked for twice is accepted twice',
    from: 'if (mayBeSettled(writer, change) || writer.messages.has(change.message.id))',
    to: 'if (mayBeSettled(writer, change)) return accepted(writer, change);',
  },
  {
    ...sqliteAccept,
    why: 'a limit is not heeded',
    from: "if (charged?.type === 'limited') return charged;",
    to: '',
  },
  {
    ...sqliteAccept,
    why: 'what is charged is forgotten',
    from: 'if (charge !== undefined && charged !== undefined) counters.set(charge.identityId, charged.counter);',
    to: '',
  },
  {
    ...sqliteAccept,
    why: 'a full disk accepts',
    from: "if (full !== undefined) return { type: 'full', cause: full };",
    to: '',
  },
  {
    ...bodies,
    why: 'a staged body is not synced',
    from: 'await Promise.all([file?.datasync(), syncDirectory(join(dataDirectory, DIRECTORY))]);',
    to: 'await syncDirectory(join(dataDirectory, DIRECTORY));',
  },
  {
    ...bodies,
    why: 'the directory of a staged body is not synced',
    from: 'await Promise.all([file?.datasync(), syncDirectory(join(dataDirectory, DIRECTORY))]);',
    to: 'await file?.datasync();',
  },
  {
    ...bodies,
    why: 'a link in the place of a body is read',
    from: 'constants.O_RDONLY | constants.O_NOFOLLOW;',
    to: 'constants.O_RDONLY;',
  },
  {
    file: 'src/platform/held-directory.ts',
    tests: ['src/store/sqlite/bodies', 'src/store/sqlite/data-directory'],
    why: 'the sweep, and what root gives away, follow a link',
    from: 'constants.O_DIRECTORY | constants.O_NOFOLLOW',
    to: 'constants.O_DIRECTORY',
  },
  {
    file: 'src/platform/file-lock.ts',
    tests: ['src/platform/directory-lock'],
    why: 'two processes have the lock of a directory',
    from: 'BEGIN EXCLUSIVE',
    to: 'BEGIN',
  },
  {
    file: 'src/platform/file-lock.ts',
    tests: ['src/platform/directory-lock'],
    why: 'a lock ends when its release is collected',
    from: 'held.add(release);',
    to: '',
  },
  {
    file: 'src/platform/directory-unusable.ts',
    tests: ['src/store/sqlite/data-directory'],
    why: 'a data directory with links in it is used',
    from: '?.isSymbolicLink() === true',
    to: '?.isSymbolicLink() === undefined',
  },
  {
    ...databaseFile,
    why: 'a database behind a link that nobody saw is used',
    from: 'if (file.location() === place) return file;',
    to: 'if (place) return file;',
  },
  {
    ...databaseFile,
    why: 'a database is made behind a link that nobody saw',
    from: "    url.searchParams.set('mode', 'rw');\n",
    to: '',
  },
  {
    ...bodies,
    tests: ['src/store/sqlite/restore-links'],
    why: 'bodies are restored to wherever the name of their directory leads by then',
    from: 'putBody(join(held, fileNameOfId(id)), content)',
    to: 'putBody(bodyPath(dataDirectory, id), content)',
  },
  {
    ...files,
    why: 'a delivered file is not synced',
    from: '    await file.datasync();\n',
    to: '',
  },
  {
    ...files,
    why: 'the directory of a delivered file is not synced',
    from: '    await syncDirectory(directory);\n',
    to: '',
  },
  {
    file: 'src/store/sqlite/open.ts',
    tests: ['src/store/sqlite/sqlite.test'],
    why: 'SQLite does not sync its commits',
    from: 'PRAGMA synchronous = FULL',
    to: 'PRAGMA synchronous = OFF',
  },
  {
    file: 'src/store/sqlite/open.ts',
    tests: ['src/store/sqlite/sqlite.test'],
    why: 'SQLite syncs its log only when it is written home',
    from: 'PRAGMA synchronous = FULL',
    to: 'PRAGMA synchronous = NORMAL',
  },
  {
    ...sqliteWriter,
    why: 'a commit whose syncs are worth nothing counts',
    from: '      witness.confirm();\n',
    to: '',
  },
  {
    ...sqliteWriter,
    why: 'one change that fails takes its neighbours along',
    from: 'outcomes = changes.map((change) => alone(change));',
    to: 'throw error;',
  },
  {
    ...sqliteWriter,
    why: 'a transaction that is undone leaves its place in the chain',
    from: '      writer.trail.reset(mark);\n',
    to: '',
  },
  {
    ...queueCommands,
    file: 'src/store/queue-change.ts',
    why: 'each slice of a hold is told',
    from: 'if (after?.told === true || ',
    to: 'if (',
  },
  {
    ...queueCommands,
    why: 'a slice goes through the whole queue',
    from: 'const most = Math.min(max, SLICE_MAX);',
    to: 'const most = 1_000_000;',
  },
  {
    ...parked,
    why: 'a claim gives mail of who may not send',
    from: 'if (!mayNotSend.has(identityId)) return false;',
    to: 'if (identityId !== null) return false;',
  },
  {
    ...parked,
    why: 'a claim puts all aside that it meets',
    from: 'left -= 1;',
    to: '',
  },
  {
    ...parked,
    why: 'what was put aside stays there',
    from: 'mark(db, n, recipientNumber, false);',
    to: '',
  },
  {
    ...parked,
    file: 'src/store/sqlite/writer.ts',
    why: 'what was put aside stays there after a restart',
    from: '[...parkedIdentities(db)].filter((id) => !mayNotSend.has(id))',
    to: '[]',
  },
  {
    file: 'src/store/sqlite/retention.ts',
    tests: ['src/store/sqlite/sqlite.test'],
    why: 'mail of a removed account goes when its tombstone is dropped',
    from: '.filter((id) => !messages.hasOf(id))',
    to: '',
  },
];
