// One TCP connection to a host that may have several addresses: the next is begun when the one before fails, or has not connected for two seconds, and
// nobody is given up before somebody has connected. Node's own choice (`autoSelectFamily`) gives an address 250 ms.

import { lookup } from 'node:dns';
import { connect, isIP, type Socket, type SocketConstructorOpts } from 'node:net';

/** Until the next address is tried beside. */
const NEXT_AFTER_MS = 2_000;
const ADDRESSES_MAX = 6;

export interface DialPorts {
  lookup(host: string): Promise<readonly string[]>;
  connect(address: string): Socket;
  after(ms: number, run: () => void): () => void;
}

type OnRead = NonNullable<SocketConstructorOpts['onread']>;

/** Rejects with the error of the first address that failed, or after `timeoutMs`. */
export function dialHost(o: {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  onRead(socket: () => Socket): OnRead;
}): Promise<Socket> {
  return dialAny(o, {
    lookup: addressesOf,
    connect(address) {
      const socket: Socket = connect({
        host: address,
        port: o.port,
        noDelay: true,
        onread: o.onRead(() => socket),
      });
      return socket;
    },
    after(ms, run) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  });
}

function addressesOf(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return Promise.resolve([host]);
  return new Promise((resolve, reject) => {
    lookup(host, { all: true, order: 'verbatim' }, (error, found) => {
      if (error === null) resolve(found.map(({ address }) => address));
      else reject(error);
    });
  });
}

export async function dialAny(
  { host, timeoutMs }: { readonly host: string; readonly timeoutMs: number },
  ports: DialPorts,
): Promise<Socket> {
  let late = (): void => undefined;
  const cancelLate = ports.after(timeoutMs, () => late());
  const inTime = new Promise<never>((_, reject) => {
    late = () => reject(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' }));
  });
  const racing: Socket[] = [];
  try {
    const addresses = await Promise.race([ports.lookup(host), inTime]);
    const first = firstOf(alternating(addresses).slice(0, ADDRESSES_MAX), racing, ports);
    return await Promise.race([first, inTime]);
  } catch (error) {
    for (const socket of racing) socket.destroy();
    throw error;
  } finally {
    cancelLate();
  }
}

function firstOf(addresses: readonly string[], racing: Socket[], ports: DialPorts): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let firstError: unknown;
    let begun = 0;
    let failed = 0;
    let cancelNext = (): void => undefined;

    function beginNext(): void {
      cancelNext();
      const address = addresses[begun];
      if (address === undefined) return;
      begun += 1;
      const socket = ports.connect(address);
      racing.push(socket);
      const onError = (error: Error): void => {
        firstError ??= error;
        failed += 1;
        if (failed === addresses.length) reject(firstError);
        else if (failed === begun) beginNext();
      };
      socket.once('error', onError);
      socket.once('connect', () => {
        socket.off('error', onError);
        cancelNext();
        for (const other of racing) if (other !== socket) other.destroy();
        resolve(socket);
      });
      cancelNext = ports.after(NEXT_AFTER_MS, beginNext);
    }

    if (addresses.length === 0) reject(new Error('the name has no address'));
    else beginNext();
  });
}

/** Families in turn, the resolver's first choice first. */
export function alternating(addresses: readonly string[]): readonly string[] {
  const family = isIP(addresses[0] ?? '');
  const preferred = addresses.filter((address) => isIP(address) === family);
  const others = addresses.filter((address) => isIP(address) !== family);
  return preferred
    .flatMap((address, at) => [address, ...others.slice(at, at + 1)])
    .concat(others.slice(preferred.length));
}
