// What `postern trace` is asked, from its arguments: words or a file, from when to when.

import { readFileSync, type Stats, statSync } from 'node:fs';
import type { FileQuestion } from '../audit/question.ts';
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

/** As the record spells it. */
function clientAddress(text: string): string {
  const family = isIP(text);
  if (family === 0)
    throw new CommandFailure(`--ip is an address such as 192.0.2.7 or 2001:db8::7, not "${text}"`, 2);
  // A zone, as link-local addresses have it, is kept as it is.
  if (family === 4 || text.includes('%')) return text;
  const canonical = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (mapped === null) return canonical;
  const octets = [mapped[1], mapped[2]].flatMap((group) => {
    const value = parseInt(group ?? '0', 16);
    return [Math.floor(value / 256), value % 256];
  });
  return octets.join('.');
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
