// One answer for everybody who asks the same while it is being found: clients that open many connections at once log in once.

export type SharedAnswer<T> = (question: string, find: () => Promise<T>) => Promise<T>;

/** Nothing is remembered beyond the answer. What can't be found fails for all who wait. */
export function createSharedAnswer<T>(): SharedAnswer<T> {
  const asked = new Map<string, Promise<T>>();
  return (question, find) => {
    const found = asked.get(question);
    if (found !== undefined) return found;
    const answer = find().finally(() => asked.delete(question));
    asked.set(question, answer);
    return answer;
  };
}
