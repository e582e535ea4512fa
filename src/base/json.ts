// JSON that carries octets: a Uint8Array travels as `{"$octets": base64}`. For the control socket and for `--json`.

export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_, one: unknown) => {
      if (!(one instanceof Uint8Array))
        return isBufferJson(one) ? { $octets: Buffer.from(one.data).toString('base64') } : one;
      return { $octets: Buffer.from(one).toString('base64') };
    },
    indent,
  );
}

export function fromJson(text: string): unknown {
  // A reviver is called for each value: without octets there is nothing for it to do.
  if (!text.includes('"$octets"')) return JSON.parse(text);
  return JSON.parse(text, (_, one: unknown) =>
    typeof one === 'object' && one !== null && '$octets' in one && typeof one.$octets === 'string'
      ? new Uint8Array(Buffer.from(one.$octets, 'base64'))
      : one,
  );
}

/** A Buffer turns itself into this before a replacer sees it. */
function isBufferJson(value: unknown): value is { readonly data: readonly number[] } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    value.type === 'Buffer' &&
    'data' in value &&
    Array.isArray(value.data)
  );
}
