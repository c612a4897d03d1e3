/**
 * @jest-environment node
 */
import { chromium, type Page } from 'playwright-core';
import { findChromium } from './__testUtils__/findChromium';
import { startPortal } from './__testUtils__/startPortal';

jest.setTimeout(300_000);

const executablePath = findChromium();
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) {
    await stop();
  }
});

/** Opens the portal in a browser, as a guest. */
async function visit(path: string) {
  const url = await startPortal(stops);
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  stops.push(() => browser.close());
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', error => errors.push(String(error)));
  await page.goto(`${url}${path}`);
  await page.getByRole('button', { name: 'Enter' }).click();
  return { page, errors };
}

/** Follows a link that is there once the catalog has what it leads to. */
async function followLink(page: Page, name: string) {
  const link = page.getByRole('link', { name });
  for (;;) {
    try {
      await link.click({ timeout: 5_000 });
      return;
    } catch {
      await page.reload();
    }
  }
}

(executablePath ? describe : describe.skip)('the portal', () => {
  it('shows the contract of the events system as an API', async () => {
    const { page, errors } = await visit('/api-docs');
    await followLink(page, 'Backstage events');
    await page.getByRole('link', { name: 'Definition' }).click();
    for (const address of [
      'backstage/catalog/entity',
      'backstage/catalog/location',
      'backstage/scaffolder/task',
      'backstage/techdocs/build',
    ]) {
      await page.getByText(address, { exact: true }).first().waitFor();
    }
    expect(errors).toEqual([]);
  });
});
