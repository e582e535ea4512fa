// What a start does, one step after the other, and how each is undone: in reverse order, when the server ends or as soon as one step fails. What was
// started last, and builds on the rest, ends first.

export interface Steps {
  /** `stop` undoes what `start` gave; without it there is nothing to undo. Rejects with what `start` throws. */
  take<T>(name: string, start: () => T | Promise<T>, stop?: (started: T) => unknown): Promise<T>;
  /** Undoes every step: an error of one is reported, and the others go on. */
  undo(): Promise<void>;
}

export interface StepsOptions {
  /** Before each step; what it throws fails the step. */
  entering(name: string): void;
  stuck(name: string, error: unknown): void;
}

export function createSteps({ entering, stuck }: StepsOptions): Steps {
  const taken: { readonly name: string; stop(): unknown }[] = [];
  return {
    async take(name, start, stop) {
      entering(name);
      const started = await start();
      if (stop !== undefined) taken.push({ name, stop: () => stop(started) });
      return started;
    },
    async undo() {
      for (let step = taken.pop(); step !== undefined; step = taken.pop()) {
        try {
          await step.stop();
        } catch (error) {
          stuck(step.name, error);
        }
      }
    },
  };
}
