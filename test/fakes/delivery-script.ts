// The client side of a connection without I/O, told line by line what a server says.

import type { Envelope, EnvelopeRecipient } from '../../src/protocol/envelope.ts';
import type {
  DeliveryOutput,
  DeliverySettings,
  DeliveryTransaction,
  RecipientResult,
} from '../../src/protocol/delivery/ports.ts';
import { createDeliverySession } from '../../src/protocol/delivery/session.ts';

export const smtp: DeliverySettings = { protocol: 'smtp', hostname: 'msa.example.org', tls: 'opportunistic' };
export const ALL = 'PIPELINING,SIZE 1000000,8BITMIME,SMTPUTF8,DSN,ENHANCEDSTATUSCODES';

export class Script {
  readonly session;
  sent = '';
  outputs: DeliveryOutput[] = [];
  now = 0;

  constructor(settings: DeliverySettings) {
    this.session = createDeliverySession(settings, 0);
  }

  #keep(outputs: readonly DeliveryOutput[]): this {
    for (const output of outputs)
      if (output.type === 'send') this.sent += Buffer.from(output.bytes).toString();
    this.outputs.push(...outputs);
    return this;
  }

  server(...lines: readonly string[]): this {
    return this.octets(lines.map((line) => `${line}\r\n`).join(''));
  }

  /** As they come, wherever they were cut. */
  octets(text: string): this {
    return this.input({ type: 'bytes', bytes: Buffer.from(text) });
  }

  hello(capabilities: string): this {
    return this.server(
      `250-far.example\r\n${capabilities
        .split(',')
        .map((word, at, all) => `250${at === all.length - 1 ? ' ' : '-'}${word}`)
        .join('\r\n')}`,
    );
  }

  input(input: Parameters<typeof this.session.receive>[0]): this {
    return this.#keep(this.session.receive(input, this.now));
  }

  deliver(transaction: DeliveryTransaction): this {
    this.sent = '';
    return this.input({ type: 'transaction', transaction });
  }

  get types(): readonly string[] {
    return this.outputs.map(({ type }) => type);
  }

  /** Of each transaction that has ended, e.g. `accepted 250`; `lost` in front: its final reply never came. */
  get fates(): readonly string[] {
    return this.outputs.flatMap((output) =>
      output.type === 'result'
        ? [`${output.replyLost ? 'lost ' : ''}${output.results.map(brief).join(', ')}`]
        : [],
    );
  }

  get results(): readonly RecipientResult[] {
    const last = this.outputs.findLast(({ type }) => type === 'result');
    return last?.type === 'result' ? last.results : [];
  }
}

export function transaction(
  recipients: readonly (string | EnvelopeRecipient)[],
  more: Partial<Envelope> = {},
  content: Partial<DeliveryTransaction> = {},
): DeliveryTransaction {
  const all = recipients.map((one) => (typeof one === 'string' ? { forwardPath: one } : one));
  const envelope = {
    reversePath: 'alice@example.org',
    body: '7BIT',
    smtputf8: false,
    ...more,
    recipients: all,
  } as const;
  return { envelope, octets: 500, headerUtf8: false, body8bit: false, ...content };
}

export const brief = (result: RecipientResult): string =>
  result.type === 'undecided' ? `undecided ${result.status}` : `${result.type} ${result.reply.code}`;
