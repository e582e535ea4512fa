// One TCP connection to a host that may have several addresses: the next is begun when the one before fails, or has not connected for two seconds, and
// no attempt is given up before another has connected. Node's own choice (`autoSelectFamily`) gives an address 250 ms.

import { lookup } from 'node:dns';
import { isIP, type Socket } from 'node:net';

/** Until the next address is tried beside. */
const NEXT_AFTER_MS = 2_000;
const ADDRESSES_MAX = 6;

export interface DialPorts {
  lookup(host: string): Promise<readonly string[]>;
  connect(address: string): Socket;
  after(ms: number, run: () => void): () => void;
}

export const systemPorts: Omit<DialPorts, 'connect'> = {
  lookup: addressesOf,
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

function addressesOf(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return Promise.resolve([host]);
  return new Promise((resolve, reject) => {
    lookup(host, { all: true, order: 'verbatim' }, (error, found) => {
      if (error === null) resolve(found.map(({ address }) => address));
      else reject(error);
    });
  });
}

/** Rejects with the error of the first address that failed, or after `timeoutMs`. */
export function dialAny(
  { host, timeoutMs }: { readonly host: string; readonly timeoutMs: number },
  ports: DialPorts,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const racing: Socket[] = [];
    let isOver = false;
    let cancelNext = (): void => undefined;
    const cancelLate = ports.after(timeoutMs, () => lose(late()));

    function end(winner: Socket | undefined): boolean {
      if (isOver) return false;
      isOver = true;
      cancelLate();
      cancelNext();
      for (const socket of racing) if (socket !== winner) socket.destroy();
      return true;
    }
    function lose(error: unknown): void {
      if (end(undefined)) reject(error);
    }

    function race(addresses: readonly string[]): void {
      let firstError: unknown;
      let failed = 0;
      const beginNext = (): void => {
        cancelNext();
        const address = addresses[racing.length];
        if (address === undefined || isOver) return;
        const socket = ports.connect(address);
        racing.push(socket);
        const onError = (error: Error): void => {
          firstError ??= error;
          failed += 1;
          if (failed === addresses.length) lose(firstError);
          else if (failed === racing.length) beginNext();
        };
        socket.once('error', onError);
        socket.once('connect', () => {
          if (!end(socket)) return;
          socket.off('error', onError);
          resolve(socket);
        });
        cancelNext = ports.after(NEXT_AFTER_MS, beginNext);
      };
      beginNext();
    }

    ports.lookup(host).then((addresses) => {
      if (addresses.length === 0) lose(new Error('the name has no address'));
      else race(alternating(addresses).slice(0, ADDRESSES_MAX));
    }, lose);
  });
}

function late(): Error {
  return Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' });
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
