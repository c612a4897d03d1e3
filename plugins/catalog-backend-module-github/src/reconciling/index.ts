export { ReconcileLoop } from './ReconcileLoop';
export { LeaseLostError } from './withLease';
export { Reconciler, type ReconcileTurn } from './Reconciler';
