// Imports the package, and has a dependency that requires it. Both get one copy, so that `instanceof` holds.
import { CallError, createPlugin, PlugboardError } from 'plugboard';
import required from './one-copy.cjs';

const isOne = required.createPlugin === createPlugin && required.CallError === CallError;
const error = await required.createPlugin(new Uint8Array(3)).catch(thrown => thrown);
console.log(isOne && error instanceof PlugboardError ? 'works' : 'two copies');
