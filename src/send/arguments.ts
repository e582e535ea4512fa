// The command line of sendmail as programs use it (cron, git send-email, mail, PHP, mutt), and our own long options. Called by the name
// `sendmail` only the former are known: arguments that a program passes on from strangers (`-f` of PHP's mail()) reach nothing but the envelope.

import { safe } from '../base/safe-text.ts';
import { EX } from '../base/sysexits.ts';
import type { NotifyCondition } from '../protocol/envelope.ts';
import { nearest } from '../config/nearest.ts';
import { SendFailure } from './failure.ts';

export interface SendArguments {
  /** `smtp`: messages come as SMTP on standard input. */
  readonly mode: 'deliver' | 'smtp' | 'list' | 'flush' | 'remove' | 'help';
  /** `-t`: recipients are those of the header, beside those of the command line. */
  readonly recipientsFromHeader: boolean;
  /** `-i`: a line with a dot alone is text. */
  readonly dotIsText: boolean;
  readonly sender?: string;
  readonly fullName?: string;
  readonly notify?: readonly NotifyCondition[];
  readonly ret?: 'FULL' | 'HDRS';
  readonly envelopeId?: string;
  readonly verbose: boolean;
  readonly queue: boolean;
  /** For `list`. */
  readonly json: boolean;
  readonly config?: string;
  readonly recipients: readonly string[];
}

type Draft = { -readonly [Key in keyof SendArguments]: SendArguments[Key] } & { recipients: string[] };

const ARGUMENTS_MAX = 20_000;

/** Options of sendmail with an argument, attached or following; those that are not named below are ignored. */
const withArgument = 'ABCDFLNORVXbefhopr';
/** An argument may be attached, and never follows. */
const withAttached = 'dqI';
const flags = 'GUcimnstv';
const longOptions = ['--queue', '--flush', '--list', '--remove', '--json', '--config', '--verbose', '--help'];

/** Throws `SendFailure` EX_USAGE. */
export function readArguments(given: readonly string[], calledAs: 'postern' | 'sendmail'): SendArguments {
  if (given.length > ARGUMENTS_MAX) throw usage(`more than ${ARGUMENTS_MAX} arguments`);
  const draft: Draft = {
    mode: 'deliver',
    ...{
      recipientsFromHeader: false,
      dotIsText: false,
      verbose: false,
      queue: false,
      json: false,
      recipients: [],
    },
  };
  const rest = [...given].reverse();
  for (let one = rest.pop(); one !== undefined; one = rest.pop()) {
    if (one === '--') {
      draft.recipients.push(...rest.toReversed());
      break;
    }
    if (one.startsWith('--')) longOption(draft, one, rest, calledAs);
    else if (one.startsWith('-') && one !== '-') shortOptions(draft, one, rest, calledAs);
    else draft.recipients.push(one);
  }
  return draft;
}

function usage(message: string): SendFailure {
  // It may hold words of a stranger, and is one line.
  return new SendFailure(EX.USAGE, `${safe(message)} (--help shows how)`);
}

function shortOptions(draft: Draft, text: string, rest: string[], calledAs: 'postern' | 'sendmail'): void {
  for (let at = 1; at < text.length; at += 1) {
    const letter = text.charAt(at);
    const attached = text.slice(at + 1);
    if (withArgument.includes(letter)) {
      const argument = attached === '' ? rest.pop() : attached;
      if (argument === undefined) throw usage(`-${letter} needs an argument`);
      return takeArgument(draft, letter, argument, calledAs);
    }
    if (withAttached.includes(letter)) {
      if (letter === 'q') draft.mode = 'flush';
      return;
    }
    if (!flags.includes(letter)) throw usage(`there is no option -${letter}`);
    if (letter === 't') draft.recipientsFromHeader = true;
    else if (letter === 'i') draft.dotIsText = true;
    else if (letter === 'v') draft.verbose = true;
  }
}

function takeArgument(
  draft: Draft,
  letter: string,
  argument: string,
  calledAs: 'postern' | 'sendmail',
): void {
  switch (letter) {
    case 'f':
    case 'r':
      draft.sender = argument === '<>' ? '' : argument.replace(/^<(.*)>$/s, '$1');
      return;
    case 'F':
      draft.fullName = argument;
      return;
    case 'o':
      if (argument === 'i') draft.dotIsText = true;
      return;
    case 'O':
      if (/^IgnoreDots(?:=(?:true)?)?$/i.test(argument)) draft.dotIsText = true;
      return;
    case 'N':
      draft.notify = notifyOf(argument);
      return;
    case 'R':
      draft.ret = retOf(argument);
      return;
    case 'V':
      draft.envelopeId = envelopeIdOf(argument);
      return;
    case 'C':
      if (calledAs === 'postern') draft.config = argument;
      return;
    case 'b':
      draft.mode = modeOf(argument);
  }
}

const modes: Readonly<Record<string, SendArguments['mode']>> = { m: 'deliver', s: 'smtp', p: 'list' };

function modeOf(argument: string): SendArguments['mode'] {
  const mode = Object.hasOwn(modes, argument) ? modes[argument] : undefined;
  if (mode !== undefined) return mode;
  throw usage(
    `-b${argument.slice(0, 20)} is not supported: this is no mail server: only -bm (send), -bs (SMTP on standard input) and -bp (list the queue) are here`,
  );
}

/** RFC 3461 section 4.4. */
function envelopeIdOf(argument: string): string {
  if (/^[\x20-\x7e]{1,100}$/.test(argument)) return argument;
  throw usage('-V takes 1 to 100 printable ASCII characters');
}

const conditions: readonly NotifyCondition[] = ['NEVER', 'SUCCESS', 'FAILURE', 'DELAY'];

function notifyOf(argument: string): readonly NotifyCondition[] {
  const read = argument.split(',').map((word) => {
    const condition = conditions.find((known) => known === word.trim().toUpperCase());
    if (condition === undefined)
      throw usage('-N takes never, or some of success, failure and delay with commas');
    return condition;
  });
  if (read.includes('NEVER') && read.length > 1) throw usage('-N never stands alone');
  return [...new Set(read)];
}

function retOf(argument: string): 'FULL' | 'HDRS' {
  const word = argument.toUpperCase();
  if (word === 'FULL' || word === 'HDRS') return word;
  throw usage('-R takes full or hdrs');
}

function longOption(draft: Draft, text: string, rest: string[], calledAs: 'postern' | 'sendmail'): void {
  const [name = '', ...values] = text.split('=');
  if (!longOptions.includes(name) || (calledAs === 'sendmail' && name !== '--help')) {
    const near = calledAs === 'sendmail' ? undefined : nearest(name, longOptions);
    throw usage(
      `there is no option ${name.slice(0, 40)}${near === undefined ? '' : `: did you mean ${near}?`}`,
    );
  }
  if (name === '--config') {
    const argument = values.length > 0 ? values.join('=') : rest.pop();
    if (argument === undefined || argument === '') throw usage('--config needs a file');
    draft.config = argument;
    return;
  }
  if (values.length > 0) throw usage(`${name} takes no value`);
  if (name === '--queue') draft.queue = true;
  else if (name === '--json') draft.json = true;
  else if (name === '--verbose') draft.verbose = true;
  else if (name === '--flush') draft.mode = 'flush';
  else if (name === '--list') draft.mode = 'list';
  else if (name === '--remove') draft.mode = 'remove';
  else draft.mode = 'help';
}
