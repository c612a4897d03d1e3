export { describeEventLogContract } from './describeEventLogContract';
export type { EventLogSubject } from './EventLogSubject';
