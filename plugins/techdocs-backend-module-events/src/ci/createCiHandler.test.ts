import { mockServices } from '@backstage/backend-test-utils';
import { InputError, ServiceUnavailableError } from '@backstage/errors';
import { createCiHandler } from './createCiHandler';

function createHandler(publish: () => Promise<void>) {
  const logger = mockServices.logger.mock();
  const events = { publish: jest.fn(publish) };
  return { logger, events, handle: createCiHandler({ events, logger }) };
}

const fitting = {
  topic: 'techdocs.build',
  eventPayload: { entityRef: 'component:default/a' },
};

describe('the handler of what CI posts', () => {
  it('publishes a build', async () => {
    const { events, handle } = createHandler(async () => {});
    await handle(fitting);
    expect(events.publish).toHaveBeenCalledWith(
      expect.objectContaining({
        topic: 'techdocs',
        eventPayload: expect.objectContaining({ action: 'build_completed' }),
      }),
    );
  });

  it('drops what does not fit, with the reason', async () => {
    const { events, logger, handle } = createHandler(async () => {});
    await handle({ topic: 'techdocs.build', eventPayload: { entityRef: 1 } });
    expect(events.publish).not.toHaveBeenCalled();
    expect(logger.warn).toHaveBeenCalledWith(
      expect.stringMatching(/Dropped .*'techdocs\.build'.*entityRef: /),
    );
  });

  it('drops what is refused for good', async () => {
    const { logger, handle } = createHandler(async () => {
      throw new InputError('too large');
    });
    await handle(fitting);
    expect(logger.warn).toHaveBeenCalledWith(
      expect.stringContaining('too large'),
    );
  });

  it('asks for the event again when the store is away', async () => {
    const { logger, handle } = createHandler(async () => {
      throw new ServiceUnavailableError('away');
    });
    await expect(handle(fitting)).rejects.toThrow('away');
    expect(logger.warn).not.toHaveBeenCalled();
  });
});
