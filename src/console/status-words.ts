// What an enhanced status code (RFC 3463, RFC 7505) means to somebody who sent a mail, as the end of a sentence: the server of others says it in its own words beside.

const meanings: Readonly<Record<string, string>> = {
  '1.1': 'this address does not exist',
  '1.2': 'its domain does not exist or takes no mail',
  '1.3': 'the address is not written as addresses are',
  '1.6': 'the mailbox has moved',
  '1.10': 'its domain takes no mail',
  '2.1': 'the mailbox is switched off',
  '2.2': 'the mailbox is full',
  '2.3': 'the message is too large for this mailbox',
  '3.4': 'the message is too large for that server',
  '4.1': 'the server does not answer',
  '4.2': 'the connection broke',
  '4.3': 'the way there could not be found',
  '4.4': 'the way there could not be found',
  '4.7': 'it took too long',
  '7.1': 'the other server does not take it from you',
};

const ofSubject: Readonly<Record<string, string>> = {
  '1': 'the other server does not know the address',
  '2': 'the mailbox takes nothing now',
  '3': 'the other server can not take it',
  '4': 'the other server could not be reached',
  '5': 'the other server did not understand ours',
  '6': 'the other server can not take this content',
  '7': 'the other server does not want it',
};

/** What sounds final is not, in a reply that asks to come again: greylisting says "no such mailbox" and "not from you", too. */
const PUT_OFF = 'the other server put it off';
const staysTrue: ReadonlySet<string> = new Set(['2.2']);

/** Of this server, or of the connection: as true for now as for good. */
const ownSubjects: ReadonlySet<string> = new Set(['4', '5']);

/** Undefined: it says no more than that it went wrong. */
export function statusMeaning(status: string): string | undefined {
  const [, kind, subject = '', detail = ''] = /^([245])\.(\d{1,3})\.(\d{1,3})$/.exec(status) ?? [];
  const code = `${subject}.${detail}`;
  const meaning = meanings[code] ?? ofSubject[subject];
  const isForNow = kind === '4' && !ownSubjects.has(subject) && !staysTrue.has(code);
  return isForNow && meaning !== undefined ? PUT_OFF : meaning;
}
