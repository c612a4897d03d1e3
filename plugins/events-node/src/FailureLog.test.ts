import { mockServices } from '@backstage/backend-test-utils';
import { FailureLog } from './FailureLog';

function start() {
  const logger = mockServices.logger.mock();
  const failures = new FailureLog({
    logger,
    failed: 'Counting failed',
    worked: 'Counting goes on',
  });
  return { logger, failures };
}

describe('saying that something fails', () => {
  afterEach(() => jest.useRealTimers());

  it('says so once with the error, and says when it works again', () => {
    const { logger, failures } = start();
    failures.onWorked();
    const error = new Error('away');
    failures.onFailed(error);
    failures.onFailed(new Error('away'));
    expect(logger.warn.mock.calls).toEqual([['Counting failed', error]]);
    expect(logger.info).not.toHaveBeenCalled();
    failures.onWorked();
    failures.onWorked();
    expect(logger.info.mock.calls).toEqual([['Counting goes on']]);
    failures.onFailed(error);
    expect(logger.warn).toHaveBeenCalledTimes(2);
  });

  it('says so again when it fails in another way', () => {
    const { logger, failures } = start();
    failures.onFailed(new Error('away'));
    failures.onFailed('full');
    expect(logger.warn.mock.calls).toEqual([
      ['Counting failed', new Error('away')],
      ['Counting failed', new Error('full')],
    ]);
  });

  it('takes statements of different lengths that failed alike for the same', () => {
    const { logger, failures } = start();
    for (const rows of ['(?)', '(?), (?)']) {
      failures.onFailed(
        Object.assign(new Error(`INSERT ${rows} - full`), {
          code: 'SQLITE_FULL',
        }),
      );
    }
    expect(logger.warn).toHaveBeenCalledTimes(1);
  });

  it('says so again after ten minutes', () => {
    jest.useFakeTimers();
    const { logger, failures } = start();
    failures.onFailed(new Error('away'));
    jest.advanceTimersByTime(599_000);
    failures.onFailed(new Error('away'));
    expect(logger.warn).toHaveBeenCalledTimes(1);
    jest.advanceTimersByTime(1_000);
    failures.onFailed(new Error('away'));
    expect(logger.warn).toHaveBeenCalledTimes(2);
  });
});
