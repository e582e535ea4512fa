// An answer that comes in pieces: it begins when the first one is there, so that what fails before is told in words, and it lets go of what gives them however it ends.

export async function octetsResponse(
  pieces: AsyncIterable<Uint8Array>,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const rest = pieces[Symbol.asyncIterator]();
  let first: IteratorResult<Uint8Array> | undefined = await rest.next();
  // No generator: one that was never begun would not end what it reads from.
  const all: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => all,
    next() {
      const piece = first;
      first = undefined;
      return piece === undefined ? rest.next() : Promise.resolve(piece);
    },
    async return() {
      await rest.return?.();
      return { done: true, value: undefined };
    },
  };
  return new Response(ReadableStream.from(all) as ReadableStream<Uint8Array>, { headers });
}
