/** A request to shared-plugin.ts, and the answer that it should get. */
interface Row {
  query: Record<string, string | number>;
  expected: string;
}

/**
 * Sends requests to a Worker that has one plugin for all of them, and returns the problems of the answers.
 * @param hasBuiltins whether the Worker has async contexts and `waitUntil`
 */
export async function findRequestProblems(origin: string, hasBuiltins: boolean): Promise<string[]> {
  const send = async (path: string) => {
    const response = await fetch(`${origin}/plugin?${path}`, { signal: AbortSignal.timeout(20_000) });
    return `${response.status} ${await response.text()}`;
  };
  const problems: string[] = [];
  const check = async (rows: readonly Row[]) => {
    const answers = await Promise.all(
      rows.map(async ({ query, expected }) => {
        const path = String(
          new URLSearchParams(Object.entries(query).map(([key, value]) => [key, `${value}`])),
        );
        const answer = await send(path).catch((error: Error) => error.message);
        return answer === `200 ${expected}` ? [] : `${path}: expected ${expected}, got ${answer}`;
      }),
    );
    const wrong = answers.flat();
    if (wrong.length > 0) problems.push(`${wrong.length} of ${rows.length} requests at once: ${wrong[0]}`);
  };
  const many = (count: number): Row[] =>
    Array.from({ length: count }, (_, number) => ({
      query: { input: number, ms: number % 3 === 0 ? number % 5 : 0 },
      expected: `${number}`,
    }));
  await check(many(1));
  await check(many(50));
  await check(many(500));
  const self = { query: { self: 1, ms: 1 }, expected: hasBuiltins ? 'REENTRANT_CALL' : 'QUEUE_TIMEOUT' };
  const selfCall = check([self]);
  // Without async contexts, an earlier call would be taken for the call of the host function.
  await new Promise(resolve => setTimeout(resolve, 200));
  await Promise.all([selfCall, check(many(10))]);
  const slow = { query: { ms: 200, input: 'slow' }, expected: 'slow' };
  await check([slow, { query: { abortMs: 50, ms: 400 }, expected: 'ABORTED' }, ...many(10)]);
  if (!hasBuiltins) return problems;
  await check([{ query: { ms: 100, leaves: 1 }, expected: 'left' }]);
  await check(many(10));
  return problems;
}
