import { MemoryFs } from '../../wasi/index.ts';
import { fsContract } from '../contract/fs.ts';

fsContract('wasi/file system in memory', body => body(new MemoryFs()));
