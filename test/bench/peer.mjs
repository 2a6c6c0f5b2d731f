// Here, so that each runtime finds the build of the official JS SDK that is meant for it.
export { createPlugin } from '@extism/extism';
