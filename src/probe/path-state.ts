// What a look at a port says about the way there (RFC 5068 section 4.1): each state told apart, with its reason in a sentence. Pure.
//
// A single look can't know who dropped a packet. What it can know is compared: with the other family and the other port, with a
// control connection, and with what the owner of the server says should be there.

import { codeOf, told } from './answer.ts';
import type { Hello } from './conversation.ts';
import { certificateOf, type Survey } from './survey.ts';
import type { Expectation } from './target.ts';

export type PathState =
  | 'open'
  | 'refused'
  | 'filtered'
  | 'unreachable'
  | 'no-address'
  | 'no-network'
  | 'silent'
  | 'closed-before-greeting'
  | 'reset-after-greeting'
  | 'server-refuses'
  | 'not-smtp'
  | 'rewritten'
  | 'starttls-stripped'
  | 'no-starttls'
  | 'auth-stripped'
  | 'tls-broken'
  | 'intercepted';

/** `blocked`: the network, or a firewall on the way, is in the way of mail submission. `unknown`: this look can't tell. */
export type PathVerdict = 'free' | 'blocked' | 'unknown' | 'none';

export interface PathReport {
  readonly port: number;
  readonly kind: Survey['port']['kind'];
  readonly family: 4 | 6;
  readonly address?: string;
  readonly state: PathState;
  readonly verdict: PathVerdict;
  /** One or two sentences. */
  readonly because: string;
  readonly greeting?: string;
  /** SHA-256, lower-case hex. */
  readonly certificate?: string;
}

export interface PathContext {
  /** The control connection of the same family got through; undefined: there was none. */
  readonly controlWorks: boolean | undefined;
  /** The other looks of the same run. */
  readonly others: readonly Survey[];
  readonly expected: Expectation;
}

type Judgement = readonly [state: PathState, verdict: PathVerdict, because: string];

export function judgePath(found: Survey, context: PathContext): PathReport {
  const [state, verdict, because] = judge(found, context);
  const { greeting, port, family, at } = found;
  const certificate = certificateOf(found)?.fingerprint;
  return {
    ...{ port: port.port, kind: port.kind, family, state, verdict, because },
    ...(at === undefined ? {} : { address: at.address }),
    ...(greeting?.type === 'reply' ? { greeting: told(greeting) } : {}),
    ...(certificate === undefined ? {} : { certificate }),
  };
}

function judge(found: Survey, context: PathContext): Judgement {
  return (
    unreached(found, context) ??
    rewritten(found) ??
    unlikeExpected(found, context.expected) ??
    unlikeOthers(found, context.others) ??
    spoken(found, context) ?? ['open', 'free', openBecause(found)]
  );
}

function unreached(
  { reach, reachDetail, family, port }: Survey,
  context: PathContext,
): Judgement | undefined {
  const { controlWorks } = context;
  switch (reach) {
    case 'open':
      return undefined;
    case 'noAddress':
      return ['no-address', 'none', `The host has no IPv${family} address.`];
    case 'refused':
      return [
        'refused',
        'unknown',
        `Port ${port.port} answered with a refusal (${reachDetail}): nothing listens there, or a firewall rejects it.`,
      ];
    case 'unreachable':
      return controlWorks === true
        ? [
            'unreachable',
            'blocked',
            `A router or this machine refuses the way to port ${port.port} (${reachDetail}), while the control connection works.`,
          ]
        : ['no-network', 'unknown', `This machine has no way there over IPv${family} (${reachDetail}).`];
    case 'filtered':
      if (controlWorks === true)
        return [
          'filtered',
          'blocked',
          `Port ${port.port} does not answer (${reachDetail}), while the control connection works: a firewall drops it, in this network, on the way or at the server.`,
        ];
      return controlWorks === false
        ? [
            'no-network',
            'unknown',
            `Neither port ${port.port} nor the control connection answers (${reachDetail}): this says nothing about the port.`,
          ]
        : [
            'filtered',
            'unknown',
            `Port ${port.port} does not answer (${reachDetail}); there is no control connection to compare with (--control HOST).`,
          ];
  }
}

/** Middleboxes overwrite what they don't know with X, e.g. `250-XXXXXXXA` or a greeting of asterisks. */
function rewritten({ greeting, clear }: Survey): Judgement | undefined {
  const lines = [
    ...(greeting?.type === 'reply' ? greeting.reply.lines : []),
    ...(typeof clear === 'object' ? clear.reply.lines : []),
  ];
  const odd = lines.find((line) => /X{5,}|\*{6,}/.test(line));
  return odd === undefined
    ? undefined
    : [
        'rewritten',
        'blocked',
        `Something on the way overwrites replies: "${odd.slice(0, 60)}". It hides STARTTLS or other extensions from clients.`,
      ];
}

function unlikeExpected(found: Survey, expected: Expectation): Judgement | undefined {
  const seen = certificateOf(found);
  if (
    expected.certificates !== undefined &&
    seen !== undefined &&
    !expected.certificates.includes(seen.fingerprint)
  )
    return [
      'intercepted',
      'blocked',
      `The certificate is another than expected: seen SHA-256 ${seen.fingerprint}, expected ${expected.certificates.join(' or ')}.`,
    ];
  const name = greetingName(found);
  if (expected.name !== undefined && name !== undefined && name.toLowerCase() !== expected.name.toLowerCase())
    return [
      'intercepted',
      'blocked',
      `The greeting names ${name}, expected was ${expected.name}: the connection does not end where it should.`,
    ];
  const list = found.port.kind === 'implicit' ? found.inside : found.clear;
  if (expected.ehlo === undefined || typeof list !== 'object') return undefined;
  const missing = expected.ehlo.filter((keyword) => !list.capabilities.has(keyword.toUpperCase()));
  if (missing.length === 0) return undefined;
  const state = missing.includes('STARTTLS')
    ? 'starttls-stripped'
    : missing.includes('AUTH')
      ? 'auth-stripped'
      : 'intercepted';
  return [
    state,
    'blocked',
    `The EHLO answer lacks ${missing.join(', ')}, which the server is expected to offer.`,
  ];
}

