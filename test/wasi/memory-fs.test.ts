import { MemoryFs } from '../../wasi/index.ts';
import { fsContract, type WithFs } from '../contract/fs.ts';
import { filesContract } from '../contract/wasi-files.ts';
import { pathsContract } from '../contract/wasi-paths.ts';

const inMemory: WithFs = body => body(new MemoryFs());

fsContract('wasi/file system in memory', inMemory);
filesContract('wasi/files in memory', inMemory);
pathsContract('wasi/paths in memory', inMemory);
