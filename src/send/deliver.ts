// A message on its way through `postern send`: arguments, configuration and standard input become a message with its envelope, which is submitted.

import { EX, type SysExit } from '../base/sysexits.ts';
import { systemClock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { distinctMailboxes } from '../protocol/wire/mailbox.ts';
import { readAddresses } from './addresses.ts';
import type { SendArguments } from './arguments.ts';
import { type Environment, loadSendConfig, type SendConfig } from './config.ts';
import { readInput } from './input.ts';
import { compose } from './message.ts';
import type { Carrier, Outgoing, SendResult } from './outgoing.ts';
import { openCarrier, ownBook, spoolOf, withOwnAddressOrStandIn } from './parts.ts';
import { SendFailure } from './failure.ts';

/** As many as an envelope of the client may have; what is put into the queue must be fit to be sent. */
export const RECIPIENTS_MAX = 10_000;

export type Tell = (line: string) => void;

/** Rejects with `SendFailure`. */
export async function deliver(given: SendArguments, environment: Environment, tell: Tell): Promise<SysExit> {
  const loaded = await loadSendConfig(given.config, environment);
  if (given.recipients.length === 0 && !given.recipientsFromHeader)
    throw new SendFailure(EX.USAGE, 'no recipient: name one, or use -t (--help shows how)');
  // A sender that is given whole needs no account.
  const isOwn = given.sender?.includes('@') !== true;
  const config = isOwn ? await withOwnAddressOrStandIn(loaded, environment, given.queue) : loaded;
  const outgoing = await readOutgoing(given, config);
  if (given.queue || config.queue === 'always') {
    await putOff(outgoing, config, environment);
    return EX.OK;
  }
  const carrier = await openCarrier(config, environment, given.verbose);
  try {
    return conclude(await carryOrPutOff(outgoing, carrier, config, environment), given.recipients, tell);
  } finally {
    await carrier.close();
  }
}

/** What can't be sent now goes into the queue, if there is one. */
export async function carryOrPutOff(
  outgoing: Outgoing,
  carrier: Carrier,
  config: SendConfig,
  environment: Environment,
): Promise<SendResult> {
  const verdict = await carrier.carry(outgoing);
  const later = verdict.left.filter(({ again }) => again === 'yes').map(({ forwardPath }) => forwardPath);
  if (config.queue === 'off' || later.length === 0) return verdict;
  await putOff({ ...outgoing, recipients: later }, config, environment);
  const left = verdict.left.filter(({ again }) => again !== 'yes');
  return { ...verdict, left, accepted: verdict.accepted + later.length };
}

export async function putOff(
  outgoing: Outgoing,
  config: SendConfig,
  environment: Environment,
): Promise<void> {
  await (await spoolOf(config, environment)).add(outgoing);
}

async function readOutgoing(given: SendArguments, config: SendConfig): Promise<Outgoing> {
  const { notify, ret, envelopeId, dotIsText } = given;
  const book = ownBook(config);
  const reversePath = given.sender === undefined ? book.own() : senderOf(given.sender, book.sender);
  const named = given.recipients.flatMap((one) => readAddresses('recipient', one, book.recipients).addresses);
  const input = await readInput(process.stdin, { octetsMax: config.sizeMax, dotIsText });
  const { content, headerRecipients } = compose(input, {
    ...{ dotIsText, recipientsFromHeader: given.recipientsFromHeader },
    fullName: given.fullName ?? config.name,
    author: reversePath === '' ? book.own() : reversePath,
    now: systemClock.now(),
    random: (length) => systemEntropy().bytes(length),
    ...{ sender: book.sender, recipients: book.recipients },
  });
  const recipients = distinctMailboxes(given.recipientsFromHeader ? [...named, ...headerRecipients] : named);
  if (recipients.length === 0)
    throw new SendFailure(
      EX.DATAERR,
      'no recipient in To, Cc or Bcc, or in their Resent- forms if there are Resent- fields',
    );
  if (recipients.length > RECIPIENTS_MAX)
    throw new SendFailure(
      EX.DATAERR,
      `${recipients.length} recipients, the limit is ${RECIPIENTS_MAX}: send it several times, to some of them each`,
    );
  return {
    ...{ reversePath, recipients, content },
    ...(notify === undefined ? {} : { notify }),
    ...(ret === undefined ? {} : { ret }),
    ...(envelopeId === undefined ? {} : { envelopeId }),
    ...(config.standIn === undefined ? {} : { standIn: config.standIn }),
  };
}

function senderOf(text: string, qualify: (name: string) => string): string {
  if (text === '') return '';
  const [only = '', ...others] = readAddresses('sender', text, (name) => [qualify(name)]).addresses;
  if (others.length > 0) throw new SendFailure(EX.USAGE, 'more than one sender');
  return only;
}

/**
 * What was accepted for some must not be sent to them again by whoever called: then it is no EX_TEMPFAIL. `named`: the recipients as they were given,
 * of which a bare name may have become an address that nobody has.
 */
function conclude(
  { left, accepted, code, message }: SendResult,
  named: readonly string[],
  tell: Tell,
): SysExit {
  const [first] = left;
  if (first === undefined) return EX.OK;
  for (const { forwardPath, problem, code: why } of left) {
    // What is said of the whole message is not said of each; a mailbox that nobody has is named.
    if (accepted === 0 && why !== EX.NOUSER && message.includes(problem)) continue;
    tell(`${forwardPath}: ${problem}`);
    const name = why === EX.NOUSER ? named.find((one) => isBareFor(one, forwardPath)) : undefined;
    if (name !== undefined)
      tell(
        `${name} is no mailbox: say who gets its mail in send.yaml, such as \`aliases: { ${name}: you@${domainOf(forwardPath)} }\``,
      );
  }
  tell(message);
  if (accepted === 0) return code;
  const lasting = left.find(({ again }) => again === 'no') ?? first;
  return lasting.code === EX.TEMPFAIL ? EX.UNAVAILABLE : lasting.code;
}

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1);

const isBareFor = (name: string, address: string): boolean =>
  !name.includes('@') && address === `${name}@${domainOf(address)}`;
