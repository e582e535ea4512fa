// What was said on a connection, kept for the report: short, bounded, secrets blanked by whoever says them.

export type Speaker = 'client' | 'server' | 'note';

export interface Line {
  /** Milliseconds since the begin of the run. */
  readonly at: number;
  readonly by: Speaker;
  /** Printable ASCII. */
  readonly text: string;
}

export interface Transcript {
  /** e.g. `587 192.0.2.7: open-relay` */
  readonly name: string;
  readonly lines: readonly Line[];
}

export interface TranscriptWriter extends Transcript {
  add(by: Speaker, text: string): void;
}

const LINES_MAX = 200;
const TEXT_MAX = 200;

export function createTranscript(name: string, elapsed: () => number): TranscriptWriter {
  const lines: Line[] = [];
  return {
    name,
    lines,
    add(by, text) {
      if (lines.length > LINES_MAX) return;
      const at = elapsed();
      if (lines.length === LINES_MAX) lines.push({ at, by: 'note', text: '… and so on' });
      else lines.push({ at, by, text: printable(text) });
    },
  };
}

/** What a stranger said, safe for terminals and logs. */
export function printable(text: string): string {
  const plain = text
    .replaceAll('\r', '\\r')
    .replaceAll('\n', '\\n')
    .replaceAll('\0', '\\0')
    .replaceAll(/[^\x20-\x7e]/g, '?');
  return plain.length > TEXT_MAX ? `${plain.slice(0, TEXT_MAX)}…` : plain;
}
