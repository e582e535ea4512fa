// The probe against the servers that many run: Exim, Dovecot and Postfix as Debian ships them. Set up by the probe's own advice each is conformant;
// each fault that is planted is found by its own check, at its level, and nothing else is blamed.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { startPostfixPeer } from '../../bench/peers.ts';
import { probe, type ProbeReport, systemClock } from '../../src/probe/index.ts';
import type { ProbeOptions } from '../../src/probe/index.ts';
import { startDovecotSubmission, SUBMISSIOND } from './dovecot-submission.ts';
import { EXIM, type EximOptions, startExim } from './exim.ts';
import { lacking, PASSWORD } from './server.ts';
import { freePort } from '../free-port.ts';

const login = { user: 'alice@example.org', password: PASSWORD };
const records = { lookup: () => Promise.resolve({ type: 'answer' as const, records: [] }) };
const documents = { fetch: () => Promise.resolve({ type: 'notThere' as const, status: 404 }) };

async function probed(
  options: Omit<ProbeOptions, 'host'> & { readonly host?: string },
): Promise<ProbeReport> {
  const result = await probe(
    { host: '127.0.0.1', name: 'msa.example.org', ...options },
    { clock: systemClock, records, documents },
  );
  assert.ok(result.ok);
  return result.value;
}

/** What a report finds wrong: `LEVEL id`, sorted. `unknown` of a MUST counts: the probe could not tell what it has to. */
function blamed({ checks }: ProbeReport): readonly string[] {
  return checks
    .filter(({ level, findings }) =>
      findings.some(
        ({ verdict }) => verdict === 'fail' || (verdict === 'unknown' && level.startsWith('MUST')),
      ),
    )
    .map(({ level, id }) => `${level} ${id}`)
    .sort();
}

interface Fault<Setup> {
  readonly why: string;
  readonly setup: Setup;
  /** `LEVEL id` of all that must be blamed. */
  readonly found: readonly string[];
}

const RELAY = [
  'MUST auth-530',
  'MUST auth-required-local',
  'MUST auth-required-remote',
  'MUST NOT open-relay',
] as const;
/** Exim has no enhanced status codes. */
const EXIM_LACKS = ['SHOULD extensions'] as const;
const PLAIN_FOR_ALL = [
  'plain:',
  '  driver = plaintext',
  '  public_name = PLAIN',
  '  server_prompts = :',
  `  server_condition = \${if and{{eq{$auth2}{${login.user}}}{eq{$auth3}{${PASSWORD}}}}}`,
  '  server_set_id = $auth2',
];
/** Whoever has logged in sends as itself; the others are judged at RCPT. */
const NEAR = [
  'deny !encrypted = *',
  'deny authenticated = *',
  '     !condition = ${if eqi{$sender_address}{$authenticated_id}}',
  'accept',
];
const AUTHENTICATED = [
  'deny !authenticated = *',
  '     message = 530 5.7.0 Authentication required',
  'accept',
];

const eximFaults: readonly Fault<EximOptions>[] = [
  { why: 'set up well', setup: {}, found: [] },
  {
    why: 'an open relay, in clear, for every sender',
    setup: { mail: ['accept'], recipient: ['accept'] },
    found: [...RELAY, 'REC sender-rights', 'SHOULD tls-required'],
  },
  {
    why: 'whoever is near may send (relay_from_hosts)',
    setup: {
      mail: NEAR,
      recipient: ['accept hosts = 127.0.0.0/8', 'accept authenticated = *', 'deny'],
    },
    found: [...RELAY],
  },
  {
    why: 'AUTH in clear',
    setup: { main: ['auth_advertise_hosts = *'], authenticators: PLAIN_FOR_ALL },
    found: ['MUST NOT auth-in-clear'],
  },
  {
    why: 'no AUTH for local recipients',
    setup: {
      mail: NEAR,
      recipient: ['accept domains = example.org', 'accept authenticated = *', 'deny'],
    },
    found: ['MUST auth-required-local'],
  },
  {
    why: 'ANONYMOUS for local submission',
    setup: {
      authenticators: [
        ...PLAIN_FOR_ALL,
        '  server_advertise_condition = ${if def:tls_in_cipher}',
        'anonymous:',
        '  driver = plaintext',
        '  public_name = ANONYMOUS',
        '  server_prompts = :',
        '  server_condition = true',
        '  server_advertise_condition = ${if def:tls_in_cipher}',
      ],
    },
    found: ['MUST NOT auth-anonymous'],
  },
  {
    why: 'a login may send as anybody',
    setup: { mail: AUTHENTICATED },
    found: ['REC sender-rights'],
  },
  {
    why: 'TLS as it comes: suites without forward secrecy',
    setup: { main: ['tls_require_ciphers = NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2'] },
    found: ['SHOULD NOT tls-ciphers'],
  },
  {
    why: 'any name and password is a login',
    setup: {
      authenticators: [
        ...PLAIN_FOR_ALL.map((line) => (line.includes('_condition') ? '  server_condition = true' : line)),
        '  server_advertise_condition = ${if def:tls_in_cipher}',
      ],
    },
    found: ['MUST auth-checked'],
  },
  {
    why: 'PLAIN without a challenge',
    setup: {
      authenticators: [
        ...PLAIN_FOR_ALL.filter((line) => !line.includes('server_prompts')),
        '  server_advertise_condition = ${if def:tls_in_cipher}',
      ],
    },
    found: ['MUST auth-syntax'],
  },
  {
    why: 'deliveries may be started from outside (ETRN)',
    setup: { main: ['acl_smtp_etrn = on_recipient'] },
    found: ['MUST NOT no-etrn'],
  },
];

