// Values of a row, as every engine on SQL gives it.

export type Row = Readonly<Record<string, unknown>>;

export const text = (row: Row, column: string): string => {
  const value = row[column];
  return typeof value === 'string' ? value : '';
};
export const number = (row: Row, column: string): number => Number(row[column] ?? 0);
export const bytes = (row: Row, column: string): Uint8Array => {
  const value = row[column];
  return value instanceof Uint8Array ? value : new Uint8Array(0);
};
export const optionalText = (row: Row, column: string): string | undefined => {
  const value = row[column];
  return typeof value === 'string' ? value : undefined;
};
export const optionalBytes = (row: Row, column: string): Uint8Array | undefined => {
  const value = row[column];
  return value instanceof Uint8Array ? value : undefined;
};
