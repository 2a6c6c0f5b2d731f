import { equal } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { callsOf, codeIn, FAULTS, happen, lackingMode, MODES, TEXT } from './faults.ts';

/** Longer than any test of this file takes. A test that hangs must not hang the run. */
const WATCHDOG_MS = 60_000;

async function watched<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const bark = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`it hangs: nothing came within ${WATCHDOG_MS} ms`)),
      WATCHDOG_MS,
    );
  });
  try {
    return await Promise.race([work, bark]);
  } finally {
    clearTimeout(timer);
  }
}

for (const mode of MODES) {
  // Ends with the words that test/runtime/cannot.ts leaves out where there are no workers.
  const name = mode === 'worker' ? 'faults in a worker' : `faults ${mode}`;
  suite(
    name,
    test => {
      for (const fault of FAULTS) {
        for (const call of callsOf(fault)) {
          test(`${fault.name} (${call})`, async () => {
            const { code, next, mode: ran } = await watched(happen(fault, mode, call));
            const again = mode === 'inline' && fault.answer ? 'HTTP_NOT_ENABLED' : null;
            const after = fault.closes ? ['CLOSED', 'CLOSED'] : [again, null];
            equal({ ran, code, next }, { ran: mode, code: codeIn(fault, mode), next: after });
          });
        }
        // The other faults may happen before the plugin runs.
        if (!fault.wait && !fault.answer) continue;
        test(`${fault.name}, after an error text, which is the message`, async () => {
          const name = fault.answer ? 'sendAfterText' : 'waitAfterText';
          const { code, message } = await watched(happen(fault, mode, name));
          equal([code, message], [codeIn(fault, mode) ?? 'PLUGIN_ERROR', TEXT]);
        });
      }
    },
    lackingMode(mode),
  );
}
