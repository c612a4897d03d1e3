import { describeAppending } from './describeAppending';
import { describeDeduplication } from './describeDeduplication';
import { describeReading } from './describeReading';
import { describeReopening } from './describeReopening';
import { describeSharing } from './describeSharing';
import { describeTrimming } from './describeTrimming';
import { describeWholePayloads } from './describeWholePayloads';
import type { EventLogSubject } from './EventLogSubject';

/**
 * Describes to Jest what every keeper of the seam `EventLog` promises.
 *
 * @remarks
 * Called at the top of a test file, or within `describe`. Uses Jest's globals. What is opened is closed by whoever opens
 * it, in an `afterEach` or `afterAll` of its own.
 *
 * @example
 * ```ts
 * describeEventLogContract('MyEventLog', async () => {
 *   const log = new MyEventLog(await connect());
 *   return { log, openReplica, reopen, refuse };
 * });
 * ```
 *
 * @param name - of the keeper, for the titles
 * @param open - opens a new, empty log for each test
 *
 * @public
 */
export function describeEventLogContract(
  name: string,
  open: () => Promise<EventLogSubject>,
): void {
  describe(`the contract of a log, kept by ${name}`, () => {
    describeAppending(open);
    describeDeduplication(open);
    describeReading(open);
    describeSharing(open);
    describeTrimming(open);
    describeWholePayloads(open);
    describeReopening(open);
  });
}
