import type { Result } from './history.ts';

interface Expected {
  readonly workload: string;
  readonly subject: string;
  /** Messages a second, at least. */
  readonly perSecond?: number;
  /** Milliseconds of a run, at most. */
  readonly mostMs?: number;
}

/** Figures that are expected of a quiet machine, by benchmark. They are printed beside the measured ones, and are not tests. */
const EXPECTED: Readonly<Record<string, readonly Expected[]>> = {
  engines: [
    { workload: '64 messages at once', subject: 'NATS', perSecond: 5000 },
    { workload: '64 messages at once', subject: 'NATS, synced', perSecond: 1000 },
    { workload: '64 messages at once', subject: 'Durable Object', perSecond: 1000 },
    { workload: 'one message', subject: 'NATS', mostMs: 3 },
  ],
};

/** Writes a count of messages a second. */
export const perSecondOf = (us: number, messages: number): string =>
  `${Math.round((messages * 1e6) / us).toLocaleString('en')}/s`;

/** Returns a line about each expectation. */
export function expectedLines(benchmark: string, results: readonly Result[]): string[] {
  return (EXPECTED[benchmark] ?? []).map(({ workload, subject, perSecond, mostMs }) => {
    const got = results.flatMap(({ runtime, measurements }) => {
      const { medianUs, messages = 1 } = measurements.find(row => row.workload === workload) ?? {};
      const us = medianUs?.[subject];
      if (us === undefined) return [];
      return `${perSecond === undefined ? `${(us / 1000).toFixed(2)} ms` : perSecondOf(us, messages)} on ${runtime}`;
    });
    const bound =
      perSecond === undefined ? `at most ${mostMs} ms` : `at least ${perSecond.toLocaleString('en')}/s`;
    return `- ${subject}, ${workload}: ${bound} expected on a quiet machine, got ${got.join(' and ')}`;
  });
}
