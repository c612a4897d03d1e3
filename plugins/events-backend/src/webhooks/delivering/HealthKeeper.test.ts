import { createTestStores } from '../../__testUtils__/stores';
import { defaultBreakerPolicy, type Verdict } from '../sending';
import { WebhookWorld } from './__testUtils__/openWebhooks';
import { HealthKeeper } from './HealthKeeper';

const stores = createTestStores();
const delivered: Verdict = { kind: 'delivered', reason: '' };
const failed: Verdict = {
  kind: 'failed',
  fault: 'endpoint',
  reason: '',
};

describe.each(stores.ids)('the health of an endpoint, on %s', storeId => {
  let nowMs = 0;

  async function openKeepers() {
    nowMs = 1_000_000;
    const { endpoints, create } = await openWorld();
    const { endpoint } = await create();
    const open = async () => {
      const keeper = new HealthKeeper({
        endpoint,
        pool: endpoints,
        policy: { ...defaultBreakerPolicy, maxFailures: 3 },
        now: () => nowMs,
      });
      keeper.refresh(await endpoints.readHealth('e'));
      return keeper;
    };
    return { endpoint, endpoints, open };
  }

  async function openWorld() {
    const world = new WebhookWorld(await stores.openInSchema(storeId));
    return {
      endpoints: world.endpoints,
      create: () => world.create('e', 'https://receiver.example'),
    };
  }

  it('is not written while all goes well', async () => {
    const { endpoints, open } = await openKeepers();
    const keeper = await open();
    const replace = jest.spyOn(endpoints, 'replaceHealth');
    keeper.note(delivered, 0);
    await keeper.keep();
    expect(replace).not.toHaveBeenCalled();
  });

  it('adds up over processes, and opens the breaker of all', async () => {
    const { endpoints, open } = await openKeepers();
    const [first, second] = [await open(), await open()];
    first.note(failed, 0);
    second.note(failed, 0);
    await Promise.all([first.keep(), second.keep()]);
    expect(first.check(0).allowed && second.check(0).allowed).toBe(true);
    first.note(failed, 0);
    await first.keep();
    expect(first.ask()).toEqual({ kind: 'wait', untilMs: nowMs + 5_000 });
    expect(first.check(0)).toEqual({ allowed: false, waitMs: 5_000 });
    second.refresh(await endpoints.readHealth('e'));
    expect(second.ask()).toEqual(first.ask());
  });

  it('lets one process probe, not two', async () => {
    const { open, endpoints } = await openKeepers();
    const first = await open();
    [1, 2, 3].forEach(() => first.note(failed, 0));
    await first.keep();
    const second = await open();
    nowMs += 5_000;
    const probes = await Promise.all(
      [first, second].map(keeper => keeper.beginProbe()),
    );
    expect(probes.filter(round => round !== undefined)).toEqual([1]);
    const [prober, other] =
      probes[0] === undefined ? [second, first] : [first, second];
    expect(other.ask().kind).toBe('wait');
    expect(prober.check(1).allowed).toBe(true);
    prober.note(delivered, 1);
    await prober.keep();
    other.refresh(await endpoints.readHealth('e'));
    expect(other.ask()).toEqual({ kind: 'send', round: 1 });
  });

  it('keeps nothing of requests to what the endpoint was before it was changed', async () => {
    const { endpoint, endpoints, open } = await openKeepers();
    const old = await open();
    await endpoints.change('e', {
      settings: { ...endpoint.settings, url: 'https://elsewhere.example' },
    });
    [1, 2, 3].forEach(() => old.note(failed, 0));
    await old.keep();
    await expect(endpoints.readHealth('e')).resolves.toBeUndefined();
  });

  it('begins no probe that another process has begun and ended', async () => {
    const { open } = await openKeepers();
    const [first, second] = [await open(), await open()];
    [1, 2, 3].forEach(() => first.note(failed, 0));
    await first.keep();
    [1, 2].forEach(() => second.note(failed, 0));
    nowMs += 5_000;
    const round = await first.beginProbe();
    first.note(delivered, round ?? 0);
    await first.keep();
    await expect(second.beginProbe()).resolves.toBeUndefined();
    expect(second.ask()).toEqual({ kind: 'send', round: 1 });
  });

  it('keeps what was noted while the store was away', async () => {
    const { endpoints, open } = await openKeepers();
    const keeper = await open();
    jest
      .spyOn(endpoints, 'replaceHealth')
      .mockRejectedValueOnce(new Error('away'));
    [1, 2].forEach(() => keeper.note(failed, 0));
    await expect(keeper.keep()).rejects.toThrow('away');
    await keeper.keep();
    const again = await open();
    expect(again.state.spell).toMatchObject({ failures: 2 });
  });
});
