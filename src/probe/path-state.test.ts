// What a look at a port says about the way there: each state told apart, and what it is compared with.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helloOf, replied, secured, surveyOf } from '../../test/fakes/survey.ts';
import { judgePath, type PathContext, type PathState, type PathVerdict } from './path-state.ts';
import type { Survey } from './survey.ts';

const six = { at: { address: '2001:db8::1', family: 6 }, family: 6 } as const;
const noGreeting = {
  greeting: undefined,
  clear: undefined,
  startTls: undefined,
} as unknown as Partial<Survey>;

const vectors: readonly (readonly [
  why: string,
  found: Partial<Survey>,
  context: Partial<PathContext>,
  state: PathState,
  verdict: PathVerdict,
])[] = [
  ['as it should be', {}, {}, 'open', 'free'],
  ['no address of this family', { reach: 'noAddress' }, {}, 'no-address', 'none'],
  ['nobody listens, or a firewall rejects it', { reach: 'refused' }, {}, 'refused', 'unknown'],
  ['silence, and nothing to compare with', { reach: 'filtered' }, {}, 'filtered', 'unknown'],
  ['silence here alone', { reach: 'filtered' }, { controlWorks: true }, 'filtered', 'blocked'],
  ['silence everywhere', { reach: 'filtered' }, { controlWorks: false }, 'no-network', 'unknown'],
  ['a router says no', { reach: 'unreachable' }, { controlWorks: true }, 'unreachable', 'blocked'],
  ['no network at all', { reach: 'unreachable' }, { controlWorks: false }, 'no-network', 'unknown'],
  ['no greeting', { greeting: { type: 'silent' } }, {}, 'silent', 'unknown'],
  ['cut at once', { greeting: { type: 'closed', because: 'FIN' } }, {}, 'closed-before-greeting', 'unknown'],
  ['garbage', { greeting: { type: 'garbage', because: 'x' } }, {}, 'not-smtp', 'unknown'],
  ['it wants nobody', { greeting: replied('554 5.7.1 no') }, {}, 'server-refuses', 'unknown'],
  [
    'cut after the greeting',
    { clear: 'connection ended (ECONNRESET)' },
    {},
    'reset-after-greeting',
    'blocked',
  ],
  ['no answer to EHLO', { clear: '500 what?' }, {}, 'not-smtp', 'unknown'],
  ['a greeting of asterisks', { greeting: replied('220 ***********') }, {}, 'rewritten', 'blocked'],
  ['keywords of X', { clear: helloOf('XXXXXXXA') }, {}, 'rewritten', 'blocked'],
  ['STARTTLS taken, not offered', { clear: helloOf() }, {}, 'starttls-stripped', 'blocked'],
  [
    'STARTTLS offered over IPv6 alone',
    { clear: helloOf(), startTls: replied('502 what?') },
    { others: [surveyOf(six)] },
    'starttls-stripped',
    'blocked',
  ],
  [
    'no STARTTLS anywhere',
    { clear: helloOf(), startTls: replied('502 what?') },
    {},
    'no-starttls',
    'unknown',
  ],
  [
    'a handshake that fails',
    { handshake: { type: 'failed', code: 'ERR_SSL', detail: 'alert' } as never },
    {},
    'tls-broken',
    'unknown',
  ],
  ['another certificate than was said', {}, { expected: { certificates: ['bb'] } }, 'intercepted', 'blocked'],
  ['one of those that were said', {}, { expected: { certificates: ['bb', 'aa'] } }, 'open', 'free'],
  ['another name than was said', {}, { expected: { name: 'mx.example.org' } }, 'intercepted', 'blocked'],
  ['the name in other letters', {}, { expected: { name: 'MAIL.example.org' } }, 'open', 'free'],
  ['a keyword is gone', {}, { expected: { ehlo: ['starttls', 'AUTH'] } }, 'auth-stripped', 'blocked'],
  [
    'a wrong certificate here, a valid one there',
    { handshake: secured('cc', 'DEPTH_ZERO_SELF_SIGNED_CERT') },
    { others: [surveyOf(six)] },
    'intercepted',
    'blocked',
  ],
  [
    'a wrong certificate everywhere: a fault of the server',
    { handshake: secured('cc', 'DEPTH_ZERO_SELF_SIGNED_CERT') },
    { others: [surveyOf({ ...six, handshake: secured('cc', 'DEPTH_ZERO_SELF_SIGNED_CERT') })] },
    'open',
    'free',
  ],
  ['reached, and nothing was said', noGreeting, {}, 'silent', 'unknown'],
];

for (const [why, found, context, state, verdict] of vectors)
  test(`BCP134-4.1-a: ${why}: ${state}, ${verdict}`, () => {
    const told = judgePath(surveyOf(found), {
      controlWorks: undefined,
      others: [],
      expected: {},
      ...context,
    });
    assert.deepEqual([told.state, told.verdict], [state, verdict], told.because);
    assert.match(told.because, /^[A-Z][^\n]*\.$/, 'sentences');
  });

test('a path tells where it led, what greeted and by which certificate', () => {
  const told = judgePath(surveyOf(), { controlWorks: true, others: [], expected: {} });
  const { port, kind, family, address, greeting, certificate } = told;
  assert.deepEqual([port, kind, family, address, certificate], [587, 'starttls', 4, '192.0.2.1', 'aa']);
  assert.match(greeting ?? '', /mail\.example\.org ESMTP/);
});
