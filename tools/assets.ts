// Puts files that are served as they are beside what was compiled.
//   node tools/assets.ts dist

import { cpSync } from 'node:fs';
import { join } from 'node:path';

const [target] = process.argv.slice(2);
if (target === undefined) throw new Error('say where to: node tools/assets.ts dist');
const folder = 'console/assets';
cpSync(join('src', folder), join(target, folder), { recursive: true });
