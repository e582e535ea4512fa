// Somebody at the console as himself, with mail of his and of a colleague.

import type { Role } from '../../src/record/identity.ts';
import type { EventPayloads } from '../../src/record/events.ts';
import { acceptOf } from '../../src/store/store.contract-fixtures.ts';
import { openOffice, type Office } from './administration.ts';
import { openDesk } from './console.ts';

export const ALICE = 'alice@example.org';
export const CAROL = 'carol@example.org';
export const OF_ALICE = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
export const OF_CAROL = '01ARZ3NDEKTSV4RRFFQ69G5FAW';

export interface OwnDesk {
  readonly office: Office;
  readonly identityId: string;
  get(path: string): Promise<Response>;
  page(path: string): Promise<string>;
  act(path: string, form: Readonly<Record<string, string>>): Promise<Response>;
  /** What became of the first recipient of Alice's mail. */
  fate(type: 'deferred' | 'failed' | 'relayed', payload?: Partial<EventPayloads['failed']>): Promise<void>;
}

export async function openOwnDesk({
  role = 'user',
  to = ['bob@example.net'],
  extra = [],
  undoSeconds,
}: {
  readonly role?: Role;
  readonly to?: readonly string[];
  readonly extra?: readonly string[];
  /** Alice's mail has such an undo window. */
  readonly undoSeconds?: number;
} = {}): Promise<OwnDesk> {
  const office = openOffice({ extra });
  const { clock, ports } = office;
  const named = { mailbox: true, allowReserved: false };
  const { id: identityId } = await office.addAccount({ ...named, login: ALICE });
  const carol = await office.addAccount({ ...named, login: CAROL });
  const undoUntil = undoSeconds === undefined ? {} : { undoUntil: clock.now() + undoSeconds * 1000 };
  const ofCarol = { from: CAROL, identityId: carol.id, to: ['dan@far.example'] };
  await ports.store.commit([
    acceptOf(OF_ALICE, clock.now(), { from: ALICE, identityId, to, ...undoUntil }),
    acceptOf(OF_CAROL, clock.now(), ofCarol),
  ]);
  const desk = openDesk({ office });
  const { cookie, token } = await desk.enterAs({ who: ALICE, role, identityId });
  const get = (path: string): Promise<Response> => desk.get(path, { cookie });
  return {
    ...{ office, identityId, get },
    page: async (path) => (await get(path)).text(),
    act: (path, form) => desk.post(path, { token, ...form }, { cookie }),
    async fate(type, payload = {}) {
      const [recipient = ''] = to;
      const common = { recipient, recipientNumber: 0, attempt: 1, status: '4.0.0', diagnostic: '' };
      const event = { type, time: clock.now(), messageId: OF_ALICE, identityId } as const;
      await ports.store.commit([
        { type: 'record', events: [{ ...event, payload: { ...common, ...payload } }] },
      ]);
    },
  };
}
