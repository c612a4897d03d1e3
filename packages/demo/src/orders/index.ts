export {
  operationSchema,
  orderSchema,
  ordersPath,
  outcomeSchema,
  type Operation,
  type Order,
  type Outcome,
} from './Order';
