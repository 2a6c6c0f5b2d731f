import { equal } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

suite('examples/counter', test => {
  test('prints what is sent, each packet and the state', async () => {
    const lines: string[] = [];
    const { log } = console;
    console.log = (text: string) => lines.push(...text.trimStart().split('\n'));
    try {
      await import('../../examples/counter.ts');
    } finally {
      console.log = log;
    }
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
