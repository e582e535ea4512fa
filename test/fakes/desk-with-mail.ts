// Somebody at the console, signed in, with an account and some messages of it in the queue.

import { acceptOf } from '../../src/store/store.contract-fixtures.ts';
import { type Office, openOffice } from './administration.ts';
import { type Desk, type DeskOptions, openDesk } from './console.ts';

export const EVIL = '<img src=x onerror=alert(1)>"\'';
const ID = '01ARZ3NDEKTSV4RRFFQ69G5FA';
/** Of the messages, from 0 on. */
export const id = (at: number): string => `${ID}${'ABCDEFGH'[at]}`;

export interface At extends Desk {
  readonly cookie: string;
  readonly token: string;
  /** Of the signed-in one. */
  page(path: string): Promise<string>;
  act(path: string, form: readonly (readonly [string, string])[]): Promise<Response>;
}

export async function begin({
  messages = 0,
  from = 'alice@example.org',
  to = ['bob@example.net'],
  ...options
}: DeskOptions & { messages?: number; from?: string; to?: readonly string[] } = {}): Promise<At> {
  const office = openOffice({ extra: options.extra ?? [], nearLimits: async () => [identityId] });
  const alice = { login: 'alice@example.org', mailbox: true, allowReserved: true };
  const { id: identityId } = await office.addAccount(alice);
  for (let at = 0; at < messages; at += 1)
    await office.ports.store.commit([acceptOf(id(at), office.clock.now(), { identityId, from, to })]);
  const desk = openDesk({ ...options, office });
  const { cookie, token } = await desk.enter();
  return {
    ...{ ...desk, cookie, token },
    page: async (path) => (await desk.get(path, { cookie })).text(),
    act(path, form) {
      const body = new URLSearchParams({ token });
      for (const [name, value] of form) body.append(name, value);
      return desk.post(path, body.toString(), { cookie });
    },
  };
}

/** So many domains that have more mail than any other, that totals name no other. */
export async function queueForLargerDomains({ ports, clock }: Office): Promise<void> {
  for (let at = 10; at < 60; at += 1) {
    const to = ['bob', 'eve'].map((name) => `${name}@d${at}.example`);
    await ports.store.commit([acceptOf(`01ARZ3NDEKTSV4RRFFQ69G5G${at}`, clock.now(), { to })]);
  }
}

export const looksIn = async ({ office }: At): Promise<readonly unknown[]> =>
  (await office.trail()).flatMap(({ type, payload }) => (type === 'lookedUp' ? [payload] : []));
