/** A script of V8's coverage: ranges of its text, each with the number of times that it ran. */
export interface ScriptCoverage {
  url: string;
  functions: readonly { ranges: readonly CoverageRange[] }[];
}

interface CoverageRange {
  startOffset: number;
  endOffset: number;
  count: number;
}

/** A place in a source file. */
export interface Place {
  file: string;
  line: number;
}

/** Source file → line → whether the line ran. Lines without code are missing. */
export type Lines = Map<string, Map<number, boolean>>;

/** Sets each offset of `ran` that this script ran to 1. The same script may have run in many processes and threads. */
export function addRun(ran: Uint8Array, { functions }: ScriptCoverage): void {
  const ranges = functions.flatMap(({ ranges }) => ranges);
  // Outer ranges first: an inner range overrides the count of the range around it.
  ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  const now = new Uint8Array(ran.length);
  for (const { startOffset, endOffset, count } of ranges) now.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  for (let offset = 0; offset < ran.length; offset++) ran[offset]! |= now[offset]!;
}

/**
 * Adds the lines of a built file to `lines`. A line ran if all its parts ran, so a branch that was never taken counts.
 * A source line that is in several built files ran if it ran in one of them.
 */
export function addLines(
  lines: Lines,
  ran: Uint8Array,
  placeOf: (offset: number) => Place | undefined,
): void {
  const built: Lines = new Map();
  for (let offset = 0; offset < ran.length; offset++) {
    const place = placeOf(offset);
    if (place) setLine(built, place.file, place.line, all => all !== false && ran[offset] === 1);
  }
  for (const [file, ofFile] of built) {
    for (const [line, hasRun] of ofFile) setLine(lines, file, line, before => before === true || hasRun);
  }
}

function setLine(lines: Lines, file: string, line: number, next: (before?: boolean) => boolean): void {
  const ofFile = lines.get(file) ?? new Map<number, boolean>();
  lines.set(file, ofFile.set(line, next(ofFile.get(line))));
}
