import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Kind, LANGUAGES, type Language, type LanguageName } from './languages.ts';

/** The project to create. */
export interface Choice {
  name: string;
  kind: Kind;
  language: LanguageName;
  /** Version range or `file:` path of the dependency plugboard. */
  plugboard: string;
}

/** The folders of a package: templates/ and sdk/. */
export interface Sources {
  templates: string;
  sdk: string;
}

/** Contents by path from the project's folder. */
export type Files = ReadonlyMap<string, Uint8Array | string>;

/** Names that npm leaves out of a tarball. */
const STORED_AS: Readonly<Record<string, string>> = { _gitignore: '.gitignore' };
/** Parts of an SDK that a project does not need: its own tests and locked versions, and build output in a clone. */
const NOT_COPIED = /^(test|.*_test\.go|Cargo\.lock|\.gitignore|target|node_modules|build)$/;

/** Returns all files of the project. Nothing is written. */
export function planProject(choice: Choice, sources: Sources): Files {
  const language: Language = LANGUAGES[choice.language];
  const words = wordsOf(choice, language);
  const layers = ['all', choice.kind, language.folder, `${language.folder}-${choice.kind}`];
  const files = new Map<string, Uint8Array | string>();
  for (const layer of layers) {
    for (const [path, bytes] of readFolder(join(sources.templates, layer))) {
      files.set(path, fill(new TextDecoder().decode(bytes), words, `templates/${layer}/${path}`));
    }
  }
  files.set('package.json', packageOf(choice, language, words));
  if (choice.kind === 'actor') {
    const sdk = readFolder(join(sources.sdk, language.sdk)).filter(
      ([path]) => !path.split('/').some(name => NOT_COPIED.test(name)),
    );
    for (const [path, bytes] of sdk) files.set(`sdk/${path}`, bytes);
  }
  return files;
}

type Words = Readonly<Record<string, string>>;

function wordsOf({ name, kind, language }: Choice, { title, words, ...row }: Language): Words {
  const names = { name, crate: name.replaceAll('-', '_') };
  const own = (text: string) => fill(text, names, `language ${language}`);
  const literal = (value: unknown) => own(printLiteral(value));
  return {
    ...names,
    ...words,
    kind,
    title,
    component: name.replace(/(?:^|[-_])([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
    wasm: own(row.wasm),
    tools: `[\n${row.tools.map(tool => `  ${literal(tool)},\n`).join('')}]`,
    build: literal(row.build),
    env: literal(row.env),
    folders: literal(row.folders),
    watched: row.watched,
    'test command': row.test,
    'build command': own(
      [...Object.entries(row.env).map(([key, value]) => `${key}=${value}`), ...row.build.map(quote)].join(
        ' ',
      ),
    ),
  };
}

/** Prints a value of JSON as JavaScript. */
function printLiteral(value: unknown): string {
  if (typeof value === 'string') return value.includes("'") ? JSON.stringify(value) : `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(printLiteral).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const members = Object.entries(value).map(([key, item]) => `${key}: ${printLiteral(item)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

const quote = (word: string) => (word.includes(' ') ? `'${word}'` : word);

/** Replaces each `{{word}}`. @throws {Error} for a word that is not known, which is a mistake of the template */
function fill(text: string, words: Words, place: string): string {
  return text.replace(/\{\{([a-z ]+)\}\}/g, (_, word: string) => {
    const value = words[word];
    if (value === undefined) throw new Error(`${place}: unknown placeholder {{${word}}}`);
    return value;
  });
}

const CALL = {
  plugin: (wasm: string) => `plugboard call ${wasm} count_vowels --stdin < input.txt`,
  actor: (wasm: string) => `plugboard run ${wasm} < messages.jsonl`,
};

function packageOf({ name, kind, plugboard }: Choice, language: Language, words: Words): string {
  const { packages, sdkPackage } = language;
  const sdk = kind === 'actor' && sdkPackage !== undefined ? { [sdkPackage]: 'file:./sdk' } : {};
  const project = {
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    scripts: {
      build: 'node scripts/build.mjs',
      test: `npm run --silent build && ${language.test} && node --test test/${kind}.test.mjs`,
      dev: 'node scripts/dev.mjs',
      start: `npm run --silent build && ${CALL[kind](words.wasm ?? '')}`,
    },
    devDependencies: { ...packages, plugboard, ...sdk },
  };
  return `${JSON.stringify(project, undefined, 2)}\n`;
}

function readFolder(folder: string, below = ''): [path: string, bytes: Uint8Array][] {
  const entries = readdirSync(join(folder, below), { withFileTypes: true });
  return entries.flatMap(entry => {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) return readFolder(folder, path);
    const stored = path.replace(entry.name, STORED_AS[entry.name] ?? entry.name);
    return [[stored, new Uint8Array(readFileSync(join(folder, path)))] as [string, Uint8Array]];
  });
}
