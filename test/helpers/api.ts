import { ownersOf, type Place, placesOf, statementsOf } from './signatures.ts';

/** One line for each exported name, and for each member of an exported class, interface or object. */
export interface ApiLine {
  /** The import, such as `plugboard/actor`. */
  entry: string;
  /** The exported name. */
  name: string;
  /** The member; empty for the declaration itself. */
  member: string;
  /** The declaration on one line, without comments. */
  text: string;
}

/** Leaves out the sentences inside tables of data: programs do not depend on them. */
const oneLine = (text: string) =>
  text
    .replace(/'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"/g, quoted => (quoted.length > 42 ? "'…'" : quoted))
    .replace(/\s+/g, ' ')
    .trim();

const memberOf = (statement: string) =>
  /^(?:static |readonly |get |set |declare )*([\w$]+|\[[^\]]+\])/.exec(statement)?.[1] ?? '';

/** Reads the public types of an entry from its declarations (.d.ts). */
export function apiOf(entry: string, file: string): ApiLine[] {
  const printed = new Map<string, string>();
  const places = placesOf(file);
  const isExported = ({ file, name }: Place) =>
    [...places.values()].some(place => place.file === file && place.name === name);
  return [...places]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, place]) => {
      const key = `${place.file} ${place.name}`;
      const same = printed.get(key);
      if (same !== undefined) return [{ entry, name, member: '', text: `another name of ${same}` }];
      printed.set(key, name);
      return linesOf(place, isExported).map(({ member, text }) => ({
        entry,
        name,
        member,
        text: oneLine(text),
      }));
    });
}

/** The lines of a declaration, with the members of parents that are not exported themselves. */
function linesOf(place: Place, isExported: (place: Place) => boolean): { member: string; text: string }[] {
  const { heads, members } = statementsOf(place);
  const inherited = ownersOf(place)
    .filter(owner => !isExported(owner))
    .flatMap(owner => linesOf(owner, isExported))
    .filter(({ member }) => member !== '');
  return [
    ...heads.map(text => ({ member: '', text: place.isType ? `(type) ${text}` : text })),
    ...inherited,
    ...members
      .filter(text => !/^(#|private |protected )/.test(text))
      .map(text => ({ member: memberOf(text), text })),
  ];
}

/** The form of the file of released types. */
export const printApi = (lines: readonly ApiLine[]): string =>
  lines.map(({ entry, name, member, text }) => `${[entry, name, member].join('\t')}\t${text}\n`).join('');

export const parseApi = (text: string): ApiLine[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map(line => {
      const [entry = '', name = '', member = '', declared = ''] = line.split('\t');
      return { entry, name, member, text: declared };
    });

/**
 * One line for each change that the part of the changelog about the coming version names neither by its export nor by its
 * member. For a new import, its path is enough.
 */
export function findUnnamedChanges(
  released: readonly ApiLine[],
  now: readonly ApiLine[],
  changes: string,
): string[] {
  const key = ({ entry, name, member, text }: ApiLine) => JSON.stringify([entry, name, member, text]);
  const [before, after] = [released, now].map(lines => new Set(lines.map(key))) as [Set<string>, Set<string>];
  const words = new Set(
    [...changes.matchAll(/`([^`]+)`/g)].flatMap(([, code]) => code!.match(/[A-Za-z_$][\w$]*/g) ?? []),
  );
  const isNew = (entry: string) => !released.some(line => line.entry === entry);
  const isNamed = ({ entry, name, member }: ApiLine) =>
    words.has(name) || words.has(member) || (isNew(entry) && changes.includes(`\`${entry}\``));
  const unnamed = (lines: readonly ApiLine[], others: Set<string>, sign: string) =>
    lines
      .filter(line => !others.has(key(line)) && !isNamed(line))
      .map(({ entry, name, member, text }) => `${sign} ${entry} ${name}${member && `.${member}`}: ${text}`);
  return [...unnamed(released, after, '-'), ...unnamed(now, before, '+')];
}
