import { describeNotifierContract } from '@callboard/backstage-plugin-events-backend-test-utils';
import { InProcessNotifier } from './InProcessNotifier';

describeNotifierContract(
  'InProcessNotifier',
  async () => new InProcessNotifier(),
);
