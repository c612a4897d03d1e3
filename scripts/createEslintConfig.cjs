// How packages are linted: as the Backstage CLI does, but for the rules that stand against how this project is written.
const createPackageConfig = require('@backstage/cli/config/eslint-factory');

module.exports = (directory, extraRules) =>
  createPackageConfig(directory, {
    tsRules: {
      ...extraRules,
      // A file tells the main thing first. TypeScript refuses what is really used too early.
      '@typescript-eslint/no-use-before-define': [
        'error',
        { functions: false, classes: false, variables: false },
      ],
    },
    testRules: {
      // Properties of fast-check, and helpers that wait for something, expect outside of the test's own block.
      'jest/expect-expect': 'off',
      'jest/no-conditional-expect': 'off',
      'jest/no-standalone-expect': 'off',
    },
  });
