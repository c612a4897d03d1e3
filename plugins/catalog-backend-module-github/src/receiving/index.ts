export { EventReceiver } from './EventReceiver';
