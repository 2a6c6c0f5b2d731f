import { equal, is } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

/** Returns the lines that a program prints. A program runs when it is imported, so only once. */
async function printed(program: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (text: string) => lines.push(...text.trimStart().split('\n'));
  try {
    await program();
  } finally {
    console.log = log;
  }
  return lines;
}

const PROGRAMS: Record<string, { run: () => Promise<unknown>; lines: string }> = {
  configuration: {
    run: () => import('../../examples/actors/configuration.ts'),
    lines: `
retries: {"bool":null,"config_or_env":null,"env":null,"integer":3,"number":3.0,"string":null}
GREETING: {"bool":null,"config_or_env":"hello","env":"hello","integer":null,"number":null,"string":"hello"}
LANGUAGE: {"bool":null,"config_or_env":"en","env":"en","integer":null,"number":null,"string":"en"}
Missing required environment variable: GREETING
{"count":{"type":"Integer","data":11}}
{"count":{"type":"Integer","data":1}}
`,
  },
  debugging: {
    run: () => import('../../examples/actors/debugging.ts'),
    lines: `
loading
validation
initialization
active
call 1: 79 bytes
call 1: changes step
call 1: sends to in
call 2: 40 bytes
call 2: TRAP
TRAP; packets sent before: 0
cleanup
stopped
`,
  },
  messages: {
    run: () => import('../../examples/actors/messages.ts'),
    lines: `
{"flow":{"type":"Flow","data":null}}
{"event":{"type":"Event","data":{"name":"tick"}}}
{"boolean":{"type":"Boolean","data":true}}
{"integer":{"type":"Integer","data":9007199254740993}}
{"float":{"type":"Float","data":1.0}}
{"string":{"type":"String","data":"text 🦀"}}
{"object":{"type":"Object","data":{"float":1.0,"whole":1}}}
{"array":{"type":"Array","data":[1,"two",null]}}
{"stream":{"type":"Stream","data":[0,127,255]}}
{"optional":{"type":"Optional","data":null}}
{"any":{"type":"Any","data":[0.5]}}
{"error":{"type":"Error","data":"only a message"}}
`,
  },
  modules: {
    run: () => import('../../examples/actors/modules.ts'),
    lines: `
Counter: increment, decrement, reset
{"count":{"type":"Integer","data":42}}
MissingExport: Function not found: process (exported functions: count_vowels, fail)
{"count":{"type":"Integer","data":43}}
{"increment":{"type":"Flow","data":null}}
state {"count":43}
HASH_MISMATCH
`,
  },
  outputs: {
    run: () => import('../../examples/actors/outputs.ts'),
    lines: `
{"count":{"type":"Integer","data":1},"status":{"type":"String","data":"Processing complete"}}
{"operation":{"type":"String","data":"increment"},"value":{"type":"Integer","data":1}}
{"count":{"type":"Integer","data":2},"status":{"type":"String","data":"Processing complete"}}
{"operation":{"type":"String","data":"double"},"value":{"type":"Integer","data":2}}
{"count":{"type":"Integer","data":0},"status":{"type":"String","data":"Processing complete"}}
{"operation":{"type":"String","data":"reset"},"value":{"type":"Integer","data":0}}
`,
  },
  security: {
    run: () => import('../../examples/actors/security.ts'),
    lines: `
a plugin that is given too much: INPUT_LIMIT; the next message: Flow
a plugin that gives too much: OUTPUT_LIMIT; the next message: Flow
a plugin that sends too many packets: HOST_FUNCTION_FAILED; the next message: Flow
a plugin that wants more memory: MEMORY_LIMIT; the next message: Flow
a plugin that panics: TRAP; the next message: Flow
`,
  },
  state: {
    run: () => import('../../examples/actors/state.ts'),
    lines: `
replace: Actor processing error: no luck; state {"step":2}
replace: state {"other":true}
merge: Actor processing error: no luck; state {"step":2}
merge: state {"step":2,"other":true}
transactional: Actor processing error: no luck; state {"step":1}
transactional: state {"other":true}
`,
  },
};

suite('examples/actors', test => {
  for (const [name, { run, lines }] of Object.entries(PROGRAMS)) {
    test(`${name} prints the lines that its comments show`, async () => {
      is((await printed(run)).join('\n'), lines.trim());
    });
  }
});

suite('examples/counter', test => {
  test('prints each message that it sends, each packet and the state', async () => {
    const lines = await printed(() => import('../../examples/counter.ts'));
    const rust = (sent: string, count: number) => [
      `send {"${sent}":{"type":"Flow","data":null}}`,
      `{"count":{"type":"Integer","data":${count}}}`,
      `state {"count":${count}}`,
    ];
    const go = (sent: string, count: number) => [
      `send {"operation":{"type":"String","data":"${sent}"}}`,
      `{"count":{"type":"Integer","data":${count}},"status":{"type":"String","data":"Processing complete"}}`,
      `{"operation":{"type":"String","data":"${sent}"},"value":{"type":"Integer","data":${count}}}`,
      `state {"count":${count}}`,
    ];
    equal(lines, [
      'Counter: Stateful counter actor, config {"initial_value":10}',
      ...rust('increment', 11),
      ...rust('increment', 12),
      ...rust('decrement', 11),
      ...rust('reset', 10),
      'GoCounter: Stateful counter actor implemented in Go, config {}',
      ...go('increment', 1),
      ...go('double', 2),
      ...go('decrement', 1),
      ...go('reset', 0),
    ]);
  });
});
