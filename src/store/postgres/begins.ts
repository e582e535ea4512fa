// Names that begin alike, in a condition that an index of them serves.

/** Whether a column begins with a parameter. `column`: with the collation "C". */
export function begins(column: string, parameter: string): string {
  // No name has this character, the last of Unicode.
  return `${column} >= ${parameter} AND ${column} < ${parameter} || chr(1114111)`;
}
