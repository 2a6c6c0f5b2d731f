import { LINT_RULES, type Linted, type LintRule, type Repairs } from './lint-rules.ts';
import type { Finding } from './report.ts';

/** Runs all rules over one module. */
export const lint = (module: Linted): Finding[] =>
  LINT_RULES.flatMap(rule => {
    const message = rule.find(module);
    const { id, level } = rule;
    return message === null
      ? []
      : [{ rule: id, level, module: module.name, message, repair: repairFor(rule, module) }];
  });

/** The repair for the language of the module, or for every language. */
function repairFor({ repair }: LintRule, { hints }: Linted): string {
  const languages = hints.filter(({ kind }) => kind === 'language').map(({ text }) => text.toLowerCase());
  const known = Object.entries(repair).find(([language]) =>
    languages.some(text => text.startsWith(language)),
  );
  return known?.[1] ?? allRepairs(repair);
}

export const allRepairs = ({ any, ...others }: Repairs): string =>
  [
    ...Object.entries(others).map(([language, text]) => `${NAMES[language] ?? language}: ${text}`),
    ...(any ? [any] : []),
  ].join('. ');

const NAMES: Readonly<Record<string, string>> = {
  rust: 'Rust',
  go: 'Go',
  tinygo: 'TinyGo',
  c: 'C and C++',
  zig: 'Zig',
  assemblyscript: 'AssemblyScript',
  haskell: 'Haskell',
};
