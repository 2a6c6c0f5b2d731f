// In this folder, so that the import finds the package in test/bench/node_modules.
export { ConsoleStdout, File, PreopenDirectory, WASI } from '@bjorn3/browser_wasi_shim';
