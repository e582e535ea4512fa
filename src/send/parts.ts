// The parts that the configuration of `postern send` names, loaded when they are needed: the way to the server, and the queue.

import { hostname } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { safe } from '../base/safe-text.ts';
import { EX } from '../base/sysexits.ts';
import { homeDirectory, ownUserName } from '../platform/own-user.ts';
import type { Environment, SendConfig } from './config.ts';
import { type AddressBook, addressBook } from './names.ts';
import type { Carrier } from './outgoing.ts';
import type { Spool } from './spool.ts';
import { SendFailure } from './failure.ts';

/** The default of `local.socket`. */
const SOCKET = '/run/postern/submit.sock';

/** Neither a server nor a secret is named: then it is the server of this host that knows us. */
function isLocal(
  { host, password, passwordFile, passwordCommand }: SendConfig,
  environment: Environment,
): boolean {
  const given = [host, password, passwordFile, passwordCommand, environment['POSTERN_PASSWORD']];
  return given.every((one) => one === undefined);
}

/** The configuration with the account's address, where the server of this host knows better than a guess. */
export async function withOwnAddress(config: SendConfig, environment: Environment): Promise<SendConfig> {
  const isKnown = config.address !== undefined || config.login?.includes('@') === true;
  if (isKnown || !isLocal(config, environment)) return config;
  const { askOwnAddress } = await import('./local.ts');
  return { ...config, ...(await askOwnAddress(config.socket ?? SOCKET)) };
}

/** The same for mail that may wait for a server that does not run: a stand-in where that one alone knows. */
export async function withOwnAddressOrStandIn(
  config: SendConfig,
  environment: Environment,
  isQueued: boolean,
): Promise<SendConfig> {
  const asked = await withOwnAddress(config, environment);
  if (asked.unknownYet === undefined || (config.queue === 'off' && !isQueued)) return asked;
  const { newStandIn } = await import('./stand-in.ts');
  return { ...asked, standIn: newStandIn() };
}

export function ownBook(config: SendConfig): AddressBook {
  return addressBook(config, { user: ownUserName, host: hostname() });
}

/** `config`: as the file has it, or with what was asked since. */
export async function openCarrier(
  config: SendConfig,
  environment: Environment,
  verbose: boolean,
): Promise<Carrier> {
  const carrier = await openBareCarrier(config, environment, verbose);
  const { namingCarrier } = await import('./stand-in.ts');
  return namingCarrier(carrier, async () => {
    const { unknownYet: _, standIn: __, ...unasked } = config;
    return ownBook(await withOwnAddress(unasked, environment)).own();
  });
}

async function openBareCarrier(
  config: SendConfig,
  environment: Environment,
  verbose: boolean,
): Promise<Carrier> {
  if (isLocal(config, environment)) {
    const { localCarrier } = await import('./local.ts');
    const show = (line: string) => void process.stderr.write(`${safe(line)}\n`);
    return localCarrier(config.socket ?? SOCKET, verbose ? show : undefined);
  }
  const { optionsFor, smtpCarrier } = await import('./submit.ts');
  return smtpCarrier(await optionsFor(config, stateDirectory(environment), environment, verbose));
}

/** Throws `SendFailure` EX_CONFIG if there is no place for it. */
export function queueDirectoryOf(config: SendConfig, environment: Environment): string {
  const state = stateDirectory(environment);
  const directory = config.queueDirectory ?? (state === undefined ? undefined : join(state, 'outgoing'));
  if (directory !== undefined) return directory;
  throw new SendFailure(
    EX.CONFIG,
    'this user has no home directory for the queue: name one as `queueDirectory` in /etc/postern/send.yaml, or set $XDG_STATE_HOME',
  );
}

/** `part`: a directory in that of the queue. */
export async function spoolOf(config: SendConfig, environment: Environment, part = '.'): Promise<Spool> {
  const [{ openSpool }, { systemClock }, { systemEntropy }] = await Promise.all([
    import('./spool.ts'),
    import('../platform/clock.ts'),
    import('../platform/entropy.ts'),
  ]);
  return openSpool({
    ...{
      directory: join(queueDirectoryOf(config, environment), part),
      clock: systemClock,
      entropy: systemEntropy(),
    },
  });
}

/** Undefined: this user has no place of its own. */
function stateDirectory(environment: Environment): string | undefined {
  const state = environment['XDG_STATE_HOME'];
  if (state !== undefined && isAbsolute(state)) return join(state, 'postern');
  const home = homeDirectory();
  return home === undefined ? undefined : join(home, '.local/state/postern');
}
