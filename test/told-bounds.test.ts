// The bounds that the documents tell of are those of the code: each sentence is made of the constants, and has to stand there.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DAYS_SHOWN } from '../src/administration/account-mail.ts';
import { IDLE_MS, SESSION_MS } from '../src/administration/console-sessions.ts';
import { WATCHED_MAX } from '../src/administration/domain-watch.ts';
import { LIST_EVENTS_MAX } from '../src/administration/my-mail.ts';
import { OF_AGE_MAX } from '../src/administration/queue-views.ts';
import { AT_ONCE, WAITING_MAX } from '../src/administration/turns.ts';
import { JUDGED_MAX, JUDGED_PER_NETWORK, LINK_MS, LINKS_MAX } from '../src/console/entrance.ts';
import { FIELDS_MAX, FORM_OCTETS_MAX, SMALL_OCTETS_MAX } from '../src/console/form.ts';
import { CONNECTIONS_MAX, HEADER_OCTETS_MAX, REQUEST_MS } from '../src/console/listener.ts';
import { LATE_MS, LOOK_MS, STREAMS_MAX, STREAMS_PER_PERSON } from '../src/console/live.ts';
import { CHOSEN_MAX } from '../src/console/pages/queue-acts.ts';
import { WAITING } from '../src/console/pages/overview.ts';
import { ACCOUNTS } from '../src/console/pages/queue-views.ts';
import { CONTENT_OCTETS_MAX } from '../src/console/pages/queued-message.ts';
import { CHALLENGE_MS } from '../src/console/passkeys.ts';
import { WORK_MS } from '../src/console/queue-work.ts';
import { STEPS_MAX } from '../src/console/story.ts';
import { RECIPIENTS_MAX } from '../src/console/traced-message.ts';
import { FRESH_MS } from '../src/administration/fresh-proof.ts';
import { ANSWER_MS, BODY_OCTETS_MAX, UNDER_WAY_MAX } from '../src/http/api/api.ts';
import { KEPT_MS } from '../src/http/api/idempotency.ts';
import { BURST, PER_SECOND } from '../src/http/api/rate.ts';
import { BACKUP_MS } from '../src/http/api/routes.ts';
import { CONNECTIONS_PER_NETWORK } from '../src/http/web-admission.ts';
import { guessingDefaults } from '../src/identity/guessing.ts';
import { PASSKEYS_MAX } from '../src/identity/passkey-changes.ts';
import { UNDO_MAX } from '../src/policy/undo-window.ts';
import { HEAP_MIB } from '../src/server/face.ts';
import { KEPT_MAX } from '../src/server/near-limits.ts';
import { SESSIONS_MAX } from '../src/store/console-sessions.ts';
import { DAY_EVENTS_MAX } from '../src/store/days.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const KIB = 1024;

const HOUR = 60 * MINUTE;
const words: Readonly<Record<number, string>> = {
  ...{ 0.5: 'half an', 2: 'two', 4: 'four', 5: 'five', 10: 'ten', 12: 'twelve', 20: 'twenty' },
};
const inWords = (count: number): string => words[count] ?? String(count);
const grouped = (count: number): string => count.toLocaleString('en-US');
const { pair, network } = guessingDefaults;

const told: Readonly<Record<string, readonly string[]>> = {
  'docs/CONSOLE.md': [
    `At most ${CONNECTIONS_MAX} connections, ${CONNECTIONS_PER_NETWORK} of one address`,
    `${HEADER_OCTETS_MAX / KIB} KiB of header, ${FORM_OCTETS_MAX / KIB ** 2} MiB and ${grouped(FIELDS_MAX)} fields of a form (${SMALL_OCTETS_MAX / KIB} KiB at sign-in)`,
    `${REQUEST_MS / SECOND} seconds for a request, ${SESSIONS_MAX} sessions of each account, ${LINKS_MAX} links`,
    `${JUDGED_MAX} sign-ins at once, ${JUDGED_PER_NETWORK} of them of one network`,
    `a thread of its own with ${HEAP_MIB} MiB of heap`,
    `at most ${STREAMS_MAX}, and ${STREAMS_PER_PERSON} of one person in all his sessions`,
    `looked up once in ${inWords(LOOK_MS / SECOND)} seconds for all of them`,
    `takes more than ${inWords(LATE_MS / SECOND)} seconds, the page says since when`,
    `since its start, ${KEPT_MAX} at most`,
    `the first ${WATCHED_MAX} by name`,
    `counted from its newest ${grouped(DAY_EVENTS_MAX)} events`,
    `names ${RECIPIENTS_MAX} recipients and its first ${STEPS_MAX} events`,
    `One form takes ${CHOSEN_MAX} chosen messages`,
    `Of one age ${grouped(OF_AGE_MAX)} recipients are counted`,
    `the ${ACCOUNTS} accounts with most are shown`,
    `One request to the queue works for ${inWords(WORK_MS / SECOND)} seconds`,
    `the first ${CONTENT_OCTETS_MAX / KIB} KiB of its content`,
    `its mail of ${DAYS_SHOWN} days as a picture`,
    `who has an undo window (up to ${UNDO_MAX} seconds`,
    `opens the console once, within ${inWords(LINK_MS / MINUTE)} minutes`,
    `**Passkeys** beside the app, ${inWords(PASSKEYS_MAX)} at most`,
    `in the memory of one node for ${inWords(CHALLENGE_MS / MINUTE)} minutes`,
    `has the link as the proof for ${inWords(FRESH_MS / MINUTE)} minutes`,
    `after ${inWords(SESSION_MS / HOUR)} hours, for roles above \`user\` also after ${inWords(IDLE_MS / HOUR)} hour without use`,
    `takes longer, up to ${pair.delayMsMax / SECOND} seconds. After ${inWords(pair.refuseFrom ?? 0)} from one network`,
    `not older than ${inWords(FRESH_MS / MINUTE)} minutes`,
  ],
  'docs/ARCHITECTURE.md': [
    `(\`src/server/near-limits.ts\`, ${KEPT_MAX} at most)`,
    `A count of an age stops at ${grouped(OF_AGE_MAX)}`,
    `of the ${WAITING} recipients that wait longest`,
    `(\`LIST_EVENTS_MAX\`, ${grouped(LIST_EVENTS_MAX)} events`,
  ],
  'docs/API.md': [
    `at most ${BODY_OCTETS_MAX / KIB} KiB`,
    `with the same key within ${inWords(KEPT_MS / MINUTE)} minutes`,
    `${PER_SECOND} a second, ${BURST} at once; then 429`,
    `${AT_ONCE} under way, ${WAITING_MAX} more wait`,
    `| requests under way | ${UNDER_WAY_MAX}; then 503 |`,
    `begins within ${ANSWER_MS / SECOND} s, a backup within ${BACKUP_MS / SECOND} s; then 504`,
    `after ${pair.refuseFrom} different ones for one account or ${network.refuseFrom} from one network`,
  ],
};

for (const [path, sentences] of Object.entries(told))
  test(`the bounds in ${path} are those that hold`, () => {
    const text = readFileSync(path, 'utf8').replaceAll(/\s+/g, ' ');
    assert.deepEqual(
      sentences.filter((sentence) => !text.includes(sentence)),
      [],
    );
  });
