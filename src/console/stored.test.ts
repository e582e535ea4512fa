// What strangers wrote and we keep: wherever a page shows it, it is text. Each source has a mark of its own, so that it is seen to be shown.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Office, openOffice } from '../../test/fakes/administration.ts';
import { idOf } from '../../test/fakes/api.ts';
import { openDesk } from '../../test/fakes/console.ts';
import { signInMark } from '../identity/sign-in-mark.ts';
import type { EventDraft } from '../record/events.ts';
import {
  acceptOf,
  appPassword,
  deferred,
  HOUR,
  identityChange,
  identityOf,
} from '../store/store.contract-fixtures.ts';
import { consoleEvent, consoleSessionOf } from '../store/store.contract-sessions.ts';

const ALICE = 'alice@example.org';
const MAIL = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const GIVEN_UP = '01ARZ3NDEKTSV4RRFFQ69G5FAW';

const evil = (mark: string): string => `"><img src=x id=${mark}>`;
const shown = (mark: string): string => `&lt;img src=x id=${mark}&gt;`;
const address = (mark: string): string => `"<img src=x id=${mark}>"@far.example`;

const ofMail = `/trace?q=${MAIL}`;
const ofAlice = `/trace?q=${ALICE}`;
const account = `/identity?login=${ALICE}`;

const sources: readonly (readonly [mark: string, path: string])[] = [
  // The last looks alone stand there.
  ['reason', account],
  ['subject', `/queue/message?id=${MAIL}`],
  ['author', `/queue/message?id=${MAIL}`],
  ['body', `/queue/message?id=${MAIL}&content=yes&reason=ticket`],
  ['recipient', '/queue'],
  ['recipient', `/queue/message?id=${MAIL}`],
  ['recipient', ofMail],
  ['recipient', '/me'],
  ['recipient', `/me/message?id=${MAIL}`],
  ['sender', '/queue'],
  ['sender', ofMail],
  ['header-from', ofMail],
  ['message-id', ofMail],
  ['ehlo', ofMail],
  ['rule', ofMail],
  ['device', ofMail],
  ['device', account],
  ['device', '/me/devices'],
  ['reply', ofMail],
  ['reply', '/queue'],
  ['reply', `/me/message?id=${MAIL}`],
  ['hop', ofMail],
  ['hold', ofMail],
  ['release', ofMail],
  ['tried', ofAlice],
  ['guess', ofAlice],
  ['refused', ofAlice],
  ['refused', `${account}&mail=yes&reason=ticket`],
  ['given-up', `/queue/message?id=REPORT&content=yes&reason=ticket`],
  ['name', account],
  ['name', '/identity?q=example.org'],
  ['browser', '/me/devices'],
  ['question', '/trail/looks'],
  ['reason', '/trail/looks'],
  ['record', '/domains/domain?name=example.org'],
];

function events(accepted: EventDraft, at: number): readonly EventDraft[] {
  assert.ok(accepted.type === 'accepted');
  const identityId = idOf(ALICE);
  const session = { ...accepted.payload.session, ehlo: evil('ehlo') };
  const failed = { mechanism: 'PLAIN', network: '192.0.2.0/24', count: 1 };
  const refused = { command: 'RCPT', replyCode: 550, replyStatus: '5.7.1', cause: 'no right', count: 1 };
  return [
    {
      ...{ type: 'authenticationFailed', time: at, identityId },
      payload: { ...failed, session, login: evil('tried'), cause: evil('guess') },
    },
    {
      ...{ type: 'refused', time: at, identityId },
      payload: { ...refused, session, forwardPaths: [address('refused')] },
    },
  ];
}

/** What waits was tried. */
async function putOff({ ports: { store }, clock }: Office): Promise<void> {
  const owner = 'local/1/front 1.1';
  const [claimed] = await store.commit([{ type: 'claim', owner, token: 't', shares: [{ max: 1 }] }]);
  const [delivery] = claimed.type === 'claimed' ? claimed.deliveries : [];
  const { messageId, recipientNumber, attempt, recipient } = delivery ?? assert.fail();
  const fate = deferred(clock.now() + HOUR);
  const payload = {
    ...{ recipient: recipient.forwardPath, recipientNumber, attempt, status: '4.2.0' },
    ...{ diagnostic: `450 4.2.0 ${evil('reply')}`, remote: `smtp ${evil('hop')} [192.0.2.9]:25` },
  };
  const event: EventDraft = { type: 'deferred', time: clock.now(), messageId, payload };
  await store.commit([
    { type: 'settle', owner, messageId, recipients: [{ recipientNumber, attempt, fate, event }] },
  ]);
}

