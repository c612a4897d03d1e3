import { mockServices } from '@backstage/backend-test-utils';
import { ServiceUnavailableError } from '@backstage/errors';
import {
  describeEvent,
  techdocsBuild,
} from '@callboard/backstage-plugin-events-node';
import type { BuildStep } from '../following';
import { BuildTeller } from './BuildTeller';

const step = (
  action: BuildStep['action'],
  entityRef = 'component:default/a',
): BuildStep => ({
  action,
  entityRef,
  startedAt: new Date('2026-01-02T03:04:05.678Z'),
  correlationId: 'the build',
});

type Publish = ConstructorParameters<
  typeof BuildTeller
>[0]['events']['publishAll'];

function createTeller(publishAll: Publish, stopGraceMs?: number) {
  const logger = mockServices.logger.mock();
  return {
    logger,
    teller: new BuildTeller({ events: { publishAll }, logger, stopGraceMs }),
  };
}

describe('the steps of builds', () => {
  it('are published as the contract says', async () => {
    const published: Parameters<Publish>[0][number][] = [];
    const { teller } = createTeller(async events => {
      published.push(...events);
    });
    teller.tell(step('build_started'));
    teller.tell(step('build_failed'));
    await teller.stop();

    expect(published.every(techdocsBuild.recognises)).toBe(true);
    expect(published.map(({ eventPayload }) => eventPayload)).toEqual(
      ['build_started', 'build_failed'].map(action => ({
        action,
        entityRef: 'component:default/a',
        buildTimestamp: '2026-01-02T03:04:05.678Z',
      })),
    );
    for (const event of published) {
      expect(event.metadata).toMatchObject({
        source: 'techdocs',
        correlationId: 'the build',
      });
      expect(describeEvent(event)).toMatchObject({
        key: 'component:default/a',
        correlationId: 'the build',
      });
    }
  });

  it('wait for those before them, and go out together', async () => {
    const batches: unknown[][] = [];
    let finish = () => {};
    const { teller } = createTeller(async events => {
      batches.push(events.map(({ eventPayload }) => eventPayload));
      if (batches.length === 1) {
        await new Promise<void>(resolve => {
          finish = resolve;
        });
      }
    });
    teller.tell(step('build_started', 'component:default/a'));
    teller.tell(step('build_started', 'component:default/b'));
    teller.tell(step('build_completed', 'component:default/a'));
    expect(batches).toHaveLength(1);
    finish();
    await teller.stop();
    expect(batches).toMatchObject([
      [{ entityRef: 'component:default/a' }],
      [
        { action: 'build_started', entityRef: 'component:default/b' },
        { action: 'build_completed', entityRef: 'component:default/a' },
      ],
    ]);
  });

  it('are logged and given up when they cannot be published, and the next are told', async () => {
    const published: unknown[] = [];
    let isAway = true;
    const { logger, teller } = createTeller(async events => {
      if (isAway) {
        throw new ServiceUnavailableError('the store is away');
      }
      published.push(...events.map(({ eventPayload }) => eventPayload));
    });
    teller.tell(step('build_started'));
    await teller.stop();
    expect(logger.warn).toHaveBeenCalledTimes(1);
    expect(logger.warn).toHaveBeenCalledWith(
      expect.stringContaining('build_started of component:default/a'),
      expect.objectContaining({ message: 'the store is away' }),
    );

    isAway = false;
    teller.tell(step('build_completed'));
    await teller.stop();
    expect(published).toMatchObject([{ action: 'build_completed' }]);
  });

  it('hold up neither the build nor the end of the process', async () => {
    const { logger, teller } = createTeller(() => new Promise(() => {}), 1);
    expect(teller.tell(step('build_started'))).toBeUndefined();
    expect(teller.tell(step('build_completed'))).toBeUndefined();
    await teller.stop();
    expect(logger.warn).toHaveBeenCalledTimes(1);
    expect(logger.warn).toHaveBeenCalledWith(
      expect.stringMatching(/build_started of .*, build_completed of /),
      expect.objectContaining({
        message: expect.stringContaining('process stops'),
      }),
    );
  });
});
