// Documents that are generated from the code: the configuration's reference page, its JSON Schema and the example file; the API and who may what.
//   node tools/docs.ts --write     writes them (npm run docs)
//   node tools/docs.ts --check     fails if one is not what it would be (npm run check)

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { rolesPage } from '../src/administration/roles-page.ts';
import { apiPage } from '../src/http/api/api-page.ts';
import { openApi } from '../src/http/api/openapi.ts';
import { commentedConfig, referencePage } from '../src/config/document.ts';
import { jsonSchema } from '../src/config/keys.ts';

const example = {
  hostname: 'mail.example.org',
  domains: ['example.org'],
  data: '/var/lib/postern',
  tls: { cert: '/etc/postern/fullchain.pem', key: '/etc/postern/privkey.pem' },
  relay: { smarthost: 'smtp://mta.internal:25' },
};

const documents: Readonly<Record<string, () => string>> = {
  'docs/reference/config.md': referencePage,
  'docs/reference/config.schema.json': () => `${JSON.stringify(jsonSchema(), null, 2)}\n`,
  'docs/reference/roles.md': rolesPage,
  'docs/reference/api.md': apiPage,
  'docs/reference/openapi.json': () => `${JSON.stringify(openApi(), null, 2)}\n`,
  'packaging/postern.example.yaml': () => commentedConfig(example),
};

function present(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const stale = Object.entries(documents).filter(([path, make]) => present(path) !== make());
if (process.argv.includes('--write')) {
  for (const [path, make] of stale) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, make());
    console.log(`wrote ${path}`);
  }
} else if (stale.length > 0) {
  console.error(
    `out of date: ${stale.map(([path]) => path).join(', ')}. Run \`npm run docs\` and commit what it writes.`,
  );
  process.exit(1);
}
