/** The result of `scan` for one source file. */
export interface Scan {
  /** Specifiers as written; `computed` for an `import()` of anything but a string. */
  imports: string[];
  /** Names of runtimes that the code uses: `process`, `Deno`, `Bun`. */
  runtimeNames: string[];
}

/** Reads imports (static, `export … from`, `import()`, and those of types) and runtime names from TypeScript. */
export function scan(text: string): Scan {
  const tokens = tokenize(text);
  const imports = tokens.flatMap((token, index) => {
    const [next, afterNext] = [tokens[index + 1], tokens[index + 2]];
    if (tokens[index - 1] === '.') return [];
    if ((token === 'from' || token === 'import') && isString(next)) return next.slice(1, -1);
    if (token === 'import' && next === '(') return isString(afterNext) ? afterNext.slice(1, -1) : 'computed';
    return [];
  });
  const runtimeNames = tokens.filter((token, index) => {
    if (!/^(process|Deno|Bun)$/.test(token)) return false;
    const [beforeLast, last, next] = [tokens[index - 2], tokens[index - 1], tokens[index + 1]];
    if (last === '.') return beforeLast === 'globalThis';
    // A method or a key of that name, such as ScriptActor's `process(payload)`, is not the runtime's global.
    return !(next === '(' || next === ':' || (next === '?' && tokens[index + 2] === ':'));
  });
  return { imports, runtimeNames };
}

const isString = (token: string | undefined): token is string => /^['"]/.test(token ?? '');

const blank = /(?:\s+|\/\/.*|\/\*[\s\S]*?\*\/)+/y;
const plainToken = /(['"])(?:\\[\s\S]|(?!\1)[^\\\n])*\1|[\w$]+|\.\.\.|[\s\S]/y;
const regexToken = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/\w*/y;
const templateText = /(?:\\[\s\S]|\$(?!\{)|[^\\`$])*(?:`|\$\{)/y;

/** Leaves out comments and the texts of templates, keeps the code in templates, and returns `?.` as `.`. */
function tokenize(text: string): string[] {
  const tokens: string[] = [];
  /** For each template that is open, how many braces are open in its current `${`. */
  const templates: number[] = [];
  let at = 0;
  const read = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const match = pattern.exec(text)?.[0] ?? '';
    at += match.length;
    return match;
  };
  const readTemplateText = () => {
    if (read(templateText).endsWith('${')) templates.push(0);
  };
  for (read(blank); at < text.length; read(blank)) {
    const last = tokens.at(-1) ?? ';';
    const startsExpression = !/[\w$)\]}'"`]$/.test(last) || /^(return|typeof|case|of|in)$/.test(last);
    const token = (startsExpression && read(regexToken)) || read(plainToken);
    const open = templates.length - 1;
    if (token === '`' || (token === '}' && templates[open] === 0)) {
      if (token === '}') templates.pop();
      readTemplateText();
      tokens.push('`');
      continue;
    }
    if (token === '{' && open >= 0) templates[open]!++;
    if (token === '}' && open >= 0) templates[open]!--;
    // `a?.b` reads a property as `a.b` does.
    if (token === '.' && last === '?') tokens.pop();
    tokens.push(token);
  }
  return tokens;
}