test(
  'BCP134-3.1-a BCP134-3.1-d BCP134-3.2-e BCP134-5-b: each fault that is planted in an Exim is found, and a good one is not blamed',
  { skip: lacking(EXIM) },
  async () => {
    for (const { why, setup, found } of eximFaults) {
      const exim = await startExim(setup);
      try {
        const report = await probed({
          ports: [
            { port: exim.starttls, kind: 'starttls' },
            { port: exim.implicit, kind: 'implicit' },
          ],
          ...{ ca: exim.certificate, login },
        });
        assert.deepEqual(blamed(report), [...EXIM_LACKS, ...found].sort(), why);
        assert.deepEqual(
          report.paths.map(({ state }) => state),
          ['open', 'open'],
          why,
        );
        assert.deepEqual(exim.messages(), [], `${why}: nothing is sent`);
      } finally {
        await exim.stop();
      }
    }
  },
);

/** Its next hop says who may send as whom; LF . LF ends a message for it, whatever is configured. */
const DOVECOT_LEAVES = ['REC sender-rights', 'MUST NOT smuggling'] as const;

const dovecotFaults: readonly Fault<readonly string[]>[] = [
  { why: 'set up well', setup: [], found: [] },
  {
    why: 'AUTH in clear',
    setup: ['ssl = yes', 'disable_plaintext_auth = no'],
    found: ['MUST NOT auth-in-clear'],
  },
  {
    why: 'ANONYMOUS, which its submission service refuses whatever is configured',
    setup: ['auth_mechanisms = plain login anonymous'],
    found: [],
  },
  {
    why: 'any name and password is a login',
    setup: ['passdb any {', '  driver = static', '  args = nopassword=yes', '}'],
    found: ['MUST auth-checked'],
  },
  {
    why: 'it believes where a stranger says it comes from',
    setup: ['login_trusted_networks = 127.0.0.0/8'],
    found: ['MUST NOT auth-in-clear', 'MUST NOT forged-origin'],
  },
  {
    why: 'mechanisms that are broken',
    setup: ['auth_mechanisms = plain login cram-md5'],
    found: ['SHOULD auth-mechanisms'],
  },
  {
    why: 'a next hop whose extensions it does not know',
    setup: ['submission_backend_capabilities ='],
    found: ['SHOULD extensions'],
  },
];

test(
  'BCP134-3.1-a BCP134-3.1-d BCP134-5-b: each fault that is planted in a Dovecot submission server is found, and a good one is not blamed',
  { skip: lacking('dovecot', SUBMISSIOND) },
  async () => {
    for (const { why, setup, found } of dovecotFaults) {
      const dovecot = await startDovecotSubmission(setup);
      try {
        const report = await probed({
          host: dovecot.address,
          ports: [
            { port: dovecot.starttls, kind: 'starttls' },
            { port: dovecot.implicit, kind: 'implicit' },
          ],
          ...{ ca: dovecot.certificate, login },
        });
        assert.deepEqual(
          blamed(report),
          [...DOVECOT_LEAVES, ...found].sort(),
          `${why}: ${JSON.stringify(report.causes)}`,
        );
        assert.deepEqual(dovecot.messages(), [], `${why}: nothing is sent`);
      } finally {
        await dovecot.stop();
      }
    }
  },
);

/** It has no second port here, and its domain no records. */
const POSTFIX_LEAVES: readonly string[] = [
  'SHOULD submissions-port',
  'SHOULD srv-records',
  'SHOULD autoconfig',
];

interface PostfixSetup {
  /** Lines of main.cf. */
  readonly main?: readonly string[];
  /** Lines of the Dovecot that checks its logins. */
  readonly auth?: readonly string[];
}

