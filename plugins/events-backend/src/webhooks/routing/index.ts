export {
  compileSelector,
  type Selection,
  type Selector,
} from './compileSelector';
export { ParsedEvent, type EventContent } from './ParsedEvent';
export { RoutedEvent } from './RoutedEvent';
export { RoutingTable } from './RoutingTable';
