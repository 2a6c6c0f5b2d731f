// A call of `npm run dev`: the text of input.txt goes to count_vowels.
import { readFileSync } from 'node:fs';
import { createPlugin } from 'plugboard';

export async function call(source) {
  const plugin = await createPlugin(source, { stdout: console.log, stderr: console.error });
  try {
    const output = await plugin.call('count_vowels', readFileSync('input.txt'));
    console.log(output?.text() ?? '');
  } finally {
    await plugin.close();
  }
}
