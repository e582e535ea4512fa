// Signing as part of the one way in: what is accepted carries its signature, and what can't be signed is not accepted.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edKey, rsaKey, verify } from '../../test/fakes/dkim.ts';
import { door, mxDoor, submissionWorld, type World } from '../../test/fakes/submission.ts';
import { concat, latin1 } from '../base/bytes.ts';
import type { Envelope } from '../protocol/envelope.ts';
import type { AcceptChange } from '../store/port.ts';
import type { Door } from './context.ts';
import { createSigner, type SignerOptions } from './signer.ts';
import { type Acceptance, openSubmission } from './submit.ts';

const HEADER = 'From: Alice <alice@example.org>\r\nSubject: hi\r\nBcc: c@example.net\r\n';
const both = [rsaKey, edKey];

const envelope: Envelope = {
  reversePath: 'alice@example.org',
  body: '8BITMIME',
  smtputf8: false,
  recipients: [{ forwardPath: 'b@far.example' }],
};

function world(options: Partial<SignerOptions> = {}): Promise<World> {
  const signer = createSigner({ keys: both, failed: () => undefined, ...options });
  return submissionWorld({ settings: { signer }, memoryOctets: 8 * 1024 * 1024 });
}

async function submit({ context }: World, text: string, through: Door = door): Promise<Acceptance> {
  const submission = openSubmission(context, through, envelope);
  const bytes = latin1(text);
  for (let at = 0; at < bytes.length; at += 5000) await submission.write(bytes.subarray(at, at + 5000));
  return submission.finish();
}

function accepted({ store }: World): AcceptChange {
  const [accept, ...more] = store.changes.filter((change) => change.type === 'accept');
  assert.ok(accept !== undefined && more.length === 0);
  return accept;
}

function octetsOf({ store }: World, { content, message }: AcceptChange): Uint8Array {
  if (content.kind === 'inline') return content.bytes;
  return concat([content.header, ...(store.stages.get(message.id)?.pieces ?? [])]);
}

test('6409-8.5: what is accepted verifies as it stands in the store: small, staged, 8-bit, without a body', async () => {
  const bodies = [
    '\r\nhello  \r\n\r\n\r\n',
    `\r\n${'line of text \t \r\n'.repeat(40_000)}`,
    '\r\n\xe4\xf6\xfc\r\n',
    '\r\n',
    '',
  ];
  for (const body of bodies) {
    const here = await world();
    const acceptance = await submit(here, `${HEADER}${body}`);
    assert.equal(acceptance.type, 'accepted');
    const change = accepted(here);
    const octets = octetsOf(here, change);
    assert.equal(octets.length, change.message.octets);
    const results = await verify(octets, both);
    assert.deepEqual(
      results.map(({ selector, result }) => `${selector} ${result}`),
      ['rsa1 pass', 'ed1 pass'],
      JSON.stringify(body.slice(0, 40)),
    );
    const header = Buffer.from(octets.subarray(0, change.message.headerOctets)).toString('latin1');
    assert.match(
      header,
      /^DKIM-Signature: [\s\S]*\r\nDKIM-Signature: [\s\S]*\r\nReceived: /,
      'above what was there',
    );
    assert.ok(header.endsWith('\r\n\r\n') && !/^bcc:/im.test(header));
    assert.ok(change.event.type === 'accepted');
    assert.deepEqual(change.event.payload.signatures, [
      { domain: 'example.org', selector: 'rsa1' },
      { domain: 'example.org', selector: 'ed1' },
    ]);
  }
});

test('5321-ae 6409-8.5: mail of role mx and of domains without keys leaves unsigned', async () => {
  for (const [through, from] of [
    [mxDoor, 'alice@example.org'],
    [door, 'alice@example.org'],
  ] as const) {
    const keys = through === mxDoor ? both : [{ ...rsaKey, domain: 'tenant2.example' }];
    const here = await world({ keys });
    const acceptance = await submit(here, `From: ${from}\r\n\r\nhello\r\n`, through);
    assert.equal(acceptance.type, 'accepted');
    const change = accepted(here);
    assert.doesNotMatch(Buffer.from(octetsOf(here, change)).toString(), /dkim-signature/i);
    assert.ok(change.event.type === 'accepted' && change.event.payload.signatures === undefined);
  }
});

test('6409-8.5: a message that can not be signed is refused for now, with the cause in the record, and leaves nothing behind', async () => {
  const sign = () => Promise.reject(new Error('no entropy'));
  const here = await world({ sign });
  const acceptance = await submit(here, `${HEADER}\r\n${'x'.repeat(70)}\r\n`.padEnd(400_000, 'long\r\n'));
  assert.ok(acceptance.type === 'refused');
  const { reply, cause } = acceptance.refusal;
  assert.deepEqual([reply.code, reply.status], [451, '4.7.5']);
  assert.doesNotMatch(reply.lines.join(), /entropy|rsa1/);
  assert.match(cause, /no signature by rsa1\._domainkey\.example\.org: no entropy|no signature by ed1/);
  assert.equal(here.store.changes.filter(({ type }) => type === 'accept').length, 0);
  assert.ok([...here.store.stages.values()].every(({ state }) => state === 'discarded'));
  assert.equal(here.context.memory.used, 0);

  const optional = await world({ sign, keys: [{ ...rsaKey, required: false }] });
  assert.equal((await submit(optional, `${HEADER}\r\nx\r\n`)).type, 'accepted');
  const { event } = accepted(optional);
  assert.ok(event.type === 'accepted');
  assert.deepEqual(event.payload.signatures, [
    { domain: 'example.org', selector: 'rsa1', failure: 'no entropy' },
  ]);
});

test('a client that was told to try again while its message was signed finds it nowhere', async () => {
  let go: (signature: Buffer) => void = () => undefined;
  const here = await world({
    keys: [rsaKey],
    sign: () => new Promise((resolve) => void (go = resolve)),
  });
  const submission = openSubmission(here.context, door, envelope);
  await submission.write(latin1(`${HEADER}\r\nhello\r\n`));
  const finished = submission.finish();
  await new Promise((resolve) => setImmediate(resolve));
  submission.giveUp();
  go(Buffer.alloc(256));
  assert.equal((await finished).type, 'refused');
  assert.equal(here.store.changes.filter(({ type }) => type === 'accept').length, 0);
});

test('a reload changes the keys of the next transaction, not of the one under way', async () => {
  const here = await world({ keys: [rsaKey] });
  const next = createSigner({ keys: [edKey], failed: () => undefined });
  const { context } = here;
  let { signer } = context.settings();
  const settings = {
    ...context,
    settings: () => ({ ...context.settings(), ...(signer === undefined ? {} : { signer }) }),
  };
  const first = openSubmission(settings, door, envelope);
  await first.write(latin1(`${HEADER}\r\nhello\r\n`));
  signer = next;
  assert.equal((await first.finish()).type, 'accepted');
  const second = openSubmission(settings, door, envelope);
  await second.write(latin1(`${HEADER}\r\nhello\r\n`));
  assert.equal((await second.finish()).type, 'accepted');
  const selectors = here.store.changes.flatMap((change) =>
    change.type === 'accept' && change.event.type === 'accepted'
      ? (change.event.payload.signatures ?? []).map(({ selector }) => selector)
      : [],
  );
  assert.deepEqual(selectors, ['rsa1', 'ed1']);
});
