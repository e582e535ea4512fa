// What `postern check` says of the store: where it would be kept, and whether it could be.

import type { LoadedConfig } from '../config/load.ts';
import { openEngine } from '../store/engine.ts';
import { choiceInWords, clearTextWarning, engineOf } from '../store/engine-choice.ts';

export interface StoreJudgement {
  readonly store: string;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** The secrets that the configuration names can be read. */
export async function judgeStore(loaded: LoadedConfig): Promise<StoreJudgement> {
  const choice = engineOf(loaded);
  const engine = await openEngine(choice);
  const problems = (await engine.check?.()) ?? [];
  return {
    store: choiceInWords(choice),
    problems: problems.map((problem) => `store: ${problem}`),
    warnings: [clearTextWarning(choice) ?? []].flat(),
  };
}
