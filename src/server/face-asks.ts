// What the console's thread gets from main over its line, as the ports of use cases want it.

import type { AdministrationPorts } from '../administration/ports.ts';
import { UseCaseFailure } from '../administration/failure.ts';
import { failureInWords } from '../base/failure-words.ts';
import type { ConsoleCondition } from '../console/condition.ts';
import type { PublishedKey } from '../onboarding/dns-records.ts';
import type { IdentityId } from '../record/identity.ts';
import type { AcceptChange } from '../store/port.ts';
import type { FaceWish } from './face-wishes.ts';

export type AskMain = (wish: FaceWish) => Promise<unknown>;

export function asksOf(ask: AskMain, expireMs: () => number) {
  return {
    condition: async () => (await ask({ ask: 'condition' })) as ConsoleCondition,
    reports: () =>
      Promise.resolve({
        settings: { expireMs: expireMs() },
        writer: {
          async write({ content: _content, ...order }) {
            try {
              return (await ask({ ask: 'report', order })) as AcceptChange;
            } catch (error) {
              // What main could not do has lost its class on the way.
              const because = failureInWords(error);
              const what = `the report about ${order.message.id} could not be written: ${because}`;
              throw new UseCaseFailure(what, 'trouble');
            }
          },
        },
      }),
    async nearLimits() {
      try {
        return (await ask({ ask: 'nearLimits' })) as readonly IdentityId[];
      } catch (error) {
        throw new UseCaseFailure(`the store does not answer: ${failureInWords(error)}`, 'trouble');
      }
    },
    dkimKeys: async (domain) => (await ask({ ask: 'dkimKeys', domain })) as readonly PublishedKey[],
    async copy() {
      const copy = (await ask({ ask: 'copy' })) as number;
      return { content: piecesOf(ask, copy), close: async () => void (await ask({ ask: 'copyEnd', copy })) };
    },
  } satisfies Pick<AdministrationPorts, 'condition' | 'nearLimits' | 'reports' | 'copy' | 'dkimKeys'>;
}

async function* piecesOf(ask: AskMain, copy: number): AsyncGenerator<Uint8Array> {
  for (;;) {
    const piece = (await ask({ ask: 'copyNext', copy })) as Uint8Array | undefined;
    if (piece === undefined) return;
    yield piece;
  }
}
