// Reads what npm start wrote to app-config.local.yaml, for the scripts that talk to the portal.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { root } from './ensureInstalled.mjs';

/** Says what to do when nobody listens, in the place of a stack. */
export async function request(url, init) {
  try {
    return await fetch(url, init);
  } catch (error) {
    console.error(
      `${new URL(url).origin} does not answer (${
        error.cause?.code ?? error.message
      }); run npm start first`,
    );
    return process.exit(1);
  }
}

export function readLocalConfig() {
  let text;
  try {
    text = readFileSync(resolve(root, 'app-config.local.yaml'), 'utf-8');
  } catch {
    console.error('There is no app-config.local.yaml yet; run npm start first');
    process.exit(1);
  }
  const config = parse(text);
  return {
    baseUrl: process.env.PORTAL_URL ?? 'http://localhost:7007',
    webhookSecret: config.events.modules.github.webhookSecret,
    token: config.backend.auth.externalAccess[0].options.token,
  };
}
