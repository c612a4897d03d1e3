// Runs the fault tests at the size that the promises are measured at: npm run test:full-size [path]
process.env.FAULT_TESTS_SIZE = 'full';
if (process.argv.length === 2) {
  process.argv.push('packages/fault-tests');
}
await import('./test.mjs');
