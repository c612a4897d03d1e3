export { ReconcileLoop } from './ReconcileLoop';
export { Reconciler, type ReconcileTurn } from './Reconciler';
