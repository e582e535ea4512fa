// Faults between the end of data and the 250, and where a program of the host hands in its mail.

import type { Fault } from './fault.ts';

const submit = { file: 'src/submission/submit.ts', tests: ['src/submission/submit'] };
const submitClient = { file: 'src/http/submit-client.ts', tests: ['src/http/submit-client'] };
const accept = { file: 'src/submission/accept.ts', tests: ['src/submission'] };

export const submissionFaults: readonly Fault[] = [
  {
    file: 'src/send/names.ts',
    tests: ['src/send/local'],
    why: 'the sender is guessed by the name of the host while its server is stopped',
    from: '    if (unknownYet !== undefined) throw new SendFailure(EX.TEMPFAIL, unknownYet);\n',
    to: '',
  },
  {
    file: 'src/send/stand-in.ts',
    tests: ['src/send/queue'],
    why: 'a recipient whose domain was not known gets a second copy',
    from: 'distinctMailboxes(recipients.map(put))',
    to: 'recipients.map(put)',
  },
  {
    file: 'src/send/stand-in.ts',
    tests: ['src/send/queue'],
    why: 'what stood for the domain of the account leaves with the message',
    from: '.replaceAll(domainOf(standIn), () => domainOf(address))',
    to: '',
  },
  {
    file: 'src/server/bound-account.ts',
    tests: ['src/server/local'],
    why: 'a removed account still counts for the users of the host that are bound to it',
    from: "identity !== undefined && identity.state !== 'removed'",
    to: 'identity !== undefined',
  },
  {
    ...submit,
    why: 'a suspension between MAIL and the end of data does not bite',
    from: "if (identityStatus.state !== 'active') {",
    to: 'if (false) {',
  },
  {
    ...submit,
    why: 'rights lost between MAIL and the end of data still count',
    from: 'return refusedNow === undefined ? ok(door) : err(refusedNow.refusal);',
    to: 'return ok(door);',
  },
  {
    ...submit,
    why: 'an acceptance that nobody heard of stands',
    from: '      this.#takeBack(change);\n      throw error;',
    to: '      this.#unknown = true;\n      throw error;',
  },
  {
    ...submit,
    why: 'an acceptance after the client was told to try again stands',
    from: '      this.#takeBack(change);\n      return refused(tooLate());',
    to: '      this.#unknown = true;\n      return refused(tooLate());',
  },
  {
    ...submit,
    why: 'what is accepted for a suspended identity leaves from memory',
    from: 'if (pieces === undefined || owner === undefined || outcome.held === true) releaseLease(context, change);',
    to: 'if (pieces === undefined || owner === undefined) releaseLease(context, change);',
  },
  {
    ...accept,
    why: 'nothing is charged',
    from: "            charge: { at: now, recipients: recipients.length, nullSender: envelope.reversePath === '' },",
    to: '            charge: { at: now, recipients: 0, nullSender: false },',
  },
  {
    file: 'src/policy/sending-limits.ts',
    tests: ['src/policy/sending-limits'],
    why: "an identity's own limit does not count",
    from: 'const value = own[name] ?? configured[name];',
    to: 'const value = configured[name] ?? own[name];',
  },
  {
    ...accept,
    why: 'the identity is missing in the event',
    from: '      payload: acceptedPayload(input, until),\n      ...(identityId === undefined ? {} : { identityId }),',
    to: '      payload: acceptedPayload(input, until),',
  },
  {
    ...accept,
    why: 'the record does not say which rule let the message pass',
    from: 'rule: prepared.rule,',
    to: "rule: '',",
  },
  {
    ...accept,
    why: 'a null sender is not charged as one',
    from: "nullSender: envelope.reversePath === ''",
    to: 'nullSender: false',
  },
  {
    ...accept,
    why: 'the record does not hold the hash of the body',
    from: 'bodyHash: body.hash,',
    to: "bodyHash: '',",
  },
  {
    ...accept,
    why: 'a message that is not relayed from memory is accepted without a lease',
    from: '    owner: context.holder.owner,\n',
    to: '    ...(input.fromMemory ? { owner: context.holder.owner } : {}),\n',
  },
  {
    ...accept,
    why: 'a message that is not relayed from memory counts as tried',
    from: '...(input.fromMemory ? {} : { untried: true }),',
    to: '',
  },
  {
    file: 'src/platform/until-done.ts',
    tests: ['src/submission/submit'],
    why: 'taking back is asked once only',
    from: 'if (isDone) return;',
    to: 'if (isDone || !again) return;',
  },
  {
    ...accept,
    why: 'what is taken back stays in the queue',
    from: "{ type: 'withdraw', messageId, owner, now: context.clock.now(), by }",
    to: '...(by === owner ? [] : [freeChange(context, change)])',
  },
  {
    ...submitClient,
    why: 'a message is handed in before it is proven who we are',
    from: "return await post('/address', []);",
    to: 'return answer;',
  },
  {
    ...submitClient,
    why: 'a connection that is cut before it is proven who we are is not tried again',
    from: 'if (!isCutOff(error)) throw error;',
    to: 'throw error;',
  },
  {
    ...submitClient,
    why: 'a message that may have arrived counts as not handed in',
    from: "throw isNotConnected(error) ? error : new MayBeHandedIn('the connection broke', { cause: error });",
    to: 'throw error;',
  },
];
