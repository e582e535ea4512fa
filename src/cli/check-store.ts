// What `postern check` says of the store: where it would be kept, and whether it could be.

import type { LoadedConfig } from '../config/load.ts';
import { openEngine } from '../store/engine.ts';
import { choiceInWords, clearTextWarning, engineOf, isShared } from '../store/engine-choice.ts';

export interface StoreJudgement {
  readonly store: string;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

const NOTHING_YET =
  '; it holds no store yet: the first start makes one, so copy another into it before (`postern store copy`)';

/** The secrets that the configuration names can be read. */
export async function judgeStore(loaded: LoadedConfig): Promise<StoreJudgement> {
  const choice = engineOf(loaded);
  const engine = await openEngine(choice);
  const problems = (await engine.check?.()) ?? [];
  // That it can't be asked is among the problems.
  const isNew = isShared(choice) && !(await engine.exists().catch(() => true));
  return {
    store: `${choiceInWords(choice)}${isNew ? NOTHING_YET : ''}`,
    problems: problems.map((problem) => `store: ${problem}`),
    warnings: [clearTextWarning(choice) ?? []].flat(),
  };
}
