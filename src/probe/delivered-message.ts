// A message as it lies in a mailbox, read leniently: whoever stored it may have changed its line ends and put fields above it.

import { octetString } from '../base/bytes.ts';

export interface DeliveredField {
  readonly name: string;
  /** Unfolded, without blanks around it. */
  readonly value: string;
}

export interface DeliveredMessage {
  /** From the top, as far as they are fields. */
  readonly fields: readonly DeliveredField[];
  /** Line ends and what is empty at the end are those of the store: not told apart. */
  readonly lines: readonly string[];
}

/** Undefined: it is not there as a whole. */
export function readDelivered(bytes: Uint8Array): DeliveredMessage | undefined {
  const text = octetString(bytes).replaceAll('\r\n', '\n');
  const end = text.indexOf('\n\n');
  if (end < 0) return undefined;
  const fields = text
    .slice(0, end)
    .replaceAll(/\n[ \t]+/g, ' ')
    .split('\n')
    .flatMap((line): readonly DeliveredField[] => {
      const [, name, value = ''] = /^([!-9;-~]+):(.*)$/.exec(line) ?? [];
      return name === undefined ? [] : [{ name, value: value.trim() }];
    });
  return {
    fields,
    lines: text
      .slice(end + 2)
      .replace(/\n+$/, '')
      .split('\n'),
  };
}

export function fieldsNamed({ fields }: DeliveredMessage, name: string): readonly string[] {
  return fields.filter((field) => field.name.toLowerCase() === name.toLowerCase()).map(({ value }) => value);
}

/** A Received field by its clauses (RFC 5321 section 4.4); empty: it has none of that name. */
export interface Trace {
  readonly from: string;
  readonly by: string;
  readonly protocol: string;
  readonly id: string;
  readonly date: string;
  /** The whole field in one line. */
  readonly text: string;
}

/** Of the server to which it was submitted: each further one writes above it. */
export function firstTrace(message: DeliveredMessage): Trace | undefined {
  const text = fieldsNamed(message, 'received').at(-1);
  if (text === undefined) return undefined;
  const plain = withoutComments(text);
  const semicolon = plain.lastIndexOf(';');
  const clauses = semicolon < 0 ? plain : plain.slice(0, semicolon);
  const clause = (name: string): string =>
    new RegExp(`(?:^|\\s)${name}\\s+(\\S+)`, 'i').exec(clauses)?.[1] ?? '';
  return {
    ...{ from: clause('from'), by: clause('by'), protocol: clause('with'), id: clause('id'), text },
    date: semicolon < 0 ? '' : plain.slice(semicolon + 1).trim(),
  };
}

function withoutComments(text: string): string {
  let depth = 0;
  return text.replaceAll(/\\.|[()]|[^\\()]+|\\/gs, (piece) => {
    if (piece === '(') depth += 1;
    else if (piece === ')') depth = Math.max(0, depth - 1);
    else if (depth === 0) return piece;
    return ' ';
  });
}
