import { existsSync } from 'node:fs';

const variable = 'CHROMIUM_PATH';
const candidates = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/**
 * Finds a browser to look at the portal with.
 *
 * @returns its path; undefined when there is none, outside of CI
 * @throws Error in CI, where nothing is left out
 */
export function findChromium(): string | undefined {
  const found = process.env[variable] ?? candidates.find(existsSync);
  if (found === undefined && process.env.CI) {
    throw new Error(
      `CI must look at the portal with a browser: install Chromium, or set ${variable}`,
    );
  }
  return found;
}
