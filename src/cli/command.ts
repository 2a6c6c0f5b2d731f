import { parseArgs } from 'node:util';
import { nearest } from '../../wasi/options.ts';
import { columns } from './columns.ts';
import { CliError, exitCodesOf } from './errors.ts';
import { writeStdout } from './stdio.ts';

/** One option. The parser and the help are made from it. */
export interface Option {
  short?: string;
  /** Placeholder of the value in the help, such as `TEXT`. An option without it is a switch. */
  value?: string;
  /** Unit of the value, which is then a whole number, 0 or more. */
  unit?: string;
  /** May be given more than once. */
  repeatable?: true;
  /** The option without which this one has no effect. */
  needs?: string;
  /** Options with which this one cannot be given. */
  not?: readonly string[];
  help: string;
  /** Set if the option gives the plugin access, or limits it. docs/SECURITY.md lists these options. */
  grants?: true;
  /** Title in the help, above this option and those after it. */
  heading?: string;
}
type Options = Record<string, Option>;

/**
 * Values of the options: a string, a list of them if repeatable, a number if it has a unit. For a switch whether it is on, or
 * how many times it is given if repeatable.
 */
export type Values<O extends Options> = {
  [Name in keyof O]: O[Name] extends { repeatable: true }
    ? O[Name] extends { value: string }
      ? string[]
      : number
    : O[Name] extends { unit: string }
      ? number | undefined
      : O[Name] extends { value: string }
        ? string | undefined
        : boolean;
};

interface Positional {
  name: string;
  help: string;
  /** May be left out. Only the last ones may. */
  optional?: true;
  /** The last one may be given more than once. */
  repeatable?: true;
}

interface CommandOf<O extends Options> {
  name: string;
  /** The line of its usage, and the command line of its help. Default: those of a command of plugboard. */
  usage?: string;
  helpLine?: string;
  summary: string;
  /** Introduction for first-time users. */
  about: string;
  positionals: readonly Positional[];
  options: O;
  examples: readonly string[];
  /** Returns the exit code. */
  run(positionals: readonly string[], values: Values<O>): Promise<number>;
}

export interface Command {
  name: string;
  summary: string;
  options: Options;
  /** @throws {CliError} USAGE for arguments that the command does not take */
  run(args: readonly string[]): Promise<number>;
}

const HELP = { short: 'h', help: 'show this help' } as const satisfies Option;

export function defineCommand<const O extends Options>(command: CommandOf<O>): Command {
  const options = { help: HELP, ...command.options };
  return {
    name: command.name,
    summary: command.summary,
    options: command.options,
    run: async args => {
      const { tokens, positionals } = tokenize(options, args);
      if (tokens.some(token => token.kind === 'option' && token.name === 'help')) {
        await writeStdout(`${formatHelp(command, options)}\n`);
        return 0;
      }
      return command.run(positionals, readArguments(command, options, tokens, positionals) as Values<O>);
    },
  };
}

type Token = ReturnType<typeof tokenize>['tokens'][number];

function tokenize(options: Options, args: readonly string[]) {
  const types = Object.entries(options).map(([name, { short, value }]) => {
    return [
      name,
      { type: value ? ('string' as const) : ('boolean' as const), ...(short && { short }) },
    ] as const;
  });
  // Not strict: its messages differ between runtimes, and are not one line.
  const config = {
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(types),
  } as const;
  return parseArgs({ ...config, args: [...args] });
}

function readArguments(
  command: Pick<CommandOf<Options>, 'name' | 'helpLine' | 'positionals'>,
  options: Options,
  tokens: readonly Token[],
  positionals: readonly string[],
) {
  const fail = (problem: string): never => {
    throw new CliError('USAGE', `${problem}; see ${command.helpLine ?? `plugboard ${command.name} --help`}`);
  };
  const given = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (!option) {
      const meant = nearest(token.name, Object.keys(options));
      return fail(`unknown option ${token.rawName}${meant ? ` (did you mean --${meant}?)` : ''}`);
    }
    if (option.value && token.value === undefined) fail(`${token.rawName} needs a value (${option.value})`);
    if (!option.value && token.value !== undefined) fail(`${token.rawName} takes no value`);
    const values = given.get(token.name) ?? [];
    if (values.length && !option.repeatable) fail(`${token.rawName} is given twice`);
    given.set(token.name, [...values, token.value ?? '']);
  }
  const missing = command.positionals[positionals.length];
  if (missing && !missing.optional) fail(`${missing.name} is missing: ${missing.help}`);
  if (positionals.length > command.positionals.length && !command.positionals.at(-1)?.repeatable) {
    fail(`unexpected argument ${JSON.stringify(positionals[command.positionals.length])}`);
  }
  const values = Object.entries(options).map(([name, { value, unit, repeatable }]) => {
    const texts = given.get(name);
    const [text] = texts ?? [];
    if (!value) return [name, repeatable ? (texts?.length ?? 0) : texts !== undefined] as const;
    if (repeatable) return [name, texts ?? []] as const;
    if (!unit || text === undefined) return [name, text] as const;
    if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return [name, Number(text)] as const;
    return fail(`--${name}: expected a whole number of ${unit}, 0 or more, got ${JSON.stringify(text)}`);
  });
  for (const [name, { needs, not = [] }] of Object.entries(options)) {
    if (!given.has(name)) continue;
    if (needs !== undefined && !given.has(needs))
      throw new CliError('USAGE', `--${name} is for --${needs}; give both`);
    const other = not.find(each => given.has(each));
    if (other !== undefined) throw new CliError('USAGE', `both --${name} and --${other} are given; keep one`);
  }
  return Object.fromEntries(values);
}

const nameOf = ({ name, optional, repeatable }: Positional): string =>
  `${optional ? `[${name}]` : name}${repeatable ? ' ...' : ''}`;

function formatHelp(command: CommandOf<Options>, options: Options): string {
  const names = command.positionals.map(nameOf);
  const usage = command.usage ?? ['plugboard', command.name, '[OPTIONS]', ...names].join(' ');
  return [
    `${command.about}\n`,
    `Usage: ${usage}\n`,
    columns(command.positionals.map(item => [nameOf(item), item.help])),
    ...formatOptions(options),
    '\nExamples:',
    ...command.examples.map(example => `  ${example}`),
    '\nExit code:',
    columns(exitCodesOf(command.name)),
  ].join('\n');
}

/** Formats all options with one column width, below the headings of their groups. */
function formatOptions(options: Options): string[] {
  const rows = Object.entries(options).map(([name, option]) => ({
    ...option,
    head: optionHead(name, option),
  }));
  const width = Math.max(...rows.map(({ head }) => head.length));
  return rows.flatMap(({ heading, head, help }, index) => {
    const title = heading ?? (index === 0 ? 'Options' : undefined);
    return [...(title ? [`\n${title}:`] : []), columns([[head.padEnd(width), help]])];
  });
}

const optionHead = (name: string, { short, value, repeatable }: Option): string =>
  `${short ? `-${short}, ` : '    '}--${name}${value ? ` ${value}` : ''}${repeatable ? ' ...' : ''}`;
