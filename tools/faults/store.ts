// Faults in what is kept: the trail's chain, the accept, bodies and their syncs.

import type { Fault } from './fault.ts';

const link = { file: 'src/record/link.ts', tests: ['src/store/sqlite/sqlite.test'] };
const verify = {
  file: 'src/audit/verify.ts',
  tests: ['src/store/sqlite/sqlite.test', 'src/store/agreement'],
};
const sqliteAccept = { file: 'src/store/sqlite/accept.ts', tests: ['src/store/sqlite/sqlite.test'] };
const bodies = { file: 'src/store/sqlite/bodies.ts', tests: ['src/store/sqlite/bodies'] };
const files = { file: 'src/relay/files.ts', tests: ['src/relay/files'] };
const sqliteWriter = { file: 'src/store/sqlite/writer.ts', tests: ['src/store/sqlite'] };

export const storeFaults: readonly Fault[] = [
  {
    ...link,
    why: 'the link does not cover the event before',
    from: 'Buffer.concat([previous, head, words, content])',
    to: 'Buffer.concat([head, words, content])',
  },
  {
    ...link,
    why: 'the link does not cover the time',
    from: 'head.writeBigUInt64BE(BigInt(time), 8);',
    to: '',
  },
  {
    ...link,
    why: 'the link does not cover the content',
    from: 'Buffer.concat([previous, head, words, content])',
    to: 'Buffer.concat([previous, head, words])',
  },
  {
    ...link,
    why: 'the link does not cover type and subject',
    from: 'Buffer.concat([previous, head, words, content])',
    to: 'Buffer.concat([previous, head, content])',
  },
  {
    ...link,
    why: 'the hash of the content does not cover its salt',
    from: "hash('sha256', Buffer.concat([salt, payload]), 'buffer')",
    to: "hash('sha256', Buffer.concat([payload]), 'buffer')",
  },
  {
    ...verify,
    why: 'a missing event is not seen',
    from: 'if (link.sequence !== expected) return `event ${expected} is missing`;',
    to: '',
  },
  {
    ...verify,
    why: 'changed content is not seen',
    from: "if (!equal(contentHash(link.salt, link.payload), link.contentHash)) return 'its content was changed';",
    to: '',
  },
  {
    ...verify,
    why: 'half a content passes',
    from: "} else if (link.payload !== undefined || link.salt !== undefined) return 'half of its content is gone';",
    to: '}',
  },
  {
    ...sqliteAccept,
    why: 'a message that is asked for twice is accepted twice',
    from: 'if (mayBeSettled(writer, change) || isQueued(writer, id, change)) return accepted(writer, change);',
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
    file: 'src/store/sqlite/data-directory.ts',
    tests: ['src/store/sqlite/data-directory'],
    why: 'a data directory with links in it is used',
    from: 'if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return;',
    to: 'if (path) return;',
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
];
