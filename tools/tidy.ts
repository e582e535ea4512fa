// Style that the linter (.oxlintrc.json) can't check: import rings, doors to the outside, headers, known requirement ids. A list of plain
// functions over files; each finding names the file, the line and the way out. Run by `npm run check` and by tidy.test.ts.

import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { closed, doors, ROOT_RING, rings } from './rings.ts';

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly what: string;
}

export function readSources(): readonly SourceFile[] {
  return globSync(['src/**/*.ts', 'test/**/*.ts', 'tools/**/*.ts', 'bench/**/*.ts'])
    .sort()
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

function dialogs(): readonly SourceFile[] {
  return globSync('test/dialogs/*.txt').map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

const isTest = (path: string): boolean => /\.(test|contract)\.ts$|\.contract-\w+\.ts$|^test\//.test(path);
const isSource = (path: string): boolean => path.startsWith('src/') && !isTest(path);

function ringOf(path: string): number {
  const [, folder, ...rest] = path.split('/');
  return rest.length === 0 || folder === undefined ? ROOT_RING : (rings[folder] ?? -1);
}

function importsOf({ text }: SourceFile): readonly { readonly specifier: string; readonly line: number }[] {
  const found = [];
  for (const match of text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)) {
    found.push({ specifier: match[1] ?? '', line: text.slice(0, match.index).split('\n').length });
  }
  return found;
}

export function checkRings(file: SourceFile): readonly Finding[] {
  if (!isSource(file.path)) return [];
  const own = ringOf(file.path);
  const findings: Finding[] = [];
  if (own < 0)
    findings.push({ path: file.path, line: 1, what: 'stands in no ring: add its folder to tools/rings.ts' });
  for (const { specifier, line } of importsOf(file)) {
    if (specifier.startsWith('.')) {
      const target = normalize(join(dirname(file.path), specifier));
      if (ringOf(target) > own)
        findings.push({
          path: file.path,
          line,
          what: `ring ${own} imports ring ${ringOf(target)}: ${target}`,
        });
      const folder = closed.find(({ inside }) => inside.test(target));
      if (folder !== undefined && !folder.allowed.test(file.path))
        findings.push({
          path: file.path,
          line,
          what: `${target} is not for this file: use ${folder.instead}`,
        });
    }
    const door = doors.find(({ module }) => module.test(specifier));
    if (door !== undefined && !door.allowed.test(file.path)) {
      findings.push({
        path: file.path,
        line,
        what: `${specifier} may not be touched here: use ${door.instead}`,
      });
    }
  }
  return findings;
}

export function checkHeader(file: SourceFile): readonly Finding[] {
  if (!isSource(file.path) || /^(\/\/|\/\*\*|#!)/.test(file.text)) return [];
  return [{ path: file.path, line: 1, what: 'the first line says the idea of the file, as a comment' }];
}

/** `Date.now` and the like are the linter's; it has no rule for this one. */
export function checkClock({ path, text }: SourceFile): readonly Finding[] {
  if (!isSource(path) || path.startsWith('src/platform/')) return [];
  return text
    .split('\n')
    .flatMap((line, at) =>
      /\bnew Date\(\)/.test(line.replace(/^\s*(\/\/|\*|\/\*).*$/, ''))
        ? [{ path, line: at + 1, what: '`new Date()`: take a Clock, or `now` as a parameter' }]
        : [],
    );
}

const unwanted: readonly { readonly pattern: RegExp; readonly allowed: RegExp; readonly what: string }[] = [
  {
    pattern: /\bsetTimeout\b.*\bfrom 'node:timers\/promises'/,
    allowed: /^(?!.*\.test\.ts$|test\/)|^test\/system\//,
    what: 'a test sleeps: wait for what happens, or take a clock that it moves',
  },
  {
    pattern: /\bDESIGN \d/,
    allowed: /^$/,
    what: 'cites what is not in the repository: say it, or cite docs/ARCHITECTURE.md, a requirement or the RFC',
  },
  {
    pattern: /\b(eslint|oxlint)-disable/,
    allowed: /^tools\/tidy\.ts$/,
    what: 'turns the linter off: mend what it finds, or say in .oxlintrc.json where it does not count and why',
  },
  { pattern: /\b(TODO|FIXME|XXX|HACK)\b/, allowed: /^tools\/tidy\.ts$/, what: 'belongs into an issue' },
];

/** In tests and comments too. Tests of the whole system ask a real server, which takes its time. */
export function checkUnwanted({ path, text }: SourceFile): readonly Finding[] {
  return text
    .split('\n')
    .flatMap((content, at) =>
      unwanted
        .filter(({ pattern, allowed }) => pattern.test(content) && !allowed.test(path))
        .map(({ what }) => ({ path, line: at + 1, what })),
    );
}

/** Reply codes live in the registry alone. */
export function checkReplyLiterals(file: SourceFile): readonly Finding[] {
  if (
    !isSource(file.path) ||
    !/^src\/(protocol\/session|protocol\/sasl|policy|submission|server)\//.test(file.path)
  )
    return [];
  return file.text.split('\n').flatMap((text, at) =>
    /['"`][245]\d\d[ -][245]?\.?/.test(text.replace(/^\s*(\/\/|\*|\/\*).*$/, ''))
      ? [
          {
            path: file.path,
            line: at + 1,
            what: 'a reply is written here: take it from protocol/wire/reply-registry.ts',
          },
        ]
      : [],
  );
}

/** What a test may cite: the id, or of a requirement that has clauses each clause by its number and never the whole. */
export function requirementIds(): ReadonlySet<string> {
  const rows = JSON.parse(readFileSync('docs/reference/requirements/requirements.json', 'utf8')) as {
    id: string;
    clauses?: readonly string[];
  }[];
  return new Set(rows.flatMap(({ id, clauses }) => clauses?.map((_, at) => `${id}/${at + 1}`) ?? [id]));
}

/** The ids at the start of a test name, in front of its first colon. Names that do not begin with an id cite none. */
export function idsInName(name: string): readonly string[] {
  const head = /^([A-Z0-9][\w./-]*(?: [A-Z0-9][\w./-]*)*):/.exec(name)?.[1];
  return (
    head
      ?.split(' ')
      .filter(
        (word) => /[-]/.test(word) && /^(BCP134|6409|AUTH|TLS|TT|5321|5322|EXT|C|D|E|F|G)(-|bis)/.test(word),
      ) ?? []
  );
}

function unknownId(path: string, line: number, id: string): Finding {
  return {
    path,
    line,
    what: `requirement id ${id} does not stand in docs/reference/requirements (one with clauses is cited as ID/NUMBER)`,
  };
}

export function checkTestNames(file: SourceFile, known: ReadonlySet<string>): readonly Finding[] {
  if (!isTest(file.path)) return [];
  const findings: Finding[] = [];
  for (const match of file.text.matchAll(/\b(?:test|it)\(\s*['"`]([^'"`\n$]+)/g)) {
    for (const id of idsInName(match[1] ?? '')) {
      if (!known.has(id)) {
        const line = file.text.slice(0, match.index).split('\n').length;
        findings.push(unknownId(file.path, line, id));
      }
    }
  }
  return findings;
}

/** Dialogs are tests: `== IDS: title` (test/dialogs). */
export function checkDialogNames({ path, text }: SourceFile, known: ReadonlySet<string>): readonly Finding[] {
  return text
    .split('\n')
    .flatMap((line, at) =>
      (line.startsWith('== ') ? idsInName(line.slice(3)) : [])
        .filter((id) => !known.has(id))
        .map((id) => unknownId(path, at + 1, id)),
    );
}

export function checkFlow(): readonly Finding[] {
  const paths = ['docs/FLOW.md', 'docs/ARCHITECTURE.md', 'CONTRIBUTING.md'];
  const known = new Set(
    globSync([
      'src/**/*',
      'test/**/*',
      'tools/**/*',
      'bench/**/*',
      'docs/**/*',
      'packaging/**/*',
      'bin/*',
      'scripts/*',
    ]),
  );
  return paths.flatMap((path) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .flatMap((text, at) =>
        [...text.matchAll(/`((?:src|test|tools|bench|docs|packaging|bin|scripts)\/[\w./-]+)`/g)]
          .map((match) => (match[1] ?? '').replace(/\/$/, ''))
          .filter((named) => !known.has(named))
          .map((named) => ({ path, line: at + 1, what: `names ${named}, which does not exist` })),
      ),
  );
}

export function tidy(files: readonly SourceFile[]): readonly Finding[] {
  const known = requirementIds();
  const perFile = [checkRings, checkHeader, checkClock, checkUnwanted, checkReplyLiterals];
  return [
    ...files.flatMap((file) => [...perFile.flatMap((check) => check(file)), ...checkTestNames(file, known)]),
    ...dialogs().flatMap((file) => checkDialogNames(file, known)),
    ...checkFlow(),
  ];
}
