module.exports = require('../../scripts/createEslintConfig.cjs')(__dirname);
