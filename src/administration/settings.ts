// The configuration in force, to be looked at: each key with where its value is from. No password is in it.

import { type Setting, settingsOf } from '../config/settings.ts';
import { spfNote } from '../onboarding/spf-note.ts';
import type { Actor } from './actor.ts';
import type { AdministrationPorts } from './ports.ts';

export interface ShownSettings {
  /** Where they are written. */
  readonly file: string;
  /** In which the word is. */
  readonly settings: readonly ShownSetting[];
  /** Of all there are. */
  readonly of: number;
  readonly warnings: readonly string[];
}

export interface ShownSetting extends Setting {
  /** The file says something else by now: it counts after a restart. */
  readonly waits: boolean;
}

/** `word`: in the key, the value or the prose. */
export function showSettings(
  { config, written }: AdministrationPorts,
  _actor: Actor,
  { word = '' }: { readonly word?: string },
): Promise<ShownSettings> {
  const { file, lines, waiting = [] } = written();
  const wanted = word.trim().toLowerCase();
  const all = settingsOf({ config: config(), lines });
  const isWaiting = (key: string): boolean =>
    waiting.some((one) => key === one || key.startsWith(`${one}.`) || key.startsWith(`${one}[`));
  const settings = all
    .filter(({ key, value = '', description }) =>
      `${key}\n${value}\n${description}`.toLowerCase().includes(wanted),
    )
    .map((setting) => ({ ...setting, waits: isWaiting(setting.key) }));
  return Promise.resolve({ file, settings, of: all.length, warnings: warningsOf(config(), waiting) });
}

function warningsOf(config: Parameters<typeof spfNote>[0], waiting: readonly string[]): readonly string[] {
  return [
    ...(waiting.length === 0
      ? []
      : [`the file was changed, and a restart is needed for it to count: ${waiting.join(', ')}`]),
    ...[spfNote(config) ?? []].flat(),
  ];
}
