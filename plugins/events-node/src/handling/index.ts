export * from './ClaimedBatch';
export * from './HandlerBus';
export * from './HandlingObserver';
export * from './Slots';
export * from './HandlingTelemetry';
export * from './SubscriptionAccess';
export * from './WakeUp';
export * from './withTimeLimit';
