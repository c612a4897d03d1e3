import { mockServices } from '@backstage/backend-test-utils';
import { removeUndeclaredEndpoints } from './removeUndeclaredEndpoints';

it('removes endpoints that nobody declares any more, with their subscriptions, and says so', async () => {
  const keepDeclared = jest.fn(async () => ['old']);
  const remove = jest.fn(async () => {});
  const logger = mockServices.logger.mock();
  await removeUndeclaredEndpoints({
    endpoints: { keepDeclared },
    subscriptions: { remove },
    declaredIds: ['ours'],
    logger,
  }).run();
  expect(keepDeclared).toHaveBeenCalledWith(['ours'], 30 * 60_000);
  expect(remove).toHaveBeenCalledWith('webhook:old');
  expect(logger.info).toHaveBeenCalledWith(
    expect.stringContaining('Endpoint old is not declared any more'),
  );
});
