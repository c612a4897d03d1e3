import { GithubModel } from '../model/GithubModel';
import { DeliveryLog } from './DeliveryLog';

/** A log, and what adds a delivery to it now. */
function makeLog(options: { now: () => number; maxDeliveries?: number }) {
  const log = new DeliveryLog({
    retentionMs: 100,
    maxDeliveries: 10,
    ...options,
  });
  const model = new GithubModel();
  model.addOrganization('acme');
  const url = 'http://hook.localhost';
  const hook = model.addHook('acme', { url, secret: 'secret' });
  const add = () =>
    log.add({
      guid: 'guid',
      event: 'repository',
      action: 'created',
      hook,
      installationId: undefined,
      repositoryId: undefined,
      body: Buffer.from('{}'),
      deliveredMs: options.now(),
      durationMs: 1,
      isRedelivery: false,
      status: 'OK',
      statusCode: 200,
      request: { headers: {}, url },
      response: undefined,
    });
  return { log, hook, add };
}

describe('the delivery log', () => {
  it('forgets what is too old, and never gives a number twice', () => {
    let nowMs = 1000;
    const { log, hook, add } = makeLog({ now: () => nowMs });
    const first = add();
    nowMs += 100;
    const second = add();

    expect(log.list()).toEqual([second, first]);
    nowMs += 1;
    expect(log.list(hook.id)).toEqual([second]);
    expect(log.find(hook.id, first.id)).toBeUndefined();
    expect(log.list(hook.id + 1)).toEqual([]);
    nowMs += 1000;
    expect(add().id).toBeGreaterThan(second.id);
  });

  it('forgets the oldest when there are too many', () => {
    const { log, hook, add } = makeLog({ now: () => 0, maxDeliveries: 2 });
    const [first, second, third] = [add(), add(), add()];

    expect(log.list()).toEqual([third, second]);
    expect(log.find(hook.id, first.id)).toBeUndefined();
  });
});
