// The first account of a new server, with an app password that is shown once.

import { encodeBase32 } from '../base/base32.ts';
import { createAppPassword } from '../identity/app-password.ts';
import { addAppPassword } from '../identity/credential-changes.ts';
import { createIdentity } from '../identity/directory.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { withStore } from './context.ts';
import { credentialDetail, domainsOf, valueOf, writeIdentity } from './identities.ts';

export interface FirstAccount {
  readonly login: string;
  readonly password: string;
}

export async function addFirstAccount(config: string, wanted: string): Promise<FirstAccount> {
  const entropy = systemEntropy();
  return withStore(
    { config },
    async (context) => {
      const { now } = context;
      const id = encodeBase32(entropy.bytes(10)).toLowerCase();
      const rules = { domains: domainsOf(context) };
      const bare = valueOf(createIdentity({ id, login: wanted, mailbox: true, now }, rules));
      const made = createAppPassword({ label: 'first', now }, entropy);
      const identity = { ...valueOf(addAppPassword(bare, made.credential)), revision: 1 };
      await writeIdentity(context, identity, 0, 'add', credentialDetail(made.credential));
      return { login: identity.login, password: made.text };
    },
    { makes: true },
  );
}
