import { mockServices } from '@backstage/backend-test-utils';
import { InputError } from '@backstage/errors';
import { BusUnavailableError } from './BusClient';
import { RemoteSubscriber } from './RemoteSubscriber';

const hour = 3_600_000;
const options = { id: 'plugin.s', topics: ['t'], onEvent: async () => {} };

/** A subscriber at an events plugin that is away until it is told to come. */
function start(patienceMs: number) {
  const logger = mockServices.logger.mock();
  let isThere = false;
  let reason = 'away';
  let arrive = () => {};
  const standing = new Promise<void>(resolve => {
    arrive = resolve;
  });
  const subscribe = jest.fn(async () => {
    if (!isThere) {
      throw new BusUnavailableError(reason);
    }
    arrive();
  });
  const subscriber = new RemoteSubscriber({
    bus: { subscribe },
    access: { isUnavailable: error => error instanceof BusUnavailableError },
    patienceMs,
    retryDelayMs: 1,
    logger,
  });
  return {
    subscriber,
    logger,
    subscribe,
    standing,
    come: () => {
      isThere = true;
    },
    failAs: (other: string) => {
      reason = other;
    },
  };
}

describe('subscribing at an events plugin that may be away', () => {
  it('waits for one that comes soon', async () => {
    const { subscriber, come, logger, standing } = start(hour);
    const subscribing = subscriber.subscribe(options);
    come();
    await subscribing;
    await standing;
    expect(logger.warn).not.toHaveBeenCalled();
  });

  it('lets the plugin start without one that stays away, says so, and subscribes when it comes', async () => {
    const { subscriber, come, logger, standing } = start(20);
    await subscriber.subscribe(options);
    expect(logger.warn).toHaveBeenCalledWith(
      expect.stringContaining('plugin.s does not stand yet'),
      new BusUnavailableError('away'),
    );
    come();
    await standing;
  });

  it('says so again when the reason is another', async () => {
    const { subscriber, logger, failAs } = start(20);
    await subscriber.subscribe(options);
    const saidAgain = new Promise<unknown>(resolve =>
      logger.warn.mockImplementation((_, error) => resolve(error)),
    );
    failAs('forbidden');
    await expect(saidAgain).resolves.toMatchObject({ message: 'forbidden' });
    subscriber.stop();
    expect(logger.warn).toHaveBeenCalledTimes(2);
  });

  it('waits once, not for each subscription', async () => {
    const { subscriber, logger } = start(20);
    await subscriber.subscribe(options);
    const timer = jest.spyOn(global, 'setTimeout');
    await subscriber.subscribe({ ...options, id: 'plugin.other' });
    expect(timer).toHaveBeenCalledWith(expect.any(Function), 0);
    timer.mockRestore();
    expect(logger.warn).toHaveBeenCalledTimes(2);
    subscriber.stop();
  });

  it('rejects what is refused', async () => {
    const { subscriber, subscribe } = start(hour);
    subscribe.mockRejectedValue(new InputError('no'));
    await expect(subscriber.subscribe(options)).rejects.toThrow('no');
  });

  it('reports what is refused when nobody waits any more', async () => {
    const { subscriber, subscribe, logger } = start(20);
    const reported = new Promise<void>(resolve =>
      logger.error.mockImplementation(() => resolve()),
    );
    await subscriber.subscribe(options);
    subscribe.mockRejectedValue(new InputError('no'));
    await reported;
  });

  it('tries no more once it is stopped', async () => {
    const { subscriber, subscribe, logger } = start(20);
    await subscriber.subscribe(options);
    subscriber.stop();
    // What was under way has ended by then.
    await new Promise(setImmediate);
    const { length } = subscribe.mock.calls;
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(subscribe.mock.calls).toHaveLength(length);
    expect(logger.error).not.toHaveBeenCalled();
  });
});
