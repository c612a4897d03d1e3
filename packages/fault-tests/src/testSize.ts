/**
 * Whether tests run at the size that the promises are measured at (`npm run test:full-size`), instead of one that
 * suits every `npm test`.
 */
export const isFullSize = process.env.FAULT_TESTS_SIZE === 'full';
