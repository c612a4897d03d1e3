export { eventsServiceFactory } from './eventsServiceFactory';
