import { MemoryFs } from '../../wasi/index.ts';
import { realPrograms } from '../contract/real-programs.ts';

realPrograms('wasi/real programs in memory', async (files, body) => {
  const fs = new MemoryFs(files);
  await body({ fs, list: () => fs.snapshot() as Record<string, Uint8Array> });
});
