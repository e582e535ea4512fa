// Cases that mostly wait, some at a time: so few that the steps of each still end in their time on a busy machine.

const TOGETHER = 4;

export async function someTogether<T>(cases: readonly T[], run: (one: T) => Promise<void>): Promise<void> {
  const left = cases.values();
  const works = Array.from({ length: TOGETHER }, async () => {
    for (const one of left) await run(one);
  });
  await Promise.all(works);
}