const TEXT = [
  `From: ${evil('author')} <a@far.example>`,
  `Subject: ${evil('subject')}`,
  '',
  `${evil('body')}`,
  '',
].join('\r\n');

async function begin() {
  const office = openOffice({
    records: { lookup: () => Promise.resolve({ type: 'answer', records: [evil('record')] }) },
  });
  const { store } = office.ports;
  const { clock } = office;
  const identityId = idOf(ALICE);
  const label = evil('device');
  const alice = identityOf(ALICE, {
    id: identityId,
    displayName: evil('name'),
    credentials: [{ ...appPassword('4Q7WJ2ZK'), label }],
  });
  await store.commit([identityChange(alice, 0, clock.now())]);
  const { message, event, ...accept } = acceptOf(MAIL, clock.now(), {
    ...{ identityId, from: address('sender'), to: [address('recipient')], text: TEXT },
    ...{ headerFrom: [evil('header-from')], messageIdField: `<${evil('message-id')}@x>` },
  });
  assert.ok(event.type === 'accepted');
  const principal = {
    identityId,
    login: ALICE,
    credentialId: '4Q7WJ2ZK',
    credentialLabel: label,
    mechanism: 'PLAIN',
  };
  const session = { ...event.payload.session, ehlo: evil('ehlo') };
  const payload = { ...event.payload, principal, session, rule: evil('rule') };
  await store.commit([{ ...accept, message, event: { ...event, payload } }]);
  await putOff(office);
  await store.commit([
    acceptOf(GIVEN_UP, clock.now(), { identityId, from: ALICE, to: [address('given-up')] }),
    // What was never tried has no attempt that ended.
    { type: 'claim', owner: 'a', token: 't', shares: [{ max: 10 }] },
    { type: 'free', ownerPrefix: 'a', dueAt: clock.now() },
    { type: 'record', events: events(event, clock.now()) },
  ]);
  const facts = {
    who: ALICE,
    beganAt: clock.now(),
    by: 'password',
    address: '192.0.2.1',
    browser: evil('browser'),
  };
  await store.commit([
    {
      ...{ type: 'consoleSession', event: consoleEvent(clock.now()) },
      begin: consoleSessionOf({ identityId, facts, mark: signInMark(alice) }),
    },
  ]);
  const desk = openDesk({ office });
  const admin = await desk.enterAs({ who: ALICE, role: 'admin', identityId });
  const act = (path: string, form: Readonly<Record<string, string>>) =>
    desk.post(path, { token: admin.token, ...form }, { cookie: admin.cookie });
  await act('/queue', { action: 'bounce', what: 'chosen', id: GIVEN_UP, sure: 'yes' });
  for (const action of ['hold', 'release'])
    await act('/queue', { action, what: 'part', 'part-id': MAIL, sure: 'yes', reason: evil(action) });
  await act('/domains/check', { domain: 'example.org' });
  await act('/trace', { text: `Message-ID: <${evil('question')}>\r\n\r\n`, reason: evil('reason') });
  const looked = new URLSearchParams({ q: MAIL, reason: evil('reason') }).toString();
  await desk.get(`/trace?${looked}`, { cookie: admin.cookie });
  const queued = await office.ports.lookups.queue({}, { max: 10 });
  const report = queued.find(({ message: { id } }) => id !== MAIL)?.message.id ?? assert.fail();
  return async (path: string): Promise<string> => {
    const answer = await desk.get(path.replace('REPORT', report), { cookie: admin.cookie });
    assert.equal(answer.status, 200, path);
    return answer.text();
  };
}

test('what strangers wrote is shown as text, wherever it comes from and wherever it stands', async () => {
  const page = await begin();
  for (const [mark, path] of sources) {
    const text = await page(path);
    assert.ok(text.includes(shown(mark)), `${mark} is not shown at ${path}`);
    assert.ok(!text.includes('<img src=x'), `${mark} at ${path}`);
  }
});
