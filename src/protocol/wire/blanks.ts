// Blanks around the words of a command: harmless wherever the next word can't be anything else (RFC 5321 section 4.1.1 asks servers to accept
// them at the end). Spaces alone: any other white space is part of what was said.

const SPACE = 0x20;

export function withoutBlanks(text: string): string {
  let from = 0;
  let end = text.length;
  while (from < end && text.charCodeAt(from) === SPACE) from += 1;
  while (end > from && text.charCodeAt(end - 1) === SPACE) end -= 1;
  return text.slice(from, end);
}
