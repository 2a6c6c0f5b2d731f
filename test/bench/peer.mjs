// In this folder, so that each runtime finds its own build of the official JS SDK.
export { createPlugin } from '@extism/extism';
