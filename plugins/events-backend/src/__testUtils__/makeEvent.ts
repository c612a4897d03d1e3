export { makeEvent } from '@callboard/backstage-plugin-events-backend-test-utils';
