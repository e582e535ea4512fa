// Several nodes on one store in memory.

import { livesContract } from '../store.contract-lives.ts';
import { openMemoryStore } from './store.ts';

livesContract('memory', async (ports) => {
  const memory = openMemoryStore(ports);
  return { writer: async (options) => memory.beside(options), close: async () => memory.close() };
});
