// What is shown at the console as a second factor is counted in the lookup thread, with what is guessed at passwords; a wrong one is answered late and stands in the trail, with the
// client that it came from.

import type { FactorGuard, FactorTry } from '../administration/ports.ts';
import { UseCaseFailure } from '../administration/failure.ts';
import type { Client } from '../console/client.ts';
import type { FactorLeave } from '../identity/factor-guesses.ts';
import type { Line } from '../platform/line.ts';
import type { Clock } from '../platform/platform.ts';
import type { FailedSignIn } from './failed-sign-ins.ts';
import type { LookupThreadQuestion } from './lookup-body.ts';

export interface FactorGuardOptions {
  /** To the lookup thread; undefined: there is none now. */
  lookupThread(): Pick<Line, 'ask'> | undefined;
  readonly clock: Clock;
  note(failed: FailedSignIn, client: Client): void;
  report(error: unknown): void;
}

/** For each client one. */
export function factorGuards(o: FactorGuardOptions): (client: Client) => FactorGuard {
  const { clock } = o;

  /** Nobody is let in whose guesses can't be counted. */
  async function ask(question: LookupThreadQuestion): Promise<unknown> {
    try {
      const answer = await o.lookupThread()?.ask(question);
      if (answer !== undefined) return answer;
    } catch (error) {
      o.report(error);
    }
    throw new UseCaseFailure('the second factor can not be judged now: try again in a minute', 'trouble');
  }

  function wait(until: number): Promise<void> {
    const ms = until - clock.monotonic();
    return ms <= 0 ? Promise.resolve() : new Promise((resolve) => void clock.after(ms, resolve));
  }

  return (client) => ({
    async begin({ identityId, login, what, shown }) {
      const began = clock.monotonic();
      const factor = { begin: identityId, address: client.address, shown };
      const leave = (await ask({ factor })) as FactorLeave;
      const failed = async (cause: string): Promise<void> => {
        o.note({ login, identityId, cause }, client);
        await wait(began + leave.delayMs);
      };
      if (leave.type === 'refuse') {
        await failed(leave.because);
        return undefined;
      }
      const { attempt } = leave;
      return {
        async end(came) {
          if (came !== 'wrong') await ask({ factor: { end: attempt, isRight: came === 'right' } });
          if (came === 'wrong') await failed(wrong[what]);
          if (came === 'notLookedAt') await failed('too many wrong codes came before: it was not looked at');
        },
      };
    },
  });
}

const wrong: Readonly<Record<FactorTry['what'], string>> = {
  code: 'wrong code of the second factor',
  passkey: 'wrong passkey',
};
