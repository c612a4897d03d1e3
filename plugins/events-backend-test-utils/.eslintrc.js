// The contracts of the seams are suites that others run: they export, and wait for what they expect.
module.exports = require('../../scripts/createEslintConfig.cjs')(__dirname, {
  'jest/no-export': 'off',
  'jest/expect-expect': 'off',
});
