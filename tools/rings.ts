// The import rings (docs/ARCHITECTURE.md): a file may import its own ring and lower rings. Kept as a table, checked by tidy.

/** Folder below src → ring. A file that stands directly in src is the composition root. */
export const rings: Readonly<Record<string, number>> = {
  base: 0,
  protocol: 1,
  message: 1,
  policy: 1,
  record: 1,
  platform: 2,
  config: 2,
  observe: 2,
  delivery: 3,
  store: 3,
  identity: 3,
  submission: 4,
  relay: 4,
  audit: 4,
  administration: 4,
  client: 4,
  probe: 4,
  onboarding: 4,
  server: 5,
  http: 5,
  console: 5,
  send: 5,
  cli: 6,
};

export const ROOT_RING = 7;

/** Folders that are entered by one file: nothing else of them is named outside. */
export const closed: readonly {
  readonly inside: RegExp;
  readonly allowed: RegExp;
  readonly instead: string;
}[] = [{ inside: /^src\/store\/\w+\//, allowed: /^src\/store\//, instead: 'src/store/engine.ts' }];

/** Modules of Node that only some folders may touch, with what to use instead. */
export const doors: readonly {
  readonly module: RegExp;
  readonly allowed: RegExp;
  readonly instead: string;
}[] = [
  {
    module: /^node:(net|tls|dns|dns\/promises)$/,
    allowed: /^src\/(platform|server|http)\/|^src\/base\/network/,
    instead: 'src/platform/network.ts or listen.ts',
  },
  {
    module: /^node:(fs|fs\/promises)$/,
    allowed: /^src\/(platform|store|config|relay|http|console|cli|send|server)\/|^src\/main\.ts$/,
    instead: 'a function of src/platform',
  },
  {
    module: /^node:sqlite$/,
    allowed: /^src\/(store\/sqlite\/database|platform\/database-file)\.ts$/,
    instead: 'src/store/sqlite/database.ts',
  },
  {
    module: /^(node:)?timers(\/promises)?$/,
    allowed: /^src\/(platform|cli|http|observe)\//,
    instead: 'a Clock',
  },
  {
    module: /^node:worker_threads$/,
    allowed: /^src\/(platform|server|store\/sqlite)\//,
    instead: 'src/platform/line.ts',
  },
  {
    module: /^node:(http|https|child_process)$/,
    allowed: /^src\/(http|console|cli|platform|send)\//,
    instead: 'src/http',
  },
];
