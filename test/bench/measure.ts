export interface Subject {
  name: string;
  run: () => Promise<unknown>;
}

export interface Measurement {
  /** What was measured, such as `echo 16 B`. */
  workload: string;
  /** Median time of one run by subject, in µs. */
  medianUs: Record<string, number>;
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;

/**
 * Runs the subjects in turn, round by round, so that what disturbs the machine disturbs all of them. The first rounds
 * warm up and do not count.
 */
export async function measure(
  workload: string,
  subjects: readonly Subject[],
  { runs, rounds, warmUp }: { runs: number; rounds: number; warmUp: number },
): Promise<Measurement> {
  const times = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (const { name, run } of subjects) {
      const start = performance.now();
      for (let index = 0; index < runs; index++) await run();
      if (round >= 0) times.get(name)!.push(((performance.now() - start) * 1000) / runs);
    }
  }
  return {
    workload,
    medianUs: Object.fromEntries([...times].map(([name, values]) => [name, median(values)])),
  };
}
