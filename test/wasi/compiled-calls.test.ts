import { MemoryFs } from '../../wasi/index.ts';
import { compiledCalls } from '../contract/compiled-calls.ts';

compiledCalls('wasi/programs in C, Rust and Go, in memory', body => body(new MemoryFs()));
