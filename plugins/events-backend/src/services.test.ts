import { createBackendPlugin } from '@backstage/backend-plugin-api';
import { mockServices } from '@backstage/backend-test-utils';
import {
  eventsServiceRef,
  type EventsService,
} from '@backstage/plugin-events-node';
import { createTestStores } from './__testUtils__/stores';
import { startPortal } from './__testUtils__/startPortal';

const stores = createTestStores();

/** Jest fails what leaves a rejection unhandled, which Node.js tells after the turn. */
const untilUnhandledIsTold = () => new Promise(setImmediate);

describe('a system that cannot be built', () => {
  it('leaves no rejection unhandled when its plugin fails before it waits for it', async () => {
    const knex = await stores.openEmpty(stores.ids[0]);
    await expect(
      startPortal({
        knex,
        config: {
          events: { http: { maxBodyBytes: 0 }, log: { maxEvents: 0 } },
        },
      }),
    ).rejects.toThrow('events.http.maxBodyBytes');
    await untilUnhandledIsTold();
  });
});

describe('what cannot be published', () => {
  it('is rejected and logged, and leaves no rejection unhandled when its publisher does not look', async () => {
    let events: EventsService | undefined;
    const warn = jest.fn();
    const portal = await startPortal({
      knex: await stores.openEmpty(stores.ids[0]),
      features: [
        createBackendPlugin({
          pluginId: 'publisher',
          register({ registerInit }) {
            registerInit({
              deps: { events: eventsServiceRef },
              async init(deps) {
                events = deps.events;
              },
            });
          },
        }),
        mockServices.logger.mock({
          warn,
          child: () => mockServices.logger.mock(),
        }).factory,
      ],
    });
    await portal.stop();
    warn.mockClear();
    const publishing = events?.publish({
      topic: 'late',
      eventPayload: { secret: 'not for the log' },
    });
    await untilUnhandledIsTold();
    await expect(publishing).rejects.toThrow(
      'The events system is shutting down',
    );
    expect(warn.mock.calls.flat()).toEqual([
      'Could not publish an event of "late": ServiceUnavailableError: The events system is shutting down',
    ]);
  });
});
