export * from './ClaimedBatch';
export * from './HandlerBus';
export * from './HandlingObserver';
export * from './Slots';
export * from './SubscriptionAccess';
export * from './WakeUp';
export * from './withTimeLimit';
