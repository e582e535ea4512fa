// Comments of structured fields (RFC 5322 section 3.2.2) taken out, nested ones and quoted pairs included.

/** A blank for each piece of a comment; undefined: a comment without end, or a parenthesis too many. Linear. */
export function withoutComments(text: string): string | undefined {
  if (!/[()]/.test(text)) return text;
  let depth = 0;
  let isBroken = false;
  const kept = text.replaceAll(/\\.|[()]|[^\\()]+|\\/gs, (piece) => {
    if (piece === '(') depth += 1;
    else if (piece === ')' && depth > 0) depth -= 1;
    else if (piece === ')') isBroken = true;
    else if (depth === 0) return piece;
    return ' ';
  });
  return depth === 0 && !isBroken ? kept : undefined;
}
