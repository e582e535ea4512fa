// The commands: how each is called, what `--help` says of it, and how it is loaded. Only the one that was called is: together they are most of
// the server, and the help of all needs none of them.

import type { Command } from 'commander';

type Add = (program: Command) => void;

export interface CommandEntry {
  /** Name and arguments. */
  readonly call: string;
  /** Undefined: not listed. */
  readonly summary: string | undefined;
  load(): Promise<Add>;
}

export const commands: readonly CommandEntry[] = [
  {
    call: 'serve',
    summary: 'runs the server',
    load: async () => (await import('./serve.ts')).serveCommand,
  },
  {
    call: 'init [directory]',
    summary: 'writes postern.yaml and a self-signed certificate, adds a first account; overwrites nothing',
    load: async () => (await import('./init.ts')).initCommand,
  },
  {
    call: 'check',
    summary:
      'validates the configuration, tests the policy against hostile probes, looks at certificates, names and the store',
    load: async () => (await import('./check.ts')).checkCommand,
  },
  {
    call: 'account',
    summary: 'accounts: who may submit',
    load: async () => (await import('./account.ts')).accountCommands,
  },
  {
    call: 'token',
    summary: 'tokens of an account, for programs that ask the HTTP API',
    load: async () => (await import('./token.ts')).tokenCommands,
  },
  {
    call: 'trace <what>',
    summary:
      'who sent this? WHAT: id, Received label, Message-ID, address, login, or the file of a message or of a complaint',
    load: async () => (await import('./trace.ts')).traceCommand,
  },
  {
    call: 'queue',
    summary: 'mail on its way out',
    load: async () => (await import('./queue.ts')).queueCommands,
  },
  {
    call: 'audit',
    summary: 'the trail: verify, export, who looked, erase',
    load: async () => (await import('./audit.ts')).auditCommands,
  },
  {
    call: 'explain',
    summary: 'may this account send as A to R, and which rule says so?',
    load: async () => (await import('./explain.ts')).explainCommand,
  },
  {
    call: 'dns',
    summary: 'the DNS records to publish for our domains, a check of them, and the settings of a user',
    load: async () => (await import('./dns.ts')).dnsCommand,
  },
  {
    call: 'dkim',
    summary: 'makes a key to sign mail with, and prints its DNS record and its place in the configuration',
    load: async () => (await import('./dkim.ts')).dkimCommand,
  },
  {
    call: 'probe <host>',
    summary: 'does a submission server, and the network on the way, conform to RFC 5068 (BCP 134)?',
    load: async () => (await import('./probe.ts')).probeCommand,
  },
  {
    call: 'reload',
    summary: 'takes the changed configuration, like SIGHUP, and says what came of it',
    load: async () => (await import('./reload.ts')).reloadCommand,
  },
  {
    call: 'status',
    summary: 'is the server running, and is it well?',
    load: async () => (await import('./status.ts')).statusCommand,
  },
  {
    call: 'console',
    summary: 'the web console: a link that lets you in',
    load: async () => (await import('./console.ts')).consoleCommands,
  },
  {
    call: 'backup <file>',
    summary:
      'copies accounts, keys, queue with bodies, and the trail into one new file, while the server runs',
    load: async () => (await import('./backup.ts')).backupCommands,
  },
  {
    call: 'restore <file>',
    summary: 'puts a backup into the data directory of the configuration, which must hold no store',
    load: async () => (await import('./backup.ts')).backupCommands,
  },
  {
    call: 'store',
    summary:
      'where accounts, queue and trail are kept: how it stands, copied to another place, what its database needs',
    load: async () => (await import('./store.ts')).storeCommands,
  },
  {
    call: 'send [recipients...]',
    summary: 'submits a message from standard input, as sendmail does',
    load: async () => (await import('./send-command.ts')).sendCommand,
  },
  {
    call: 'completion <shell>',
    summary: 'prints what bash or zsh needs to complete our commands and options',
    load: async () => (await import('./completion.ts')).completionCommand,
  },
  {
    call: 'demo',
    summary: undefined,
    load: async () => (await import('./demo.ts')).demoCommand,
  },
];

const nameOf = ({ call }: CommandEntry): string => call.split(' ')[0] ?? '';

/** The command that these arguments call, or ask help for; undefined: none, or none that there is. */
export function commandIn(args: readonly string[]): CommandEntry | undefined {
  const words = args.filter(
    (word, at) => !word.startsWith('-') && !/^(?:-c|--config)$/.test(args[at - 1] ?? ''),
  );
  const [first, second] = words;
  return commands.find((entry) => nameOf(entry) === (first === 'help' ? second : first));
}
