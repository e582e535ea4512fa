import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decideMxMail, decideMxRecipient, type MxDecision } from './mx-policy.ts';

const domains = new Set(['example.org', 'tenant2.example']);
const hostname = 'mx.example.net';

function answer(decision: MxDecision): string {
  const { verdict } = decision;
  if (verdict.type === 'accepted')
    return decision.forwardPath === undefined ? '250' : `250 ${decision.forwardPath}`;
  return `${verdict.refusal.reply.code} ${verdict.refusal.reply.status ?? ''}`;
}

const postmaster = '250 postmaster@example.org';

// `unknown` is the worst case for us where a name must exist, `exists` where it must not be reached.
const rows: readonly (readonly [string, 'exists' | 'unknown', string, string])[] = [
  ['alice@example.org', 'exists', '250', 'BCP134-4.1-b'],
  ['ALICE@EXAMPLE.ORG', 'exists', '250', 'F-REL-11: case'],
  ['nobody@example.org', 'unknown', '550 5.1.1', 'BCP134-3-b'],
  ['y@far.example', 'exists', '550 5.7.1', 'BCP134-3.2-e'],
  ['postmaster', 'unknown', postmaster, '5321-m: bare'],
  ['PostMaster', 'unknown', postmaster, '5321-m: any case'],
  ['postmaster@example.org', 'unknown', '250', '5321-m'],
  ['"Postmaster"@tenant2.example', 'unknown', '250', '5321-m: each domain, quoted'],
  ['abuse@example.org', 'unknown', '250', 'abuse of each domain'],
  ['postmaster@mx.example.net', 'unknown', postmaster, 'at the host name'],
  ['alice@mx.example.net', 'exists', '550 5.7.1', 'the host name is no domain'],
  ['postmaster@far.example', 'exists', '550 5.7.1', "a stranger's postmaster"],
  ['user%far.example@example.org', 'unknown', '550 5.1.1', 'F-REL-1'],
  ['user%far.example@[192.0.2.1]', 'exists', '550 5.7.1', 'F-REL-2'],
  ['user@far.example', 'exists', '550 5.7.1', 'F-REL-3, stripped'],
  ['"user@far.example"@example.org', 'unknown', '550 5.1.1', 'F-REL-5'],
  ['"user@far.example"', 'exists', '501 5.1.3', 'F-REL-6'],
  ['user@far.example@example.org', 'exists', '501 5.1.3', 'F-REL-6'],
  ['user@example.org@far.example', 'exists', '501 5.1.3', 'F-REL-6'],
  ['far.example!user@example.org', 'unknown', '550 5.1.1', 'F-REL-7'],
  ['far.example!user', 'exists', '501 5.1.3', 'F-REL-7'],
  ['user@far.example.', 'exists', '501 5.1.3', 'F-REL-8'],
  ['user@[203.0.113.9]', 'exists', '550 5.7.1', 'F-REL-9'],
  ['user@[IPv6:2001:db8::9]', 'exists', '550 5.7.1', 'F-REL-9'],
  ['user@[127.0.0.1]', 'exists', '550 5.7.1', 'F-REL-9'],
  ['user@[192.0.2.1]', 'exists', '550 5.7.1', 'F-REL-9: our own literal, not postmaster'],
  ['postmaster@[192.0.2.1]', 'unknown', postmaster, 'F-REL-9: our own literal'],
  ['postmaster@[IPv6:2001:DB8:0::1]', 'unknown', postmaster, 'F-REL-9: our own literal, another spelling'],
  ['postmaster@[203.0.113.9]', 'exists', '550 5.7.1', "F-REL-9: a stranger's literal"],
  ['user@2130706433', 'exists', '501 5.1.3', 'F-REL-9: a number'],
  ['user@example.org\0.far.example', 'exists', '501 5.1.3', 'F-REL-10'],
  ['user@far.example\0@example.org', 'exists', '501 5.1.3', 'F-REL-10'],
  ['user@exa mple.org', 'exists', '501 5.1.3', 'F-REL-11'],
  ['user@example.org:25', 'exists', '501 5.1.3', 'F-REL-11'],
  ['user@example.org/far', 'exists', '501 5.1.3', 'F-REL-11'],
  ['SRS0=abcd=ab=far.example=user@example.org', 'unknown', '550 5.1.1', 'F-REL-13'],
];

test('BCP134-3-b BCP134-3.2-e BCP134-4.1-b BCP134-4.1-d 5321-m F-REL-1/1 F-REL-2 F-REL-3 F-REL-5/1 F-REL-6 F-REL-7/1 F-REL-8 F-REL-9 F-REL-10 F-REL-11 F-REL-13 G-21: RCPT without AUTH on role mx', () => {
  const options = { smtputf8: false, ownAddresses: ['192.0.2.1', '2001:db8::1'] };
  for (const [forwardPath, mailbox, expected, why] of rows) {
    assert.equal(
      answer(decideMxRecipient(domains, { forwardPath }, mailbox, hostname, options)),
      expected,
      why,
    );
  }
});

test('BCP134-3.2-e F-REL-9: without own addresses no literal is accepted', () => {
  const decision = decideMxRecipient(domains, { forwardPath: 'postmaster@[192.0.2.1]' }, 'exists', hostname);
  assert.equal(answer(decision), '550 5.7.1');
});

test('BCP134-3.2-e: whatever the text, what is accepted lies in a domain of ours', () => {
  const piece = fc.constantFrom(
    ...['user', 'postmaster', 'abuse', '@', '@', '%', '!', '"', '\\', '.', ':', '[', ']', ' ', '\0', ','],
    ...[
      'example.org',
      'far.example',
      '192.0.2.1',
      '127.0.0.1',
      'IPv6:::1',
      '\u3002',
      '\uff20',
      'tenant2.example',
    ],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 9 }), fc.boolean(), (pieces, smtputf8) => {
      const forwardPath = pieces.join('');
      const options = { smtputf8, ownAddresses: [] };
      const decision = decideMxRecipient(domains, { forwardPath }, 'exists', hostname, options);
      if (decision.verdict.type === 'refused') return;
      const destination = (decision.forwardPath ?? forwardPath).toLowerCase();
      assert.ok(
        [...domains].some((domain) => destination.endsWith(`@${domain}`)),
        forwardPath,
      );
    }),
    { seed: 20261123, numRuns: 2_000 },
  );
});

const senders: readonly (readonly [string, string])[] = [
  ['', '250'],
  ['x@far.example', '250'],
  ['alice@example.org', '250'],
  ['x@localhost', '554 5.1.8'],
  ['x', '501 5.1.7'],
  ['\u00fc@far.example', '550 5.6.7'],
];

test('F-REL-12 6409-3.2-a: on role mx a sender is judged by form only, and opens nothing', () => {
  for (const [reversePath, expected] of senders) {
    assert.equal(answer(decideMxMail(domains, { reversePath, smtputf8: false })), expected, reversePath);
  }
});