/** What the probe's own advice for Postfix comes to. */
const postfixGood = [
  'smtpd_tls_protocols = >=TLSv1.2',
  'smtpd_tls_mandatory_protocols = >=TLSv1.2',
  'tls_preempt_cipherlist = yes',
  'smtpd_tls_mandatory_ciphers = high',
  'smtpd_tls_mandatory_exclude_ciphers = aNULL, kRSA, SHA1, SHA256, SHA384',
  'smtpd_discard_ehlo_keywords = etrn, silent-discard',
  'disable_vrfy_command = yes',
  'smtpd_forbid_bare_newline = normalize',
  'smtpd_forbid_bare_newline_exclusions =',
  'smtpd_sender_login_maps = inline:{ alice@example.org=alice@example.org }',
  'smtpd_sender_restrictions = reject_sender_login_mismatch',
];

const postfixFaults: readonly Fault<PostfixSetup>[] = [
  { why: 'set up well', setup: {}, found: [] },
  {
    why: 'TLS and ETRN as Debian ships them',
    setup: {
      main: [
        'smtpd_tls_mandatory_protocols = >=TLSv1',
        'smtpd_tls_mandatory_exclude_ciphers =',
        'smtpd_tls_mandatory_ciphers = medium',
        'smtpd_discard_ehlo_keywords =',
      ],
    },
    found: ['MUST NOT no-etrn', 'MUST tls-versions', 'SHOULD NOT tls-ciphers'],
  },
  {
    why: 'ends of messages as Debian ships it',
    setup: { main: ['smtpd_forbid_bare_newline = no'] },
    found: ['MUST NOT smuggling'],
  },
  {
    why: 'whoever is near may send (mynetworks), to everybody',
    setup: {
      main: [
        'mynetworks = 127.0.0.0/8',
        'smtpd_relay_restrictions = permit_mynetworks, reject',
        'smtpd_recipient_restrictions = permit_mynetworks, reject',
        'smtpd_sender_restrictions =',
      ],
    },
    found: [...RELAY, 'REC sender-rights'],
  },
  {
    why: 'AUTH in clear',
    setup: { main: ['smtpd_tls_security_level = may', 'smtpd_tls_auth_only = no'] },
    // With `may` its mandatory settings of TLS count no more.
    found: ['MUST NOT auth-in-clear', 'SHOULD NOT tls-ciphers'],
  },
  {
    why: 'no AUTH for local recipients',
    setup: {
      main: [
        'virtual_alias_domains = example.org',
        'virtual_alias_maps = inline:{ postmaster@example.org=x@far.example, alice@example.org=x@far.example }',
        'smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination',
        'smtpd_recipient_restrictions =',
      ],
    },
    found: ['MUST auth-required-local'],
  },
  {
    why: 'the same, and strangers are only put off (454) at recipients elsewhere: nobody can tell',
    setup: {
      main: [
        'virtual_alias_domains = example.org',
        'virtual_alias_maps = inline:{ postmaster@example.org=x@far.example, alice@example.org=x@far.example }',
        'smtpd_relay_restrictions = permit_sasl_authenticated, defer_unauth_destination',
        'smtpd_recipient_restrictions =',
      ],
    },
    found: [...RELAY],
  },
  {
    why: 'ANONYMOUS for local submission',
    setup: { main: ['smtpd_sasl_security_options ='], auth: ['auth_mechanisms = plain login anonymous'] },
    found: ['MUST NOT auth-anonymous'],
  },
  {
    why: 'any name and password is a login',
    setup: { auth: ['passdb any {', '  driver = static', '  args = nopassword=yes', '}'] },
    found: ['MUST auth-checked'],
  },
  {
    why: 'mechanisms that are broken',
    setup: { auth: ['auth_mechanisms = plain login cram-md5'] },
    found: ['SHOULD auth-mechanisms'],
  },
  {
    why: 'it believes where a stranger says it comes from',
    setup: { main: ['smtpd_authorized_xclient_hosts = 127.0.0.0/8'] },
    found: ['MUST NOT forged-origin'],
  },
  {
    why: 'a login may send as anybody',
    setup: { main: ['smtpd_sender_restrictions ='] },
    found: ['REC sender-rights'],
  },
];

test(
  'BCP134-3.1-a BCP134-3.1-b BCP134-3.1-e BCP134-3.2-e: each fault that is planted in a Postfix is found, and a good one is not blamed',
  { skip: lacking('postfix', 'dovecot') },
  async () => {
    for (const { why, setup, found } of postfixFaults) {
      const { main = [], auth = [] } = setup;
      const postfix = await startPostfixPeer(await freePort(), [...postfixGood, ...main], auth);
      try {
        const report = await probed({
          ports: [{ port: postfix.port, kind: 'starttls' }],
          ...{
            name: 'localhost',
            domain: 'example.org',
            ca: readFileSync(postfix.certificate, 'utf8'),
            login,
          },
        });
        const ids = blamed(report).filter((one) => !POSTFIX_LEAVES.includes(one));
        assert.deepEqual(ids, [...found].sort(), `${why}: ${JSON.stringify(report.causes)}`);
      } finally {
        await postfix.stop();
      }
    }
  },
);
