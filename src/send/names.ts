// Names without a domain, as programs on this host use them: who sends is the account of the configuration; who receives is an alias, or a name
// in our domain.

import { EX } from '../base/sysexits.ts';
import type { SendConfig } from './config.ts';
import type { Qualify } from './addresses.ts';
import { SendFailure } from './failure.ts';

export interface AddressBook {
  /** The account's address. Throws `SendFailure` EX_CONFIG if nothing tells it. */
  own(): string;
  /** A name without a domain is ours, whatever it is: `root` owns no mailbox elsewhere. */
  sender(name: string): string;
  /** Throws `SendFailure` EX_NOUSER. */
  readonly recipients: Qualify;
}

type Known = Pick<SendConfig, 'address' | 'login' | 'domain' | 'aliases' | 'unknownYet' | 'standIn'>;

/** What sendmail would take for an option, a file or a command; the next program on the way may be one that does. */
const noName = /^[-/|]/;

export function addressBook(
  { address, login, domain, aliases, unknownYet, standIn }: Known,
  here: { user(): string; readonly host: string },
): AddressBook {
  const account = address ?? (login?.includes('@') === true ? login : standIn);
  const ownDomain =
    domain ??
    account?.slice(account.lastIndexOf('@') + 1) ??
    (here.host.includes('.') ? here.host : undefined);

  function own(): string {
    if (account !== undefined) return account;
    // No guess: the server knows better. And programs take a lasting error for the end of their mail.
    if (unknownYet !== undefined) throw new SendFailure(EX.TEMPFAIL, unknownYet);
    if (ownDomain !== undefined) return `${here.user()}@${ownDomain}`;
    throw new SendFailure(
      EX.CONFIG,
      'nothing says who sends this: set `address` in ~/.config/postern/send.yaml, or use -f',
    );
  }

  return {
    own,
    sender: (name) => (name.includes('@') ? name : own()),
    recipients(name) {
      const isBare = !name.includes('@');
      const alias = aliases.get(name.toLowerCase()) ?? (isBare ? aliases.get('*') : undefined);
      if (alias !== undefined) return alias;
      if (!isBare) return [name];
      if (noName.test(name))
        throw new SendFailure(
          EX.NOUSER,
          `${name} is no name of a mailbox, and no options, files or commands are taken as recipients: if it is one, write its whole address`,
        );
      if (ownDomain !== undefined) return [`${name}@${ownDomain}`];
      throw new SendFailure(EX.NOUSER, `${name} has no address: name it in \`aliases\`, or set \`domain\``);
    },
  };
}
