// What a use case names by its command, for who has no shell: the page of the console, or the path of the API, that does the same.

export type Door = 'console' | 'api';

interface Way extends Readonly<Record<Door, string>> {
  /** `$1` in the words of a door is its first group. */
  readonly command: RegExp;
}

const account = { console: 'the page of $1 under Identity', api: '`GET /api/v1/accounts/$1`' } as const;

const ways: readonly Way[] = [
  { command: /`postern trace (\S+)`/, console: 'Trace, asked for $1,', api: '`GET /api/v1/trace?q=$1`' },
  { command: /`postern account list`/, console: 'the page Identity', api: '`GET /api/v1/accounts`' },
  { command: /`postern account show (\S+)`/, ...account },
  { command: /`postern account rights (\S+) remove \S+`/, ...account },
  {
    command: /`postern account restore (\S+)`/,
    console: 'the page of $1 under Identity',
    api: '`POST /api/v1/accounts/$1/restore`',
  },
  { command: /--identity LOGIN/, console: 'the account', api: '`identity`' },
  { command: /--credential/, console: 'a credential', api: '`credential`' },
  { command: /--identity/, console: 'an account', api: '`identity`' },
  { command: /--address/, console: 'an address', api: '`address`' },
];

/** Whatever is named by a command and can be done elsewhere is named as it is there. What only a shell does stays. */
export function throughDoor(door: Door, words: string): string {
  return ways.reduce((told, way) => told.replaceAll(new RegExp(way.command, 'g'), way[door]), words);
}
