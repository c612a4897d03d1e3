export { InProcessNotifier } from './InProcessNotifier';
export {
  PostgresNotifier,
  type ListeningObserver,
  type ListeningOptions,
} from './PostgresNotifier';