export function greetingName({ greeting }: Survey): string | undefined {
  const [name] = greeting?.type === 'reply' ? (greeting.reply.lines[0] ?? '').split(' ') : [];
  return name === '' ? undefined : name;
}

/** One way leads to a valid certificate, the other to a wrong one: they don't end at the same server. */
function unlikeOthers(found: Survey, others: readonly Survey[]): Judgement | undefined {
  const mine = found.handshake;
  if (mine?.type !== 'secured' || mine.problem === undefined || found.port.kind === 'mx') return undefined;
  const good = others.find(
    (other) =>
      other.handshake?.type === 'secured' &&
      other.handshake.problem === undefined &&
      other.port.kind !== 'mx',
  );
  const theirs = good === undefined ? undefined : certificateOf(good);
  if (good === undefined || theirs === undefined) return undefined;
  return [
    'intercepted',
    'blocked',
    `The certificate here is not valid for the server (${mine.problem}, SHA-256 ${mine.certificate.fingerprint}), while port ${good.port.port} over IPv${good.family} shows a valid one (${theirs.fingerprint}): somebody else answers here.`,
  ];
}

/** It was reached: how far did the talk get? */
function spoken(found: Survey, context: PathContext): Judgement | undefined {
  const { greeting, handshake, port, clear } = found;
  if (handshake?.type === 'failed')
    return [
      'tls-broken',
      'unknown',
      `Port ${port.port}: ${brokenTls(handshake.code, handshake.detail, port.kind)}`,
    ];
  if (greeting === undefined || greeting.type === 'silent')
    return [
      'silent',
      'unknown',
      'The connection stands, but no greeting comes: a proxy that can not reach the server, or a server that hangs.',
    ];
  if (greeting.type === 'closed')
    return [
      'closed-before-greeting',
      'unknown',
      `The connection is cut before any greeting (${greeting.because}).`,
    ];
  if (greeting.type === 'garbage')
    return ['not-smtp', 'unknown', `What answers is no SMTP server: ${greeting.because}.`];
  if (codeOf(greeting) !== 220)
    return [
      'server-refuses',
      'unknown',
      `The server does not want to talk to this address: ${told(greeting)}.`,
    ];
  const list = port.kind === 'implicit' ? found.inside : clear;
  if (typeof list === 'string')
    return /ended|closed|ECONN/.test(list)
      ? [
          'reset-after-greeting',
          'blocked',
          `The greeting came, then the connection was cut (${list}): something on the way looks into the session.`,
        ]
      : ['not-smtp', 'unknown', `There is no valid answer to EHLO: ${list}.`];
  return port.kind === 'starttls' && typeof clear === 'object'
    ? withoutStartTls(found, clear, context)
    : undefined;
}

function brokenTls(code: string, detail: string, kind: Survey['port']['kind']): string {
  if (code === 'ETIMEDOUT') return 'the TLS handshake hangs.';
  if (
    /WRONG_VERSION|PACKET_LENGTH|NOT_SSL|HTTP_REQUEST|RECORD/i.test(`${code} ${detail}`.replaceAll(' ', '_'))
  )
    return kind === 'implicit'
      ? `what answers speaks no TLS (${detail}): the port does not begin with TLS, or something else stands there.`
      : `after STARTTLS comes something else than TLS (${detail}).`;
  return `the TLS handshake fails (${detail}).`;
}

/** It is taken although it is not offered: then somebody took the offer out. */
function withoutStartTls(found: Survey, clear: Hello, { others }: PathContext): Judgement | undefined {
  if (clear.capabilities.has('STARTTLS')) return undefined;
  if (found.startTls !== undefined && codeOf(found.startTls) === 220)
    return [
      'starttls-stripped',
      'blocked',
      'STARTTLS is missing in the EHLO answer, but the server takes it: something on the way removes the offer.',
    ];
  const elsewhere = others.find(
    (other) =>
      other.port.port === found.port.port &&
      typeof other.clear === 'object' &&
      other.clear.capabilities.has('STARTTLS'),
  );
  if (elsewhere !== undefined)
    return [
      'starttls-stripped',
      'blocked',
      `STARTTLS is not offered here, but over IPv${elsewhere.family} it is: something on the way removes it.`,
    ];
  return [
    'no-starttls',
    'unknown',
    'STARTTLS is not offered. Either the server has none, or something on the way removes it and blocks it: `--expect ehlo=STARTTLS`, or a run from another network, tells.',
  ];
}

function openBecause(found: Survey): string {
  const problem = found.handshake?.type === 'secured' ? found.handshake.problem : undefined;
  if (problem === undefined) return 'Reachable, and nothing looks tampered with.';
  return `Reachable, but the certificate is not valid (${problem}): a fault of the server, or somebody between; compare its fingerprint with the server's own (--expect certificate=SHA256).`;
}
