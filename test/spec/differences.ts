import { type Fact, UNKNOWN } from './run-script.ts';

/** The facts of each command and instance, in order, as one text. */
function byPlace(facts: readonly Fact[]): Map<string, string> {
  const places = new Map<string, string>();
  for (const { line, of, text } of facts) {
    const place = of === null ? `${line}` : `${line}, state of ${of}`;
    const before = places.get(place);
    places.set(place, before === undefined ? text : `${before}\n${text}`);
  }
  return places;
}

/**
 * Compares two runs of a script.
 * @param excused lines of commands that must differ, unless the engine does not know their module. The state of instances that they made is
 *   not compared
 * @returns one text for each difference
 */
export function findDifferences(
  script: string,
  expected: readonly Fact[],
  seen: readonly Fact[],
  excused: ReadonlySet<number>,
): string[] {
  const isCompared = ({ of }: Fact) => of === null || !excused.has(of);
  const [plain, changed] = [byPlace(expected.filter(isCompared)), byPlace(seen.filter(isCompared))];
  const problems: string[] = [];
  const differing = new Set<number>();
  for (const place of new Set([...plain.keys(), ...changed.keys()])) {
    const [before, after] = [plain.get(place), changed.get(place)];
    if (before === after) continue;
    const line = Number.parseInt(place, 10);
    differing.add(line);
    if (!excused.has(line)) problems.push(`${script}:${place}: plain ${before}\n  changed ${after}`);
  }
  for (const line of excused) {
    const outcome = plain.get(`${line}`);
    if (!differing.has(line) && outcome !== undefined && outcome !== UNKNOWN)
      problems.push(`${script}:${line}: is excused, and does not differ`);
  }
  return problems;
}
