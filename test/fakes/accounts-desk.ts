// A console over accounts of two domains, and somebody in it in a role of his.

import type { SessionActor } from '../../src/console/sessions.ts';
import { acceptOf, identityChange, identityOf } from '../../src/store/store.contract-fixtures.ts';
import type { Identity } from '../../src/record/identity.ts';
import { type Office, openOffice } from './administration.ts';
import { idOf } from './api.ts';
import { openDesk } from './console.ts';

export const ADMIN = { who: 'root@example.org', role: 'admin' } as const;
export const DESK = { who: 'desk@example.org', role: 'desk' } as const;
export const DORA = { who: 'dora@example.org', role: 'domainAdmin', domains: ['example.org'] } as const;

export interface AccountsDesk {
  readonly office: Office;
  readonly faults: readonly unknown[];
  get(path: string): Promise<Response>;
  page(path: string): Promise<string>;
  act(path: string, form: Readonly<Record<string, string>>): Promise<Response>;
}

/** `mail`: of these logins a message each. */
export async function openAccountsDesk(
  actor: Omit<SessionActor, 'through'> = ADMIN,
  {
    accounts = [],
    mail = [],
    extra = [],
  }: {
    readonly accounts?: readonly (readonly [login: string, fields?: Partial<Identity>])[];
    readonly mail?: readonly (readonly [login: string, id: string])[];
    readonly extra?: readonly string[];
  } = {},
): Promise<AccountsDesk> {
  const office = openOffice({ domains: ['example.org', 'other.example'], extra });
  const { store } = office.ports;
  for (const [login, fields] of accounts)
    await store.commit([
      identityChange(identityOf(login, { id: idOf(login), ...fields }), 0, office.clock.now()),
    ]);
  for (const [login, id] of mail)
    await store.commit([acceptOf(id, office.clock.now(), { from: login, identityId: idOf(login) })]);
  const desk = openDesk({ office });
  const { cookie, token } = await desk.enterAs(actor);
  const get = (path: string): Promise<Response> => desk.get(path, { cookie });
  return {
    ...{ office, faults: desk.faults, get },
    page: async (path) => (await get(path)).text(),
    act: (path, form) => desk.post(path, { token, ...form }, { cookie }),
  };
}
