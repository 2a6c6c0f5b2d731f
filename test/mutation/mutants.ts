import { createHash } from 'node:crypto';
import {
  isImportDeclaration,
  isTypeNode,
  type Node,
  type SourceFile,
  SyntaxKind,
} from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';

/** One small mistake in one source file. */
export interface Mutant {
  /** Stays the same while the statement does, wherever it moves in its file. */
  readonly id: string;
  readonly file: string;
  /** The whole file without the mistake, so that it may be edited while a run goes on. */
  readonly source: string;
  /** From 1. */
  readonly line: number;
  readonly kind: string;
  /** The replaced range of the source text. */
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly after: string;
}

const OPERATORS: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '%': '*',
  '&&': '||',
  '||': '&&',
  '??': '&&',
  '&': '|',
  '|': '&',
  '<<': '>>>',
  '>>>': '<<',
  '+=': '-=',
  '-=': '+=',
  '++': '--',
  '--': '++',
};
const BOUNDARIES = ['<', '<=', '>', '>='];

type Change = Pick<Mutant, 'kind' | 'start' | 'end' | 'after'>;

/** Returns the changes of one node, without those of its children. */
function changesOf(node: Node, source: SourceFile): Change[] {
  const text = (part: Node) => source.text.slice(part.getStart(source), part.end);
  const replace = (part: Node, kind: string, after: string): Change => ({
    kind,
    start: part.getStart(source),
    end: part.end,
    after,
  });
  const children: Node[] = [];
  node.forEachChild(child => void children.push(child));
  switch (node.kind) {
    case SyntaxKind.BinaryExpression: {
      const operator = children[1]!;
      const other = OPERATORS[text(operator)];
      const kind = BOUNDARIES.includes(text(operator)) ? 'boundary' : 'operator';
      return other ? [replace(operator, kind, other)] : [];
    }
    case SyntaxKind.PrefixUnaryExpression:
    case SyntaxKind.PostfixUnaryExpression: {
      const whole = text(node);
      const step = /^(\+\+|--)|(\+\+|--)$/.exec(whole)?.[0];
      if (step) return [replace(node, 'operator', whole.replace(step, OPERATORS[step]!))];
      return [replace(node, 'operator', text(children[0]!))];
    }
    case SyntaxKind.IfStatement:
    case SyntaxKind.ConditionalExpression: {
      const condition = children[0]!;
      return [replace(condition, 'condition', 'true'), replace(condition, 'condition', 'false')];
    }
    case SyntaxKind.WhileStatement:
      return [replace(children[0]!, 'condition', 'false')];
    case SyntaxKind.NumericLiteral:
    case SyntaxKind.BigIntLiteral: {
      const one = node.kind === SyntaxKind.BigIntLiteral ? '1n' : '1';
      return [
        replace(node, 'constant', `(${text(node)} + ${one})`),
        replace(node, 'constant', `(${text(node)} - ${one})`),
      ];
    }
    case SyntaxKind.TrueKeyword:
      return [replace(node, 'constant', 'false')];
    case SyntaxKind.FalseKeyword:
      return [replace(node, 'constant', 'true')];
    case SyntaxKind.ExpressionStatement:
      return [replace(node, 'statement', ';')];
    default:
      return [];
  }
}

const isType = (node: Node): boolean =>
  isTypeNode(node) ||
  isImportDeclaration(node) ||
  node.kind === SyntaxKind.InterfaceDeclaration ||
  node.kind === SyntaxKind.TypeAliasDeclaration;

function mutantsOf(source: SourceFile, file: string): Mutant[] {
  const found: Mutant[] = [];
  const seen = new Map<string, number>();
  const visit = (node: Node): void => {
    if (isType(node)) return;
    for (const change of changesOf(node, source)) {
      const { start, end, kind, after } = change;
      const before = source.text.slice(start, end);
      const lineStart = source.text.lastIndexOf('\n', start) + 1;
      const lineText = source.text.slice(lineStart, source.text.indexOf('\n', end)).trim();
      const name = [file, lineText, kind, before, after].join('\0');
      const count = seen.get(name) ?? 0;
      seen.set(name, count + 1);
      const id = createHash('sha256').update(`${name}\0${count}`).digest('hex').slice(0, 12);
      const line = source.text.slice(0, start).split('\n').length;
      found.push({ id, file, source: source.text, line, before, ...change });
    }
    node.forEachChild(child => {
      // A number as the key of a property cannot be replaced by an expression.
      const isKey =
        node.kind === SyntaxKind.PropertyAssignment && child.getStart(source) === node.getStart(source);
      if (!(isKey && child.kind === SyntaxKind.NumericLiteral)) visit(child);
    });
  };
  visit(source);
  return found;
}

/** Returns all mutants of the source files whose path begins with one of `folders`. Paths are relative to `root`. */
export function allMutants(root: string, folders: readonly string[]): Mutant[] {
  const api = new API({ cwd: root });
  try {
    const [project] = api.updateSnapshot({ openProjects: [`${root}tsconfig.json`] }).getProjects();
    const { program } = project!;
    return program
      .getSourceFileNames()
      .filter(name => folders.some(folder => name.startsWith(root + folder)))
      .sort()
      .flatMap(name => mutantsOf(program.getSourceFile(name)!, name.slice(root.length)));
  } finally {
    api.close();
  }
}

/** Returns `count` mutants in an order that depends on the seed. A change of one file does not change the choice in others. */
export function sample(mutants: readonly Mutant[], seed: number, count: number): Mutant[] {
  const rank = ({ id }: Mutant) => createHash('sha256').update(`${seed} ${id}`).digest('hex');
  return mutants
    .map(mutant => ({ mutant, at: rank(mutant) }))
    .sort((one, other) => (one.at < other.at ? -1 : 1))
    .slice(0, count)
    .map(({ mutant }) => mutant);
}
