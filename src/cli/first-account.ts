// The first account of a new server, with an app password that is shown once.

import { withStore } from './context.ts';

export interface FirstAccount {
  readonly login: string;
  readonly password: string;
}

export function addFirstAccount(config: string, wanted: string): Promise<FirstAccount> {
  return withStore(
    { config },
    async ({ administration }) => {
      const account = { login: wanted, mailbox: true, allowReserved: false };
      const { login, appPassword = '' } = await administration().addAccount(account);
      return { login, password: appPassword };
    },
    { makes: true },
  );
}
