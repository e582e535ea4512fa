// `postern serve`: runs the server until it is told to stop. SIGTERM and SIGINT drain, SIGHUP reloads.

import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import { findConfig } from '../config/find.ts';
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { rolesOf } from '../config/roles.ts';
import type { ConfigOption } from './context.ts';
import { CommandFailure } from './failure.ts';
import { type RoleOption, roleOption, withRoles } from './roles.ts';
import { runServer, type RunningServer, StartGivenUp } from '../server/running.ts';
import { startFailure } from './start-failure.ts';

/** EX_CONFIG: packaging/postern.service does not start it again after that. */
const OPEN_EXIT = 78;
/** Strangers get in: nobody's session is waited for. */
const OPEN_GRACE_MS = 1_000;

export function serveCommand(program: Command): void {
  program
    .command('serve')
    .description('runs the server')
    .addOption(roleOption())
    .addHelpText(
      'after',
      '\nExamples:\n  postern serve -c /etc/postern/postern.yaml\n  postern serve --role submission --role relay        no listener of role mx\n\nSIGHUP reloads, SIGTERM drains and stops.',
    )
    .action(async (_: object, command: Command) => {
      const options: ConfigOption & RoleOption = command.optsWithGlobals();
      await serveUntilStopped(() => withRoles(loadConfig(findConfig(options.config, process.env)), options));
    });
}

/** Ends the process. */
export async function serveUntilStopped(
  load: () => LoadedConfig,
  demo?: {
    readonly whenReady: (server: RunningServer) => void | Promise<void>;
    readonly trusted: string;
  },
): Promise<never> {
  let step = 'configuration';
  try {
    const loaded = load();
    // Nothing was begun before: there a signal ends the process.
    const stopped = new Promise<string>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
    });
    const entering = (entered: string): void => {
      step = entered;
    };
    const server = await runServer(loaded, { entering, trusted: demo?.trusted, stopped });
    return await runUntilStopped(loaded, server, stopped, demo?.whenReady);
  } catch (error) {
    // The command line is wrong, and nothing was begun.
    if (error instanceof CommandFailure) throw error;
    if (error instanceof StartGivenUp) return process.exit(0);
    const { code, text } = startFailure(error, step);
    process.stderr.write(text);
    return process.exit(code);
  }
}

async function runUntilStopped(
  loaded: LoadedConfig,
  server: RunningServer,
  stopped: Promise<string>,
  whenReady: (server: RunningServer) => void | Promise<void> = () => undefined,
): Promise<never> {
  let fail: (because: string) => void = () => undefined;
  const failed = new Promise<string>((resolve) => {
    fail = resolve;
  });
  const { log } = server;
  process.on('SIGHUP', () => {
    void server.reload();
  });
  process.on('uncaughtException', (error) => {
    log.fatal(
      { error: error.stack },
      'a bug: draining, then ending so that the service manager starts afresh',
    );
    fail(error.message);
  });
  const { hostname, listeners } = loaded.config;
  if (process.getuid?.() === 0)
    log.warn({}, 'running as root: a service user with CAP_NET_BIND_SERVICE is enough');
  log.info(
    {
      hostname,
      roles: rolesOf(loaded),
      ports: listeners.map(({ port, role, tls }) => `${port} ${role} ${tls}`),
      pid: process.pid,
    },
    'ready',
  );
  notifyServiceManager('--ready');
  await whenReady(server);

  server.beginSelfTest();
  const { because, exitCode, graceMs } = await Promise.race([
    stopped.then((signal) => ({ because: signal, exitCode: 0, graceMs: undefined })),
    failed.then((message) => ({ because: message, exitCode: 1, graceMs: undefined })),
    server.open.then((finding) => ({ because: finding, exitCode: OPEN_EXIT, graceMs: OPEN_GRACE_MS })),
  ]);
  log.info({ because }, 'stopping');
  notifyServiceManager('--stopping');
  if (exitCode === OPEN_EXIT) process.stderr.write(`postern: ${because}\n`);
  if (exitCode === 0) await server.announceStop();
  await server.stop(graceMs);
  return process.exit(exitCode);
}

/** sd_notify by its own tool: Node speaks no datagrams over Unix sockets. */
function notifyServiceManager(state: '--ready' | '--stopping'): void {
  if (process.env['NOTIFY_SOCKET'] === undefined) return;
  spawn('systemd-notify', [state, `--pid=${process.pid}`], { stdio: 'ignore' }).on('error', () => undefined);
}
