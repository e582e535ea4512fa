// The tree of commands as pages of man(7). No date in them: the same tree makes the same octets.

import type { CommandNode, OptionNode } from '../src/cli/command-tree.ts';

/** By file name. */
export function manPages(root: CommandNode, version: string): Readonly<Record<string, string>> {
  const pages = [root, ...root.commands].map((node) => {
    const name = node === root ? node.name : `${root.name}-${node.name}`;
    return [`${name}.1`, pageOf(node, { name, root, version })] as const;
  });
  return Object.fromEntries(pages);
}

const files = [
  '.SH FILES',
  '.TP',
  ...bold('/etc/postern/postern.yaml'),
  'The configuration; each key is explained in',
  '.IR /usr/share/doc/postern/reference/config.md .',
];

interface Page {
  readonly name: string;
  readonly root: CommandNode;
  readonly version: string;
}

function pageOf(node: CommandNode, { name, root, version }: Page): string {
  const isRoot = node === root;
  const path = isRoot ? name : `${root.name} ${node.name}`;
  const below = isRoot ? [] : placedBelow(node, path);
  const called =
    below.length === 0 ? [{ path, node }] : below.filter(({ node: one }) => one.commands.length === 0);
  const others = isRoot ? root.commands.map((child) => `${name}-${child.name}`) : [root.name];
  return [
    `.TH ${name.toUpperCase()} 1 "" "Postern ${version}" "Postern"`,
    '.SH NAME',
    `${plain(name)} \\- ${plain(node.description)}`,
    '.SH SYNOPSIS',
    ...called.flatMap((one, at) => [...(at > 0 ? ['.br'] : []), ...bold(`${one.path} ${one.node.usage}`)]),
    ...(isRoot ? ['.SH COMMANDS', ...root.commands.flatMap(commandOf(name))] : []),
    ...(node.text === undefined ? sectionsOf(node, below) : ['.SH DESCRIPTION', ...verbatim(node.text)]),
    // `send` has a configuration of its own, of which its text tells.
    ...(node.text === undefined ? files : []),
    '.SH SEE ALSO',
    ...others.map((other, at) => `.BR ${plain(other)} (1)${at < others.length - 1 ? ' ,' : ''}`),
    '',
  ].join('\n');
}

function sectionsOf(node: CommandNode, below: readonly Placed[]): readonly string[] {
  const own = ['.SH OPTIONS', ...node.options.flatMap(optionOf)];
  const common = new Set(node.options.map(({ flags }) => flags));
  const ofEach = below.flatMap(({ path, node: { usage, description, options, more } }) => [
    `.SS ${plain(`${path} ${usage}`)}`,
    ...paragraph(description),
    ...options.filter(({ flags }) => !common.has(flags)).flatMap(optionOf),
    ...(more === '' ? [] : ['.PP', ...verbatim(more)]),
  ]);
  return [...(ofEach.length === 0 ? [] : ['.SH COMMANDS', ...ofEach]), ...own, ...moreOf(node)];
}

interface Placed {
  readonly path: string;
  readonly node: CommandNode;
}

/** All below it, from the top. */
function placedBelow(node: CommandNode, above: string): readonly Placed[] {
  return node.commands.flatMap((child) => {
    const path = `${above} ${child.name}`;
    return [{ path, node: child }, ...placedBelow(child, path)];
  });
}

const moreOf = ({ more }: CommandNode): readonly string[] =>
  more === '' ? [] : ['.SH EXAMPLES', ...verbatim(more)];

const commandOf =
  (above: string) =>
  ({ name, description }: CommandNode): readonly string[] => [
    '.TP',
    `.BR ${plain(`${above}-${name}`)} (1)`,
    ...paragraph(description),
  ];

const optionOf = ({ flags, description }: OptionNode): readonly string[] => [
  '.TP',
  ...bold(flags),
  ...paragraph(description),
];

function bold(text: string): readonly string[] {
  return [`\\fB${plain(text)}\\fR`];
}

const paragraph = (text: string): readonly string[] => (text === '' ? [] : [plain(text)]);

const verbatim = (text: string): readonly string[] => [
  '.nf',
  ...text.trimEnd().split('\n').map(plain),
  '.fi',
];

/** Nothing in it is taken for a request; a hyphen is one that can be copied. */
function plain(text: string): string {
  const escaped = text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll("'", String.raw`\(aq`)
    .replaceAll('`', String.raw`\(ga`)
    .replaceAll('^', String.raw`\(ha`)
    .replaceAll('~', String.raw`\(ti`);
  return escaped.replace(/^\./, String.raw`\&.`);
}
