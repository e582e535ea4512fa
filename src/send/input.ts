// The message as it comes on standard input: whole, within a limit, and up to a dot alone where that is its end.

import { reasonInWords } from '../base/failure-words.ts';
import { concat, indexOfBytes, utf8 } from '../base/bytes.ts';
import { EX } from '../base/sysexits.ts';
import { SendFailure } from './failure.ts';

const dots = ['\n.\n', '\n.\r\n'].map(utf8);
/** As long as the longest of these less one octet. */
const TAIL_OCTETS = 3;

/** Rejects with `SendFailure`. */
export async function readInput(
  input: AsyncIterable<Uint8Array>,
  { octetsMax, dotIsText }: { readonly octetsMax: number; readonly dotIsText: boolean },
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let octets = 0;
  let tail: Uint8Array = utf8('\n');
  try {
    for await (const part of input) {
      parts.push(part);
      octets += part.length;
      if (octets > octetsMax)
        throw new SendFailure(
          EX.DATAERR,
          `the message is larger than ${octetsMax} octets: \`sizeMax\` of the configuration says how much is taken`,
        );
      const joined = concat([tail, part]);
      if (!dotIsText && dots.some((dot) => indexOfBytes(joined, dot) >= 0)) break;
      tail = joined.subarray(-TAIL_OCTETS);
    }
  } catch (error) {
    if (error instanceof SendFailure) throw error;
    throw new SendFailure(EX.OSERR, `standard input: ${reasonInWords(error)}`);
  }
  return concat(parts);
}
