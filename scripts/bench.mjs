// Answers a question by measuring it on this machine: npm run bench [question] [-- --quick]
import './ensureInstalled.mjs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
require('@backstage/cli/config/nodeTransform.cjs');
const { main } = require('../packages/benchmarks/src/index.ts');

process.exitCode = await main(process.argv.slice(2));
