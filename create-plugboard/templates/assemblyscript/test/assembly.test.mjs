// Runs each export of assembly/tests.ts as a test. It fails if an assertion in it fails.
import { test } from 'node:test';
import * as tests from '../build/tests.js';

for (const [name, body] of Object.entries(tests)) {
  if (typeof body === 'function') test(name, () => body());
}
