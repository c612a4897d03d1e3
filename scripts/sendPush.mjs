// Posts a real push of GitHub, signed with the local portal's secret: npm run send-push
import { createHmac, randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { readLocalConfig, request } from './readLocalConfig.mjs';

const examples = createRequire(import.meta.url)('@octokit/webhooks-examples');
const [push] = examples.find(({ name }) => name === 'push').examples;
const { baseUrl, webhookSecret } = readLocalConfig();

const body = JSON.stringify(push);
const response = await request(`${baseUrl}/api/events/http/github`, {
  method: 'POST',
  headers: {
    'Content-Type': 'application/json',
    'X-GitHub-Event': 'push',
    'X-GitHub-Delivery': randomUUID(),
    'X-Hub-Signature-256': `sha256=${createHmac('sha256', webhookSecret)
      .update(body)
      .digest('hex')}`,
  },
  body,
});
console.log(response.status, await response.text());
process.exitCode = response.ok ? 0 : 1;
