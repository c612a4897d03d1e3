import { mockServices } from '@backstage/backend-test-utils';
import { declare } from '../endpoints/__testUtils__/endpointPools';
import { keepDeclaredEndpoints } from './keepDeclaredEndpoints';

it('removes endpoints that nobody declares any more, with their subscriptions, and says so', async () => {
  const keepDeclared = jest.fn(async () => ({
    takenBack: ['left'],
    removed: ['old'],
  }));
  const remove = jest.fn(async () => {});
  const onChanged = jest.fn();
  const logger = mockServices.logger.mock();
  const declared = [declare('ours')];
  await keepDeclaredEndpoints({
    endpoints: { keepDeclared },
    subscriptions: { remove },
    declared,
    onChanged,
    logger,
  }).run();
  expect(keepDeclared).toHaveBeenCalledWith(declared, {
    foreignForMs: 11 * 60_000,
    silentForMs: 30 * 60_000,
  });
  expect(remove.mock.calls).toEqual([['webhook:old']]);
  expect(onChanged).toHaveBeenCalledTimes(1);
  expect(logger.warn).toHaveBeenCalledWith(
    expect.stringContaining('Endpoint left was as another process'),
  );
  expect(logger.info).toHaveBeenCalledWith(
    expect.stringContaining('Endpoint old is not declared any more'),
  );
});
