import { GithubModel } from '../model/GithubModel';
import type { GithubWebhook } from '../model/payloads';
import { DeliveryLog } from './DeliveryLog';

function makeWebhook(): GithubWebhook {
  const model = new GithubModel();
  const webhooks: GithubWebhook[] = [];
  model.addOrganization('acme');
  model.addHook('acme', { url: 'http://hook.localhost', secret: 'secret' });
  model.onWebhook(webhook => webhooks.push(webhook));
  model.repositories.create({ owner: 'acme', name: 'site' });
  return webhooks[0];
}

describe('the delivery log', () => {
  it('forgets what is too old, and never gives a number twice', () => {
    let nowMs = 1000;
    const log = new DeliveryLog({ now: () => nowMs, retentionMs: 100 });
    const webhook = makeWebhook();
    const add = () =>
      log.add({
        guid: 'guid',
        webhook,
        deliveredMs: nowMs,
        durationMs: 1,
        isRedelivery: false,
        status: 'OK',
        statusCode: 200,
        request: { headers: {}, url: webhook.hook.url },
        response: undefined,
      });
    const first = add();
    nowMs += 100;
    const second = add();

    expect(log.list()).toEqual([second, first]);
    nowMs += 1;
    expect(log.list(webhook.hook.id)).toEqual([second]);
    expect(log.find(webhook.hook.id, first.id)).toBeUndefined();
    expect(log.list(webhook.hook.id + 1)).toEqual([]);
    nowMs += 1000;
    expect(add().id).toBeGreaterThan(second.id);
  });
});
