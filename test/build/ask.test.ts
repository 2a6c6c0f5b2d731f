import { askMetadata } from '../../src/build/ask.ts';
import { METADATA_MS } from '../../src/build/options.ts';
import { inspect } from '../../src/node.ts';
import { TYPES_LIMITS } from '../../src/types/limits.ts';
import { is, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';

const actorThat = (body: readonly string[], memoryPages = 1) =>
  buildModule({ functions: [{ name: 'get_metadata', body }], memoryPages });
const ask = (bytes: Uint8Array, timeoutMs: number = METADATA_MS) =>
  askMetadata(bytes, inspect(bytes), timeoutMs);

suite('build: metadata of an untrusted plugin', test => {
  test.row('limit.metadataMs', 'get_metadata that does not end is stopped', async () => {
    is(METADATA_MS, TYPES_LIMITS.metadataMs.default);
    await raises(() => ask(actorThat(['loop', 'br 0', 'end']), 100), { code: 'TIMEOUT' });
  });

  test.row('limit.metadataPages', 'a plugin that starts with too much memory is refused', async () => {
    await raises(() => ask(actorThat([], TYPES_LIMITS.metadataPages.default + 1)), { code: 'MEMORY_LIMIT' });
  });

  test.row('limit.metadataBytes', 'metadata may not be longer than the limit', async () => {
    const length = `i64.const ${TYPES_LIMITS.metadataBytes.default + 1}`;
    const large = buildModule({
      imports: [
        { module: 'extism:host/env', name: 'alloc', params: ['i64'], results: ['i64'] },
        { module: 'extism:host/env', name: 'output_set', params: ['i64', 'i64'] },
      ],
      functions: [{ name: 'get_metadata', body: [length, 'call 0', length, 'call 1'] }],
    });
    await raises(() => ask(large), { code: 'OUTPUT_LIMIT' });
  });
});
