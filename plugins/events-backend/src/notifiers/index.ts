export { InProcessNotifier } from './InProcessNotifier';
