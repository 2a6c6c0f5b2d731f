/** A sentence that has to be read twice. */
export interface Riddle {
  line: number;
  /** The words that make it one. */
  words: string;
  sentence: string;
}

/**
 * Ways to write that hide the subject. Questions are left out, as are "no longer" and "there is no".
 * The list is that of the house style, not a grammar: a sentence without any of them may still be hard.
 */
const PATTERNS: readonly RegExp[] = [
  /\bwhat\b/i,
  /\bwhatever\b/i,
  /\bwho(?:so)?ever\b/i,
  /\bnone of\b/i,
  /\bthat which\b/i,
  /(?<!\bthere )\b(?:is|are|was|were|be) no (?!longer\b|more than\b|less than\b)[a-z]/i,
  // A genitive without its noun, at the start of a sentence.
  /(?:^|[:;] )(?:Of|Those of|That of) [a-z]/,
];

/** Comments, and texts of at least this many words: messages and names of tests. */
const MIN_WORDS = 4;

const PARTS =
  /\/\*([\s\S]*?)\*\/|((?:^|(?<=\s))\/\/[^\n]*(?:\n\s*\/\/[^\n]*)*)|'((?:\\.|[^'\\\n])*)'|"((?:\\.|[^"\\\n])*)"|`((?:\\.|[^`\\])*)`/g;

/** The riddles in the comments and texts of a TypeScript file. */
export function findRiddles(text: string): Riddle[] {
  const found: Riddle[] = [];
  for (const match of text.matchAll(PARTS)) {
    const [, block, line, ...quoted] = match;
    const comment = block ?? line;
    const raw = comment ?? quoted.find(part => part !== undefined)?.replace(/\$\{[^}]*\}/g, '…') ?? '';
    const plain = raw
      .replace(/^\s*(?:\*|\/\/)+ ?/gm, '')
      .replace(/@param \w+|RATIONALE: [\w-]+/g, '')
      .replace(/\s+/g, ' ')
      .trim();
    if (comment === undefined && plain.split(' ').length < MIN_WORDS) continue;
    const lineNumber = text.slice(0, match.index).split('\n').length;
    for (const sentence of plain.split(/(?<=[.?!]) /)) {
      if (sentence.endsWith('?')) continue;
      for (const pattern of PATTERNS) {
        const words = pattern.exec(sentence)?.[0];
        if (words) found.push({ line: lineNumber, words, sentence });
      }
    }
  }
  return found;
}
