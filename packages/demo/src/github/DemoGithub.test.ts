import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebhookReceiver } from '@callboard/backstage-plugin-events-backend-test-utils';
import { findFreePort } from '../__testUtils__/findFreePort';
import { ordersPath, outcomeSchema, type Operation } from '../orders';
import { DemoGithub } from './DemoGithub';

const token = 'a-token-of-the-test';
const receiver = new WebhookReceiver();
const describeLedger: Operation = {
  kind: 'describe',
  repository: 'ledger',
  description: 'Each <b> counts',
};

let directory: string;
let port: number;
let receiverUrl: string;
let github: DemoGithub | undefined;

beforeAll(async () => {
  receiverUrl = await receiver.start();
});

afterAll(() => receiver.stop());

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'callboard-demo-'));
});

afterEach(async () => {
  await github?.stop();
  rmSync(directory, { recursive: true });
});

async function start() {
  // Another one each time, since connections to the one before are kept.
  port = await findFreePort();
  github = await DemoGithub.start({
    port,
    token,
    webhook: { url: receiverUrl, secret: 'a secret of the test' },
    journalFile: join(directory, 'github.jsonl'),
  });
  return github;
}

async function startAgain() {
  await github?.stop();
  return start();
}

function post(body: object, given: string = token): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${ordersPath}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${given}` },
    body: JSON.stringify(body),
  });
}

async function order(operation: Operation, isLost: boolean = false) {
  const response = await post({ operation, isLost });
  return outcomeSchema.parse(await response.json());
}

async function readPage(path: string): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}${path}`)).text();
}

function countPushes(): number {
  return receiver.requests.filter(
    ({ headers }) => headers['x-github-event'] === 'push',
  ).length;
}

describe('the GitHub of the demo', () => {
  it('pushes what it is told to, tells the portal, and takes it back', async () => {
    await start();
    const before = countPushes();

    expect(await order(describeLedger)).toMatchObject({
      repository: { fullName: 'acme/ledger' },
      component: { name: 'ledger', description: 'Each <b> counts' },
      webhooks: [{ event: 'push', statusCode: 200 }],
    });
    expect(await order({ kind: 'revert', repository: 'ledger' })).toMatchObject(
      {
        component: { description: 'The books: every payment, once' },
      },
    );
    expect(countPushes()).toBe(before + 2);
  });

  it('is what it was when it is started again, and tells nothing twice', async () => {
    await start();
    await order(describeLedger);
    const { repository } = await order({
      kind: 'rename',
      repository: 'ledger',
      name: 'books',
    });
    const before = receiver.requests.length;
    await startAgain();

    expect(await readPage('/acme/books')).toContain(
      repository.head.oid.slice(0, 7),
    );
    expect(receiver.requests).toHaveLength(before);
  });

  it('tells again, once, what did not reach the portal before it ended', async () => {
    await start();
    const { webhooks } = await order(describeLedger, true);
    expect(webhooks).toMatchObject([{ event: 'push', statusCode: 502 }]);
    const before = countPushes();

    await startAgain();
    expect(countPushes()).toBe(before + 1);
    await startAgain();
    expect(countPushes()).toBe(before + 1);
  });

  it('shows files as text, whatever is in them', async () => {
    await start();
    await order(describeLedger);
    const page = await readPage('/acme/ledger/blob/main/catalog-info.yaml');

    expect(page).toContain('Each &lt;b&gt; counts');
    expect(page).not.toContain('<b>');
  });

  it('takes orders from nobody who has not the token', async () => {
    await start();

    const refused = await post({ operation: describeLedger }, 'another-token');
    expect(refused.status).toBe(401);
    expect(await readPage('/acme/ledger')).not.toContain('counts');
  });

  it('says why it does not do something', async () => {
    await start();

    const unknown = await post({ operation: { kind: 'explode' } });
    expect(unknown.status).toBe(400);
    const missing = await post({
      operation: { kind: 'archive', repository: 'nothing' },
    });
    expect(missing.status).toBe(409);
    expect(await missing.json()).toEqual({
      message: 'There is no repository acme/nothing',
    });
  });

  it('says which port is taken', async () => {
    await start();

    await expect(
      DemoGithub.start({
        port,
        token,
        webhook: { url: receiverUrl, secret: '' },
        journalFile: join(directory, 'other.jsonl'),
      }),
    ).rejects.toThrow(`cannot listen on port ${port}`);
  });
});
