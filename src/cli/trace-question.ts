// What `postern trace` is asked, from its arguments: words or a file, from when to when.

import { readFileSync, type Stats, statSync } from 'node:fs';
import type { FileQuestion } from '../audit/question.ts';
import { canonicalIp } from '../base/address-network.ts';
import { isIP } from '../base/network.ts';
import type { EventRange } from '../store/lookups.ts';
import type { LookContext } from './context.ts';
import { CommandFailure } from './failure.ts';
import { momentOf } from './moment.ts';
import { wholeNumberFrom1 } from './number.ts';

const FILE_OCTETS_MAX = 64 * 1024 * 1024;

export interface RangeOptions {
  readonly since?: string;
  readonly until?: string;
  readonly ip?: string;
  readonly before?: string;
  readonly max: string;
}

export function rangeOf(options: RangeOptions, now: number): EventRange {
  const { since, until, ip, before } = options;
  return {
    max: wholeNumberFrom1(options.max, '--max'),
    ...(since === undefined ? {} : { since: momentOf(since, '--since', now) }),
    ...(until === undefined ? {} : { until: momentOf(until, '--until', now, true) }),
    ...(ip === undefined ? {} : { clientAddress: clientAddress(ip) }),
    ...(before === undefined ? {} : { after: before }),
  };
}

function clientAddress(text: string): string {
  if (isIP(text) === 0)
    throw new CommandFailure(`--ip is an address such as 192.0.2.7 or 2001:db8::7, not "${text}"`, 2);
  return canonicalIp(text);
}

/** Undefined: there is no such file, or it is none that can be read whole: it may be named as an account is. */
export async function fileQuestion(context: LookContext, what: string): Promise<FileQuestion | undefined> {
  const file = thingAt(what);
  if (file?.isFile() !== true) return undefined;
  if (file.size > FILE_OCTETS_MAX)
    throw new CommandFailure(`${what} is larger than ${FILE_OCTETS_MAX} octets`);
  const { questionOfMessage } = await import('../audit/question-of-message.ts');
  return questionOfMessage(readFileSync(what), await context.administration().ownHostname());
}

/** Throws `CommandFailure`: neither words to look for nor a file. */
export function namesNothing(what: string): never {
  throw new CommandFailure(
    `"${what}" is no id, label, Message-ID or address, there is no such account, and ${notThisFile(what)}`,
    2,
  );
}

/** A Message-ID may be longer than any name of a file. */
function thingAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENAMETOOLONG') return undefined;
    throw error;
  }
}

function notThisFile(path: string): string {
  const found = thingAt(path);
  if (found === undefined) return 'no such file';
  return found.isDirectory()
    ? 'of that name there is a directory: name a file in it'
    : 'of that name there is a pipe or a device: write the message to a file, and name that';
}
